import { Dialog } from '@base-ui/react/dialog'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { SessionMenu } from './session/session-menu.tsx'
import { SessionEnd } from './session/session-end.tsx'
import { useSession, type Session } from './session/session.ts'
import icon from './icon.svg'
import { Icon, type IconName } from './ui/icon.tsx'

type Place = { to: string; words: string; icon: IconName; role?: Session['role'] }

const PLACES: readonly Place[] = [
  { to: '/', words: 'Find a user', icon: 'search' },
  { to: '/many', words: 'Many at once', icon: 'list' },
  { to: '/approvals', words: 'Approvals', icon: 'people' },
  { to: '/logs', words: 'Logs', icon: 'log' },
  { to: '/activity', words: 'Overview', icon: 'chart' },
  { to: '/incident', words: 'Incident', icon: 'stop', role: 'super-admin' },
  { to: '/settings', words: 'Settings', icon: 'gear', role: 'super-admin' },
]

/** What stands around every page: where one is, where else one can go, and who one is. */
export function Shell() {
  const main = useRef<HTMLElement>(null)
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const before = useRef(path)
  useEffect(() => {
    // A new page begins where one reads from: at its head.
    if (before.current !== path) main.current?.focus({ preventScroll: true })
    if (before.current !== path) scrollTo(0, 0)
    before.current = path
  }, [path])
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={() => main.current?.focus()}>
        Skip to the page
      </a>
      <header className="top">
        <NarrowMenu />
        <Brand />
        <SessionMenu />
      </header>
      <nav className="side" aria-label="Console">
        <Places />
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <SessionEnd />
        <Outlet />
      </main>
    </div>
  )
}

function Brand() {
  const { tenant } = useSession()
  return (
    <p className="brand">
      <img src={icon} alt="" width="22" height="22" />
      <span>{tenant.name}</span>
    </p>
  )
}

function Places({ onPick }: { onPick?: () => void }) {
  const { role } = useSession()
  return (
    <ul className="places">
      {PLACES.filter((place) => place.role === undefined || place.role === role).map(
        ({ to, words, icon }) => (
          <li key={to}>
            <Link to={to} activeOptions={{ exact: to === '/' }} {...(onPick && { onClick: onPick })}>
              <Icon name={icon} />
              {words}
            </Link>
          </li>
        ),
      )}
    </ul>
  )
}

/** On a narrow screen the places are in a drawer. */
function NarrowMenu() {
  const [isOpen, setOpen] = useState(false)
  return (
    <Dialog.Root open={isOpen} onOpenChange={setOpen}>
      <Dialog.Trigger className="button bare narrow-menu" aria-label="Menu">
        <Icon name="menu" />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="drawer">
          <Dialog.Title className="unseen">Menu</Dialog.Title>
          <nav aria-label="Console">
            <Places onPick={() => setOpen(false)} />
          </nav>
          <Dialog.Close className="button plain wide">Close</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
