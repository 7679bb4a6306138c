import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../../http/app-env.ts'
import type { CodeMode } from '../../codes/code.ts'
import { issueCodes, type IssueOutcome } from '../../codes/issue.ts'
import { hasMailer } from '../../delivery/mailer.ts'
import type { DeliveryMessage } from '../../delivery/message.ts'
import { queueDeliveries } from '../../delivery/outbox.ts'
import { faultName } from '../../log.ts'
import { isRecord, readJson } from '../../http/body.ts'
import { actorOf, codeContextOf } from '../../http/context.ts'
import type { Policy } from '../../tenants/policy.ts'
import { requireUserCount } from './bulk.ts'
import { echo, isForEmail, mailAddress, readEntry, requestOf, type Entry } from './generate-entry.ts'
import {
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  GENERATE_REFUSALS,
  type GenerateFault,
} from './result-codes.ts'

type Outcome = IssueOutcome<GenerateFault>

/**
 * `POST v1/users/generateVerifyCode/{resetPassword|enroll}`: an array is answered by an array, one
 * object by one object, entry by entry.
 */
export function generateVerifyCode(mode: CodeMode) {
  return async function generateVerifyCode(c: Context<AppEnv>): Promise<Response> {
    const body = await readJson(c)
    if (!Array.isArray(body) && !isRecord(body)) {
      throw new HTTPException(400, { message: 'Send one user object, or an array of 1 to 100 of them.' })
    }
    const tenant = c.get('tenant')
    const { policy } = tenant
    const entries = [body].flat().map((entry) => readEntry(entry, policy.code.ttlMinutes))
    requireUserCount(entries.length)
    const requests = entries.map((entry) => requestOf(entry, hasMailer(policy)))
    const outcomes = await issueCodes(codeContextOf(c), actorOf(c), mode, requests)
    const pairs = outcomes.map((outcome, index) => ({ outcome, entry: entries[index] as Entry }))
    const message = { kind: 'issued-code', tenantId: tenant.id, mode, requestedAt: c.get('now') } as const
    const messages = pairs.flatMap(({ outcome, entry }): DeliveryMessage[] => {
      if (outcome.tag !== 'issued' || !isForEmail(entry)) return []
      const { emailKey, codeId, code } = outcome
      return [{ ...message, emailKey, codeId, code, to: mailAddress(entry) ?? null }]
    })
    const areQueued = messages.length === 0 || (await isQueued(c, messages))
    const results = pairs.map(({ outcome, entry }) => {
      const isLost = outcome.tag === 'issued' && isForEmail(entry) && !areQueued
      const result = isLost ? GENERATE_REFUSALS['not-queued'] : resultOf(policy, mode, outcome, entry)
      return { ...result, userDetailsRequestForVerifyCodeGeneration: echo(entry) }
    })
    return c.json(Array.isArray(body) ? results : results[0])
  }
}

/** The codes are issued by now: a failing queue must not keep those to be shown from their answer. */
async function isQueued(c: Context<AppEnv>, messages: readonly DeliveryMessage[]): Promise<boolean> {
  try {
    await queueDeliveries(c, messages)
    return true
  } catch (error) {
    c.get('log').fault = faultName(error)
    return false
  }
}

/** A member that is undefined is not in the answer. */
function resultOf({ mail }: Policy, mode: CodeMode, outcome: Outcome, entry: Entry) {
  const isMailed = isForEmail(entry)
  switch (outcome.tag) {
    case 'issued':
      return {
        status: isMailed ? GENERATED_FOR_EMAIL : GENERATED_FOR_DISPLAY,
        verify_code: isMailed ? undefined : outcome.code,
        verify_code_validity_time: new Date(outcome.expiresAt).toISOString(),
        verify_code_generation_mode: mode,
        verification_Link: mail.resetUrl,
      }
    case 'refused':
      return GENERATE_REFUSALS[outcome.reason]
  }
}
