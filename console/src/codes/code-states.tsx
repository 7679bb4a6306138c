import { useQuery } from '@tanstack/react-query'
import { useMay } from '../session/session.ts'
import type { User } from '../users/users.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { ShortId } from '../ui/short-id.tsx'
import { Fault, Loading, Note } from '../ui/states.tsx'
import { shortTime, Time, useNow } from '../ui/time.tsx'
import { userCodesQuery, type CodeState } from './codes.ts'
import { LiftFreeze } from './override.tsx'

const STATES: Record<string, readonly [words: string, tone: Tone]> = {
  live: ['Live', 'good'],
  'in-use': ['In use now', 'info'],
  redeemed: ['Redeemed', 'quiet'],
  voided: ['Voided', 'warn'],
  locked: ['Locked: too many wrong codes', 'wrong'],
  expired: ['Expired', 'quiet'],
}

const WAYS: Record<string, string> = {
  DISPLAY: 'shown',
  EMAIL: 'mailed',
  custom: 'mailed to another address',
}

/** From so few wrong codes on until self-service is locked, that is said. */
const FEW = 20

/** How the codes of a user stand: until when, by whom, how many attempts are left. */
export function CodeStates({ user }: { user: User }) {
  const { data, error, refetch } = useQuery(userCodesQuery(user.id))
  const mayOverride = useMay('desk:override')
  if (error !== null && data === undefined) return <Fault error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Loading rows={1} label="Reading the state of the codes" />
  const { codes, frozenUntil, selfServiceAttemptsLeft: left } = data
  return (
    <>
      {codes.length === 0 ? (
        <p className="soft">There is no code for this user, and never was one.</p>
      ) : (
        <ul className="rows states">
          {codes.map((code) => (
            <State key={`${code.mode} ${code.origin} ${code.issuedAt}`} code={code} />
          ))}
        </ul>
      )}
      {frozenUntil !== null && (
        <Note kind="warn">
          <p>
            The user has said that a code was not for them. None is made for them until{' '}
            <Time at={frozenUntil} />.
          </p>
          {mayOverride && <LiftFreeze user={user} />}
        </Note>
      )}
      {left < FEW && (
        <Note kind="warn">
          <p>
            {left === 0
              ? 'Self-service is locked: too many wrong codes in a row. A code that you show unlocks it.'
              : `${left} more wrong codes lock the self-service of this user.`}
          </p>
        </Note>
      )}
    </>
  )
}

function State({ code }: { code: CodeState }) {
  const { mode, state, liveUntil, attemptsLeft, endedAt, voidedBy } = code
  const [words, tone] = STATES[state] ?? [state, 'quiet']
  const isLive = state === 'live'
  const left = Date.parse(liveUntil) - useNow()
  return (
    <li>
      <Badge tone={tone}>{words}</Badge>
      <div className="grow">
        <p>
          {mode === 'ENROLLMENT' ? 'Enrolment code' : 'Reset code'} <Maker code={code} />
        </p>
        <p className="soft small">
          {isLive ? (
            <>
              Until <Time at={liveUntil} clock /> (<span className="digits">{shortTime(left)}</span>),{' '}
              {attemptsLeft} {attemptsLeft === 1 ? 'attempt' : 'attempts'} left
            </>
          ) : (
            <>
              {state === 'expired' ? 'At' : 'Ended at'} <Time at={endedAt ?? liveUntil} />
            </>
          )}
          {voidedBy && (
            <>
              , by <Who actor={voidedBy} />
            </>
          )}
        </p>
      </div>
    </li>
  )
}

function Maker({ code: { origin, issuedBy, channel, destination } }: { code: CodeState }) {
  const way = channel === null ? '' : `, ${WAYS[channel] ?? channel}`
  if (origin === 'asked') return <>that the user asked for{way}</>
  return (
    <>
      {issuedBy && (
        <>
          by <Who actor={issuedBy} />
        </>
      )}
      {way}
      {channel === 'custom' && destination && ` (${destination})`}
    </>
  )
}

function Who({ actor: { id, name } }: { actor: { id: string; name: string | null } }) {
  return name === null ? <ShortId id={id} /> : <b>{name}</b>
}
