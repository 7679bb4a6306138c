import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useMay } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { Confirm } from '../ui/window.tsx'
import { ChangeUser } from './change-user.tsx'
import { markDeleted, nameOf, setHighRisk, setStatus, type User } from './users.ts'

/** Who the user is, and what can be done to the account itself. */
export function AccountCard({ user }: { user: User }) {
  return (
    <section className="card" aria-labelledby="account">
      <h2 id="account">Account</h2>
      <dl className="facts">
        <Fact name="User name">{user.principalUsername}</Fact>
        <Fact name="Address">{user.emailAddress}</Fact>
        <Fact name="Since">
          <Time at={user.creationDate} />
        </Fact>
        <Fact name="Status">{user.userStatus}</Fact>
      </dl>
      <AccountActions user={user} />
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

type Action = 'status' | 'risk' | 'delete'

function AccountActions({ user }: { user: User }) {
  const [asked, setAsked] = useState<Action>()
  const may = {
    status: useMay('users:status'),
    risk: useMay('users:risk:write'),
    delete: useMay('users:delete:soft'),
  }
  const mayWrite = useMay('users:write')
  const isEnabled = user.userStatus === 'Enabled'
  return (
    <div className="actions stacked">
      {mayWrite && <ChangeUser id={user.id} />}
      {may.status && (
        <Button onClick={() => setAsked('status')}>
          {isEnabled ? 'Disable the user' : 'Enable the user'}
        </Button>
      )}
      {may.risk && (
        <Button onClick={() => setAsked('risk')}>
          {user.highRiskUser ? 'Take off high risk' : 'Mark as high risk'}
        </Button>
      )}
      {may.delete && <Button onClick={() => setAsked('delete')}>Mark as deleted</Button>}
      <AccountQuestion user={user} asked={asked} onClose={() => setAsked(undefined)} />
    </div>
  )
}

function AccountQuestion({
  user,
  asked,
  onClose,
}: {
  user: User
  asked: Action | undefined
  onClose: () => void
}) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const name = nameOf(user)
  const again = async (words: string) => {
    await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey.includes(user.id) })
    toast(words)
  }
  const isEnabled = user.userStatus === 'Enabled'
  return (
    <>
      <Confirm
        title={isEnabled ? `Disable ${name}?` : `Enable ${name}?`}
        action={isEnabled ? 'Disable' : 'Enable'}
        isDanger={isEnabled}
        isOpen={asked === 'status'}
        onClose={onClose}
        onConfirm={async () => {
          await setStatus(user.id, isEnabled ? 'Disabled' : 'Enabled')
          await again(isEnabled ? 'The user is disabled' : 'The user is enabled')
        }}
      >
        {isEnabled
          ? 'Their codes end at once, and they get no new one until they are enabled again.'
          : 'They can get codes again. Codes that ended do not come back.'}
      </Confirm>
      <Confirm
        title={user.highRiskUser ? `Take ${name} off high risk?` : `Mark ${name} as high risk?`}
        action={user.highRiskUser ? 'Take off' : 'Mark'}
        isOpen={asked === 'risk'}
        onClose={onClose}
        onConfirm={async () => {
          await setHighRisk(user.id, !user.highRiskUser)
          await again(user.highRiskUser ? 'The user is off high risk' : 'The user is at high risk')
        }}
      >
        {user.highRiskUser
          ? 'The help desk can be shown codes for them again.'
          : 'Codes for them go to their own address alone, and are shown to nobody.'}
      </Confirm>
      <Confirm
        title={`Mark ${name} as deleted?`}
        action="Mark as deleted"
        isDanger
        isOpen={asked === 'delete'}
        onClose={onClose}
        onConfirm={async () => {
          await markDeleted(user.id, true)
          await navigate({ to: '/' })
          await client.invalidateQueries({ queryKey: ['find'] })
          toast('The user is marked as deleted')
        }}
      >
        Their codes end at once and nobody finds them any more. After seven days they are removed for good.
      </Confirm>
    </>
  )
}
