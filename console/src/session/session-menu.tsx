import { Menu } from '@base-ui/react/menu'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Icon } from '../ui/icon.tsx'
import { SessionsWindow } from './sessions-window.tsx'
import { signOut, useSession } from './session.ts'

const ROLES = { 'help-desk': 'Help desk', 'super-admin': 'Super-admin' }

/** Who is signed in, where else they are, and the way out. */
export function SessionMenu() {
  const { person, role } = useSession()
  const client = useQueryClient()
  const [isListed, setListed] = useState(false)
  return (
    <>
      <Menu.Root modal={false}>
        <Menu.Trigger className="button bare person">
          <span className="initials" aria-hidden="true">
            {initials(person.name)}
          </span>
          <span className="person-name">{person.name}</span>
          <Icon name="down" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner align="end" sideOffset={6} className="above">
            <Menu.Popup className="menu">
              <div className="menu-head">
                <p className="menu-name">{person.name}</p>
                <p className="soft">{person.email}</p>
                <p className="soft">{ROLES[role]}</p>
              </div>
              <Menu.Item className="menu-item" onClick={() => setListed(true)}>
                {role === 'super-admin' ? 'Sessions' : 'Your sessions'}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => void signOut(client)}>
                Sign out
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <SessionsWindow isOpen={isListed} onClose={() => setListed(false)} />
    </>
  )
}

function initials(name: string): string {
  const words = name.split(/[\s@.]+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => word?.[0]?.toUpperCase() ?? '')
    .join('')
}
