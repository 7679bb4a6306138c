import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { messageOf } from '../api/call.ts'
import { useMay } from '../session/session.ts'
import type { User } from '../users/users.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/field.tsx'
import { Note } from '../ui/states.tsx'
import { Confirm } from '../ui/window.tsx'
import { awaitedApproval, generate, needsVerification, voidCodes, type Generated, type Way } from './codes.ts'
import { BreakGlass } from './override.tsx'
import { CodeStates } from './code-states.tsx'
import { ShownCode } from './shown-code.tsx'
import { VALIDITIES } from './validities.ts'

/** What became of the last thing that was done here. */
type Outcome = {
  kind: 'good' | 'warn' | 'wrong'
  words: string
  /** Where it goes on. */
  isAwaiting?: boolean
  /** The way in which a rule has stood that a super-admin may pass. */
  refusedWay?: Way
}

/** The state of a user's codes, and what can be done about them. */
export function CodeCard({ user }: { user: User }) {
  const client = useQueryClient()
  const [outcome, setOutcome] = useState<Outcome>()
  const [shown, setShown] = useState<{ code: string; expiresAt: string }>()
  const hide = useCallback(() => setShown(undefined), [])
  const after = async (outcome: Outcome | undefined) => {
    setOutcome(outcome)
    await client.invalidateQueries({
      predicate: ({ queryKey: [what, id] }) => id === user.id || what === 'approvals',
    })
  }
  const generated = async (answer: Generated, way: Way) => {
    const { verify_code: code, verify_code_validity_time: expiresAt } = answer
    if (code === undefined || expiresAt === undefined) return after(outcomeOf(answer, way, user.emailAddress))
    setShown({ code, expiresAt })
    return after(undefined)
  }
  return (
    <section className="card" aria-labelledby="codes">
      <h2 id="codes">Reset code</h2>
      <CodeStates user={user} />
      {outcome && <Told outcome={outcome} user={user} onDone={generated} />}
      {shown ? (
        <ShownCode {...shown} onGone={hide} />
      ) : (
        <Generate user={user} onDone={generated} onFail={(words) => setOutcome({ kind: 'wrong', words })} />
      )}
      <VoidCodes user={user} onDone={after} />
    </section>
  )
}

function outcomeOf(answer: Generated, way: Way, email: string): Outcome {
  const { status, errorMessage = `No code was made (${status}).` } = answer
  if (status === 1001) return { kind: 'good', words: `A code is on its way to ${email}.` }
  if (awaitedApproval(answer) !== undefined) {
    const words = 'A second person has to approve this code within 30 minutes. Then you can collect it.'
    return { kind: 'warn', words, isAwaiting: true, refusedWay: way }
  }
  return { kind: 'wrong', words: errorMessage, ...(needsVerification(answer) && { refusedWay: way }) }
}

type Done = (answer: Generated, way: Way) => Promise<void>

function Told({ outcome, user, onDone }: { outcome: Outcome; user: User; onDone: Done }) {
  const { kind, words, isAwaiting, refusedWay } = outcome
  const mayOverride = useMay('desk:override')
  return (
    <Note kind={kind}>
      <p>{words}</p>
      {isAwaiting && <Link to="/approvals">Go to the approvals</Link>}
      {refusedWay && mayOverride && <BreakGlass user={user} way={refusedWay} onDone={onDone} />}
    </Note>
  )
}

type GenerateProps = { user: User; onDone: Done; onFail: (words: string) => void }

function Generate({ user, onDone, onFail }: GenerateProps) {
  const [minutes, setMinutes] = useState('')
  const [running, setRunning] = useState<Way>()
  const run = async (way: Way) => {
    setRunning(way)
    try {
      const options = {
        way,
        idempotencyKey: crypto.randomUUID(),
        ...(minutes && { minutes: Number(minutes) }),
      }
      await onDone(await generate(user.emailAddress, options), way)
    } catch (error) {
      onFail(messageOf(error))
    } finally {
      setRunning(undefined)
    }
  }
  return (
    <div className="generate">
      <Choice label="Good for" value={minutes} options={VALIDITIES} onPick={setMinutes} />
      <div className="actions">
        <Button kind="primary" busy={running === 'EMAIL'} onClick={() => void run('EMAIL')}>
          E-mail a code
        </Button>
        <Button busy={running === 'DISPLAY'} onClick={() => void run('DISPLAY')}>
          Show a code
        </Button>
      </div>
    </div>
  )
}

function VoidCodes({ user, onDone }: { user: User; onDone: (outcome: Outcome) => Promise<void> }) {
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <div className="actions">
        <Button onClick={() => setAsked(true)}>Void</Button>
      </div>
      <Confirm
        title="Void their codes?"
        action="Void"
        isDanger
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={async () => {
          const [result] = await voidCodes([user.emailAddress], crypto.randomUUID())
          const isVoided = result?.status === 1016
          await onDone({
            kind: isVoided ? 'good' : 'warn',
            words: isVoided ? 'The code is void.' : (result?.errorMessage ?? 'There was nothing to void.'),
          })
        }}
      >
        No code of theirs works any more, also one that is still on its way by mail.
      </Confirm>
    </>
  )
}
