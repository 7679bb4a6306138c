import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import type { CodeMode } from '../../codes/code.ts'
import type { IdempotentCall } from '../../codes/idempotent-call.ts'
import { countUsers, voidCodes, voidedBefore, type VoidOutcome } from '../../codes/void.ts'
import { queueNotices } from '../../delivery/outbox.ts'
import { actorOf, codeContextOf, outboxOf } from '../../http/context.ts'
import { readJson } from '../../http/body.ts'
import { idempotentCallOf, runCall } from '../../http/idempotency.ts'
import { admitVoid } from '../../http/key-limits.ts'
import { isRecord } from '../../record.ts'
import { asText, CONFLICT, isWord, logFailures, readAlias, requireUserCount } from './bulk.ts'
import { voidResult } from './result-codes.ts'

const MODES: readonly CodeMode[] = ['PASSWORD_RESET', 'ENROLLMENT']

/** `POST v1/users/voidVerifyCode`: ends the live codes of 1 to 100 users in one call. */
export async function voidVerifyCode(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  if (!isRecord(body)) {
    throw new HTTPException(400, {
      message: 'Send an object with code_generation_mode and user_emails.',
    })
  }
  const emails = readEmails(body)
  const mode = readMode(body)
  await admitVoid(c, emails.length)
  const call = idempotentCallOf(c, 'void', body, () => ({ size: countUsers(emails) }))
  const outcomes = await runCall(
    c,
    call,
    () => voidNow(c, mode, emails, call),
    (_, earlier) => voidedBefore(emails, earlier),
  )
  const results = outcomes.map(({ request, result }) => ({
    ...voidResult(mode, result),
    user_email: asText(request.sent),
  }))
  return c.json({ results })
}

type Named = { sent: unknown; emailAddress: string }

async function voidNow(
  c: Context<AdminEnv>,
  mode: CodeMode,
  emails: readonly Named[],
  call: IdempotentCall | undefined,
): Promise<VoidOutcome<Named>[]> {
  const outcomes = await voidCodes(codeContextOf(c), actorOf(c), mode, emails, call)
  logFailures(
    c,
    outcomes.flatMap((outcome) => (outcome.result === 'failed' ? outcome.fault : [])),
  )
  const voided = outcomes.flatMap((outcome) =>
    outcome.result === 'voided' && outcome.userId ? [outcome.userId] : [],
  )
  queueNotices(outboxOf(c), 'voided', [...new Set(voided)], { mode })
  return outcomes
}

/** The entries as sent, and the address that each is; one that is no string is no address. */
function readEmails(body: Record<string, unknown>): Named[] {
  const list = readAlias(body, 'user_emails', 'userEmails')
  if (list === CONFLICT) {
    throw new HTTPException(400, { message: 'user_emails and userEmails differ: send one of them.' })
  }
  if (typeof list !== 'string' && !Array.isArray(list)) {
    throw new HTTPException(400, { message: 'user_emails must be a list of 1 to 100 e-mail addresses.' })
  }
  const emails: unknown[] = [list].flat()
  requireUserCount(emails.length)
  return emails.map((sent) => ({ sent, emailAddress: typeof sent === 'string' ? sent : '' }))
}

export function readMode(body: Record<string, unknown>): CodeMode {
  const value = readAlias(body, 'code_generation_mode', 'codeGenerationMode')
  const mode = MODES.find((known) => isWord(value, known))
  if (mode !== undefined) return mode
  throw new HTTPException(400, {
    message: 'code_generation_mode must be PASSWORD_RESET or ENROLLMENT, in one spelling of the member.',
  })
}
