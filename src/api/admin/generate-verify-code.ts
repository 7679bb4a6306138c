import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import type { CodeMode } from '../../codes/code.ts'
import type { IdempotentCall } from '../../codes/idempotent-call.ts'
import { settleDelivery, type EarlierCall } from '../../codes/idempotent-call-store.ts'
import { issueCodes, issuedBefore, type IssueOutcome, type IssueRequest } from '../../codes/issue.ts'
import type { Channel } from '../../database/schema.ts'
import type { DeliveryMessage } from '../../delivery/message.ts'
import { queueDeliveries, queueNotices } from '../../delivery/outbox.ts'
import { faultName } from '../../log.ts'
import { readJson } from '../../http/body.ts'
import { idempotentCallOf, runCall } from '../../http/idempotency.ts'
import { admitGenerate } from '../../http/key-limits.ts'
import { isRecord } from '../../record.ts'
import { actorOf, codeContextOf, issueContextOf, outboxOf, tenantScopeOf } from '../../http/context.ts'
import type { Policy } from '../../tenants/policy.ts'
import { breakGlass, requireBreakable } from './break-glass.ts'
import { logFailures, requireUserCount } from './bulk.ts'
import { echo, readEntry, requestOf, type Entry } from './generate-entry.ts'
import {
  awaitingResult,
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  GENERATE_REFUSALS,
  type GenerateFault,
} from './result-codes.ts'

export type Issued = {
  request: { entry: Entry } & IssueRequest<GenerateFault>
  outcome: IssueOutcome<GenerateFault>
}

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
      return { entry, ...requestOf(entry, policy) }
    })
    await requireBreakable(c, requests)
    await admitGenerate(c, {
      users: requests.length,
      shown: requests.filter(({ tag, channel }) => tag === 'wanted' && channel !== 'EMAIL').length,
      mode,
    })
    const call = idempotentCallOf(c, `generate ${mode}`, body, () => ({
      size: sent.length,
      terms: termsOf(policy),
      isMailing: requests.some(({ tag, channel }) => tag === 'wanted' && channel !== 'DISPLAY'),
    }))
    const { terms, issued, areQueued } = await runCall(
      c,
      call,
      async () => issueNow(c, mode, await breakGlass(c, requests), call),
      (repeated, earlier) => issueAgain(c, mode, sent, repeated, earlier),
    )
    const results = issued.map((each) => resultOf(terms, mode, each, areQueued))
    return c.json(Array.isArray(body) ? results : results[0])
  }
}

/** What an answer depends on beside the request and what is recorded. */
type Terms = ReturnType<typeof termsOf>

export function termsOf({ code: { alphabet, length, ttlMinutes }, mail: { resetUrl } }: Policy) {
  return { alphabet, length, ttlMinutes, resetUrl: resetUrl ?? null }
}

type Generated = { terms: Terms; issued: Issued[]; areQueued: boolean }

async function issueNow(
  c: Context<AdminEnv>,
  mode: CodeMode,
  requests: readonly Issued['request'][],
  call: IdempotentCall | undefined,
): Promise<Generated> {
  const issued: Issued[] = await issueCodes<GenerateFault, Issued['request']>(
    issueContextOf(c),
    actorOf(c),
    mode,
    requests,
    call,
  )
  logFailures(
    c,
    issued.flatMap(({ outcome }) => (outcome.tag === 'failed' ? outcome.fault : [])),
  )
  const areQueued = await queueCodes(c, mode, issued, call)
  tellUsers(c, mode, issued, areQueued)
  return { terms: termsOf(c.get('tenant').policy), issued, areQueued }
}

/** The answer of an earlier call, to the letter, whatever the policy says by now. What it has mailed is not mailed again. */
async function issueAgain(
  c: Context<AdminEnv>,
  mode: CodeMode,
  sent: readonly unknown[],
  call: IdempotentCall,
  earlier: EarlierCall,
): Promise<Generated> {
  const { policy } = c.get('tenant')
  const terms: Terms = { ...termsOf(policy), ...(earlier.terms as Partial<Terms>) }
  const requests = sent.map((each) => {
    const entry = readEntry(each, terms.ttlMinutes)
    return { entry, ...requestOf(entry) }
  })
  const context = { ...codeContextOf(c), policy: { ...policy.code, ...terms } }
  const issued = issuedBefore<GenerateFault, Issued['request']>(context, requests, call, earlier)
  return { terms, issued, areQueued: !earlier.isOwing || (await queueCodes(c, mode, issued, call)) }
}

/**
 * Puts the codes that are to be mailed on their way. They are issued by now: a failing queue must not keep
 * those to be shown from their answer.
 *
 * @returns whether they are.
 */
async function queueCodes(
  c: Context<AdminEnv>,
  mode: CodeMode,
  issued: readonly Issued[],
  call: IdempotentCall | undefined,
): Promise<boolean> {
  const areQueued = await queueMessages(c, mode, issued)
  if (call?.about.isMailing) {
    // Where this fails too, a repetition sends the same codes once more.
    c.executionCtx.waitUntil(settleDelivery(tenantScopeOf(c), call, areQueued).catch(() => undefined))
  }
  return areQueued
}

export async function queueMessages(
  c: Context<AdminEnv>,
  mode: CodeMode,
  issued: readonly Issued[],
): Promise<boolean> {
  const { id: tenantId } = c.get('tenant')
  const message = { kind: 'issued-code', tenantId, mode, requestedAt: c.get('now') } as const
  const messages = issued.flatMap(({ request: { channel, customKey }, outcome }): DeliveryMessage[] => {
    if (outcome.tag !== 'issued' || channel === 'DISPLAY') return []
    const { emailKey, codeId, code } = outcome
    return [{ ...message, emailKey, codeId, code, to: customKey }]
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

/**
 * Tells the users whose code has left by another way than to their own address. Where it went there, the mail with
 * the code says so itself.
 */
export function tellUsers(
  c: Context<AdminEnv>,
  mode: CodeMode,
  issued: readonly Issued[],
  areQueued: boolean,
): void {
  const tell = (wanted: Channel) => {
    const sent = issued.flatMap(({ request: { channel }, outcome }) =>
      outcome.tag === 'issued' && channel === wanted ? [outcome] : [],
    )
    const userIds = sent.map(({ userId }) => userId)
    const codeIds = sent.map(({ codeId }) => codeId)
    queueNotices(outboxOf(c), 'issued', userIds, { mode, channel: wanted }, codeIds)
  }
  tell('DISPLAY')
  if (areQueued) tell('custom')
}

/** The answer for one user. A member that is undefined is not in it. */
export function resultOf(
  { resetUrl }: Terms,
  mode: CodeMode,
  { request: { entry, channel }, outcome }: Issued,
  areQueued: boolean,
) {
  const details = { userDetailsRequestForVerifyCodeGeneration: echo(entry) }
  const isMailed = channel !== 'DISPLAY'
  switch (outcome.tag) {
    case 'issued':
      if (isMailed && !areQueued) return { ...GENERATE_REFUSALS['not-queued'], ...details }
      return {
        status: isMailed ? GENERATED_FOR_EMAIL : GENERATED_FOR_DISPLAY,
        verify_code: isMailed ? undefined : outcome.code,
        verify_code_validity_time: new Date(outcome.expiresAt).toISOString(),
        verify_code_generation_mode: mode,
        verification_Link: resetUrl ?? undefined,
        ...details,
      }
    case 'awaiting':
      return { ...awaitingResult(outcome.requestId), ...details }
    case 'refused':
      return { ...GENERATE_REFUSALS[outcome.reason], ...details }
    case 'failed':
      return { ...GENERATE_REFUSALS.failed, ...details }
  }
}
