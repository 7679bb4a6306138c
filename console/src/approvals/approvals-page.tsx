import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { messageOf } from '../api/call.ts'
import { ShownCode } from '../codes/shown-code.tsx'
import { useSession } from '../session/session.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'
import { ShortId } from '../ui/short-id.tsx'
import { Empty, Fault, Loading, Note } from '../ui/states.tsx'
import { shortTime, useNow } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { Confirm } from '../ui/window.tsx'
import { approvalsQuery, collect, decide, type Approval } from './approvals.ts'

/** Codes that wait for a second person, and those that the first one may collect. */
export function ApprovalsPage() {
  const { person } = useSession()
  const { data, error, refetch } = useQuery(approvalsQuery)
  const [code, setCode] = useState<{ code: string; expiresAt: string }>()
  const hide = useCallback(() => setCode(undefined), [])
  const own = data?.filter(({ requestedBy }) => requestedBy === person.id) ?? []
  const others =
    data?.filter(({ requestedBy, status }) => requestedBy !== person.id && status === 'pending') ?? []
  return (
    <Page title="Approvals" lead="Two people for one code: who asks for it cannot approve it.">
      {code && <ShownCode {...code} onGone={hide} />}
      {error !== null && data === undefined ? (
        <Fault error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading rows={4} />
      ) : (
        <>
          <section className="card" aria-labelledby="others">
            <h2 id="others">Waiting for you</h2>
            {others.length === 0 ? (
              <Empty title="Nothing waits for you" />
            ) : (
              <ul className="rows">
                {others.map((approval) => (
                  <Other key={approval.id} approval={approval} />
                ))}
              </ul>
            )}
          </section>
          <section className="card" aria-labelledby="own">
            <h2 id="own">Asked for by you</h2>
            {own.length === 0 ? (
              <Empty title="You wait for nobody" />
            ) : (
              <ul className="rows">
                {own.map((approval) => (
                  <Own key={approval.id} approval={approval} onCode={setCode} />
                ))}
              </ul>
            )}
          </section>
        </>
      )}
    </Page>
  )
}

const WAYS: Record<string, string> = {
  DISPLAY: 'to be shown',
  EMAIL: 'by mail',
  custom: 'to another address',
}

function What({
  approval: { userId, target, mode, channel, destination, expiresAt },
}: {
  approval: Approval
}) {
  const left = Date.parse(expiresAt) - useNow()
  return (
    <div className="grow">
      <p>
        {mode === 'ENROLLMENT' ? 'An enrolment code' : 'A reset code'} for{' '}
        <Link to="/users/$id" params={{ id: userId }}>
          {target}
        </Link>
        , {WAYS[channel] ?? channel}
        {channel === 'custom' && destination && ` (${destination})`}
      </p>
      <p className="soft small digits">{shortTime(left)} left</p>
    </div>
  )
}

function Other({ approval }: { approval: Approval }) {
  const client = useQueryClient()
  const [asked, setAsked] = useState<'approve' | 'decline'>()
  return (
    <li>
      <What approval={approval} />
      <span className="soft small">
        by <ShortId id={approval.requestedBy} />
      </span>
      <div className="actions">
        <Button small onClick={() => setAsked('decline')}>
          Decline
        </Button>
        <Button small kind="primary" onClick={() => setAsked('approve')}>
          Approve
        </Button>
      </div>
      <Confirm
        title={
          asked === 'decline'
            ? `Decline the code for ${approval.target}?`
            : `Approve the code for ${approval.target}?`
        }
        action={asked === 'decline' ? 'Decline' : 'Approve'}
        isDanger={asked === 'decline'}
        isOpen={asked !== undefined}
        onClose={() => setAsked(undefined)}
        onConfirm={async () => {
          await decide(approval.id, asked ?? 'decline')
          await client.invalidateQueries({ queryKey: ['approvals'] })
          toast(asked === 'decline' ? 'The request is declined' : 'The request is approved')
        }}
      >
        {asked === 'decline'
          ? 'No code is made. Whoever asked for it can ask again.'
          : 'Whoever asked for it gets the code, once. Ask them first how they know who the caller is.'}
      </Confirm>
    </li>
  )
}

type OwnProps = { approval: Approval; onCode: (code: { code: string; expiresAt: string }) => void }

function Own({ approval, onCode }: OwnProps) {
  const client = useQueryClient()
  const [problem, setProblem] = useState('')
  const isApproved = approval.status === 'approved'
  const take = async () => {
    setProblem('')
    try {
      const answer = await collect(approval.id)
      const { verify_code: code, verify_code_validity_time: expiresAt } = answer
      if (code !== undefined && expiresAt !== undefined) onCode({ code, expiresAt })
      else if (answer.status === 1001) toast('The code is on its way by mail')
      else setProblem(answer.errorMessage ?? 'No code was made.')
      await client.invalidateQueries({ queryKey: ['approvals'] })
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  return (
    <li>
      <What approval={approval} />
      <Badge tone={isApproved ? 'good' : 'warn'}>
        {isApproved ? 'Approved' : 'Waits for a second person'}
      </Badge>
      {isApproved && (
        <Button small kind="primary" onClick={() => void take()}>
          {approval.channel === 'DISPLAY' ? 'Show the code' : 'Send the code'}
        </Button>
      )}
      {problem !== '' && (
        <Note kind="wrong">
          <p>{problem}</p>
        </Note>
      )}
    </li>
  )
}
