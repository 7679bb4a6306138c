import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { CallError } from '../api/call.ts'
import { CodeCard } from '../codes/code-card.tsx'
import { VerificationCard } from '../codes/verification-card.tsx'
import { useMay } from '../session/session.ts'
import { Badge } from '../ui/badge.tsx'
import { Icon } from '../ui/icon.tsx'
import { Page } from '../ui/page.tsx'
import { Empty, Fault, Loading } from '../ui/states.tsx'
import { AccountCard } from './account-card.tsx'
import { HistoryCard } from './history-card.tsx'
import { nameOf, userQuery, type User } from './users.ts'

/** All about one user on one page: their codes first. */
export function UserPage() {
  const { id } = useParams({ from: '/users/$id' })
  const { data: user, error, refetch } = useQuery(userQuery(id))
  if (error instanceof CallError && [400, 404].includes(error.status)) return <Gone />
  if (error !== null && user === undefined) {
    return (
      <Page title="User">
        <Fault error={error} onRetry={() => void refetch()} />
      </Page>
    )
  }
  if (user === undefined) {
    return (
      <Page title="User" lead=" ">
        <Loading rows={6} />
      </Page>
    )
  }
  return <KnownUser key={id} user={user} />
}

function Gone() {
  return (
    <Page title="No such user">
      <Empty title="This user is not there, or was deleted">
        <p>
          <Link to="/">Find a user</Link>
        </p>
      </Empty>
    </Page>
  )
}

function KnownUser({ user }: { user: User }) {
  const mayCode = useMay('codes')
  const mayVerify = useMay('users:verify')
  const mayLog = useMay('logs:user')
  return (
    <>
      <Link to="/" className="back">
        <Icon name="back" /> Find a user
      </Link>
      <Page title={nameOf(user)} lead={<Standing user={user} />}>
        <div className="columns">
          <div>
            {mayVerify && <VerificationCard user={user} />}
            {mayCode && <CodeCard user={user} />}
            {mayLog && <HistoryCard user={user} />}
          </div>
          <AccountCard user={user} />
        </div>
      </Page>
    </>
  )
}

function Standing({ user: { emailAddress, userStatus, highRiskUser } }: { user: User }) {
  return (
    <span className="standing">
      <span>{emailAddress}</span>
      {userStatus === 'Disabled' && <Badge tone="warn">Disabled</Badge>}
      {highRiskUser && <Badge tone="wrong">High risk</Badge>}
    </span>
  )
}
