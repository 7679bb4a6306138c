import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin } from '../api/call.ts'
import type { User } from '../users/users.ts'
import { Button } from '../ui/button.tsx'
import { toast } from '../ui/toasts.tsx'
import { Confirm } from '../ui/window.tsx'
import { generate, userCodesQuery, type Generated, type Way } from './codes.ts'

/** What a super-admin may pass or lift, with a reason that is kept. */

const REASON = 'Why (10 to 500 characters)'

type BreakGlassProps = { user: User; way: Way; onDone: (answer: Generated, way: Way) => Promise<void> }

/** Makes a code without what the rules of the desk ask for. */
export function BreakGlass({ user, way, onDone }: BreakGlassProps) {
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <Button small onClick={() => setAsked(true)}>
        Break glass
      </Button>
      <Confirm
        title="Pass the rules of the desk?"
        action="Make the code"
        isDanger
        reason={REASON}
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={async (breakGlass) => {
          await onDone(
            await generate(user.emailAddress, { way, breakGlass, idempotencyKey: crypto.randomUUID() }),
            way,
          )
        }}
      >
        The code is made without what the rules ask for. Your reason is in the log, and is mailed to whom your
        tenant has named.
      </Confirm>
    </>
  )
}

/** Lets codes be made again for a user who has reported one. */
export function LiftFreeze({ user }: { user: User }) {
  const client = useQueryClient()
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <Button small onClick={() => setAsked(true)}>
        Lift this
      </Button>
      <Confirm
        title="Let codes be made for this user again?"
        action="Lift it"
        reason={REASON}
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={async (reason) => {
          await admin('POST', `/v1/users/${encodeURIComponent(user.id)}/unfreeze`, { body: { reason } })
          toast('Codes can be made for the user again')
          await client.invalidateQueries(userCodesQuery(user.id))
        }}
      >
        The user has said that a code was not for them. Speak with them first, by a way that you know. Your
        reason is in the log.
      </Confirm>
    </>
  )
}
