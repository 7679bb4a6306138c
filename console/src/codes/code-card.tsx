import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { messageOf } from '../api/call.ts'
import type { User } from '../users/users.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/field.tsx'
import { Note } from '../ui/states.tsx'
import { Confirm } from '../ui/window.tsx'
import { generate, voidCodes, type Generated, type Way } from './codes.ts'
import { VALIDITIES } from './validities.ts'
import { ShownCode } from './shown-code.tsx'

/** What became of the last thing that was done here. */
type Outcome = { kind: 'good' | 'warn' | 'wrong'; words: string }

/** The state of a user's codes, and what can be done about them. */
export function CodeCard({ user }: { user: User }) {
  const client = useQueryClient()
  const [outcome, setOutcome] = useState<Outcome>()
  const [shown, setShown] = useState<{ code: string; expiresAt: string }>()
  const hide = useCallback(() => setShown(undefined), [])
  const after = async (outcome: Outcome | undefined) => {
    setOutcome(outcome)
    await client.invalidateQueries({ queryKey: ['history', user.id] })
    await client.invalidateQueries({ queryKey: ['codes', user.id] })
  }
  const generated = async (answer: Generated) => {
    const { verify_code: code, verify_code_validity_time: expiresAt } = answer
    if (code !== undefined && expiresAt !== undefined) {
      setShown({ code, expiresAt })
      return after(undefined)
    }
    return after(outcomeOf(answer, user.emailAddress))
  }
  return (
    <section className="card" aria-labelledby="codes">
      <h2 id="codes">Reset code</h2>
      {outcome && (
        <Note kind={outcome.kind}>
          <p>{outcome.words}</p>
        </Note>
      )}
      {shown ? (
        <ShownCode {...shown} onGone={hide} />
      ) : (
        <Generate user={user} onDone={generated} onFail={(words) => setOutcome({ kind: 'wrong', words })} />
      )}
      <VoidCodes user={user} onDone={after} />
    </section>
  )
}

function outcomeOf({ status, errorMessage }: Generated, email: string): Outcome {
  if (status === 1001) return { kind: 'good', words: `A code is on its way to ${email}.` }
  return { kind: 'wrong', words: errorMessage ?? `No code was made (${status}).` }
}

type GenerateProps = {
  user: User
  onDone: (answer: Generated) => Promise<void>
  onFail: (words: string) => void
}

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
      await onDone(await generate(user.emailAddress, options))
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
