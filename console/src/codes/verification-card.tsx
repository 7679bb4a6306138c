import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { CallError, messageOf } from '../api/call.ts'
import type { User } from '../users/users.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Loading, Note } from '../ui/states.tsx'
import { shortTime, Time, useNow } from '../ui/time.tsx'
import { QrCode } from './qr-code.tsx'
import {
  cancelVerification,
  checkDigits,
  isGood,
  isWaiting,
  startVerification,
  verificationQuery,
  type Verification,
} from './verification.ts'

/** Has a caller show who they are, before they are told anything. */
export function VerificationCard({ user }: { user: User }) {
  const client = useQueryClient()
  const { data, error } = useQuery(verificationQuery(user.id))
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const run = async (step: () => Promise<Verification>) => {
    setBusy(true)
    setProblem('')
    try {
      const next = await step()
      client.setQueryData(verificationQuery(user.id).queryKey, next)
      return next
    } catch (error) {
      setProblem(messageOf(error))
      return undefined
    } finally {
      setBusy(false)
    }
  }
  const start = () => void run(() => startVerification(user.id))
  const isOthers = error instanceof CallError && error.status === 409
  return (
    <section className="card" aria-labelledby="verification">
      <div className="card-head">
        <h2 id="verification">Is it really them?</h2>
        {data && isGood(data) && <Badge tone="good">Verified</Badge>}
      </div>
      {problem !== '' && (
        <Note kind="wrong">
          <p>{problem}</p>
        </Note>
      )}
      {isOthers ? (
        <Note kind="warn">
          <p>{messageOf(error)}</p>
        </Note>
      ) : data === undefined && error === null ? (
        <Loading rows={1} />
      ) : data && isWaiting(data) ? (
        <Waiting user={user} verification={data} isBusy={isBusy} run={run} />
      ) : data && isGood(data) ? (
        <p>
          The caller has shown who they are. That is good for one code, until{' '}
          <Time at={data.sessionExpiration} clock />.
        </p>
      ) : (
        <>
          {data && <Ended verification={data} />}
          <p className="soft">
            The caller opens a short link, shows there that they are {user.emailAddress}, and reads six digits
            to you.
          </p>
          <div className="actions">
            <Button busy={isBusy} onClick={start}>
              Verify the caller
            </Button>
          </div>
        </>
      )}
    </section>
  )
}

const ENDS: Partial<Record<Verification['verifyStatus'], string>> = {
  FAILED: 'The caller did not show who they are: too many wrong tries.',
  EXPIRED: 'The time is over. Begin anew if the caller is still there.',
  CANCELED: 'The verification was ended.',
  VERIFIED: 'The verification has been used for a code, or is over.',
}

function Ended({ verification: { verifyStatus } }: { verification: Verification }) {
  const words = ENDS[verifyStatus]
  if (words === undefined) return null
  return (
    <Note kind={verifyStatus === 'FAILED' ? 'wrong' : 'info'}>
      <p>{words}</p>
    </Note>
  )
}

type WaitingProps = {
  user: User
  verification: Verification
  isBusy: boolean
  run: (step: () => Promise<Verification>) => Promise<Verification | undefined>
}

/** While the caller is at their page: where that is, and the digits that they read out. */
function Waiting({ user, verification, isBusy, run }: WaitingProps) {
  const { verifyUrl, verifyStatus, sessionExpiration } = verification
  const [digits, setDigits] = useState('')
  const left = Date.parse(sessionExpiration) - useNow()
  const isShown = verifyStatus !== 'PENDING'
  const check = async () => {
    const next = await run(() => checkDigits(user.id, digits))
    if (next !== undefined) setDigits('')
  }
  return (
    <div className="verifying">
      <div className="stack">
        <ol className="steps">
          <li>
            <p>Ask the caller to open</p>
            <p className="link" translate="no">
              {verifyUrl.replace(/^https?:\/\//, '')}
            </p>
          </li>
          <li aria-current={isShown ? undefined : 'step'}>
            {isShown ? 'They have shown who they are.' : 'They show there who they are. You see it here.'}
          </li>
          <li aria-current={isShown ? 'step' : undefined}>
            <form
              className="digits-form"
              onSubmit={(event) => {
                event.preventDefault()
                if (/^\D*(?:\d\D*){6}$/.test(digits) && !isBusy) void check()
              }}
            >
              <TextField
                label="The six digits that they read out"
                inputMode="numeric"
                maxLength={11}
                className="mono"
                value={digits}
                onChange={(event) => setDigits(event.target.value)}
                error={
                  verifyStatus === 'WRONG_CODE' ? 'These are not the digits on their screen.' : undefined
                }
              />
              <Button type="submit" kind="primary" busy={isBusy}>
                Check
              </Button>
            </form>
          </li>
        </ol>
        <div className="actions">
          <Button small onClick={() => void run(() => cancelVerification(user.id))}>
            End it
          </Button>
          <span className="soft small digits" role="timer">
            {shortTime(left)} left
          </span>
        </div>
      </div>
      <QrCode text={verifyUrl} label={`QR code of ${verifyUrl}`} />
    </div>
  )
}
