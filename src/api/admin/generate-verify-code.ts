import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import type { CodeMode } from '../../codes/code.ts'
import { issueCodes, type IssueOutcome } from '../../codes/issue.ts'
import { hasMailer } from '../../delivery/mailer.ts'
import type { DeliveryMessage } from '../../delivery/message.ts'
import { queueDeliveries } from '../../delivery/outbox.ts'
import { faultName } from '../../log.ts'
import { readJson } from '../../http/body.ts'
import { admitGenerate } from '../../http/key-limits.ts'
import { isRecord } from '../../record.ts'
import { actorOf, codeContextOf, outboxOf } from '../../http/context.ts'
import type { Policy } from '../../tenants/policy.ts'
import { logFailures, requireUserCount } from './bulk.ts'
import { echo, isForEmail, isShown, mailAddress, readEntry, requestOf, type Entry } from './generate-entry.ts'
import {
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  GENERATE_REFUSALS,
  type GenerateFault,
} from './result-codes.ts'

type Issued = { request: { entry: Entry }; outcome: IssueOutcome<GenerateFault> }

/**
 * `POST v1/users/generateVerifyCode/{resetPassword|enroll}`: an array is answered by an array, one
 * object by one object, entry by entry.
 */
export function generateVerifyCode(mode: CodeMode) {
  return async function generateVerifyCode(c: Context<AdminEnv>): Promise<Response> {
    const body = await readJson(c)
    if (!Array.isArray(body) && !isRecord(body)) {
      throw new HTTPException(400, { message: 'Send one user object, or an array of 1 to 100 of them.' })
    }
    const { policy } = c.get('tenant')
    const sent: unknown[] = [body].flat()
    requireUserCount(sent.length)
    const requests = sent.map((each) => {
      const entry = readEntry(each, policy.code.ttlMinutes)
      return { entry, ...requestOf(entry, hasMailer(policy)) }
    })
    await admitGenerate(c, {
      users: requests.length,
      shown: requests.filter(({ tag, entry }) => tag === 'wanted' && isShown(entry)).length,
      mode,
    })
    const issued = await issueCodes<GenerateFault, (typeof requests)[number]>(
      codeContextOf(c),
      actorOf(c),
      mode,
      requests,
    )
    logFailures(
      c,
      issued.flatMap(({ outcome }) => (outcome.tag === 'failed' ? outcome.fault : [])),
    )
    const areQueued = await queueCodes(c, mode, issued)
    const results = issued.map((each) => resultOf(policy, mode, each, areQueued))
    return c.json(Array.isArray(body) ? results : results[0])
  }
}

/**
 * Puts the codes that are to be mailed on their way. They are issued by now: a failing queue must not keep
 * those to be shown from their answer.
 *
 * @returns whether they are.
 */
async function queueCodes(c: Context<AdminEnv>, mode: CodeMode, issued: readonly Issued[]): Promise<boolean> {
  const { id: tenantId } = c.get('tenant')
  const message = { kind: 'issued-code', tenantId, mode, requestedAt: c.get('now') } as const
  const messages = issued.flatMap(({ request: { entry }, outcome }): DeliveryMessage[] => {
    if (outcome.tag !== 'issued' || !isForEmail(entry)) return []
    const { emailKey, codeId, code } = outcome
    return [{ ...message, emailKey, codeId, code, to: mailAddress(entry) ?? null }]
  })
  if (messages.length === 0) return true
  try {
    await queueDeliveries(outboxOf(c), messages)
    return true
  } catch (error) {
    c.get('log').fault = faultName(error)
    return false
  }
}

/** The answer for one user. A member that is undefined is not in it. */
function resultOf(
  { mail }: Policy,
  mode: CodeMode,
  { request: { entry }, outcome }: Issued,
  areQueued: boolean,
) {
  const details = { userDetailsRequestForVerifyCodeGeneration: echo(entry) }
  const isMailed = isForEmail(entry)
  switch (outcome.tag) {
    case 'issued':
      if (isMailed && !areQueued) return { ...GENERATE_REFUSALS['not-queued'], ...details }
      return {
        status: isMailed ? GENERATED_FOR_EMAIL : GENERATED_FOR_DISPLAY,
        verify_code: isMailed ? undefined : outcome.code,
        verify_code_validity_time: new Date(outcome.expiresAt).toISOString(),
        verify_code_generation_mode: mode,
        verification_Link: mail.resetUrl,
        ...details,
      }
    case 'refused':
      return { ...GENERATE_REFUSALS[outcome.reason], ...details }
    case 'failed':
      return { ...GENERATE_REFUSALS.failed, ...details }
  }
}
