import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../app-env.ts'
import type { CodeMode } from '../codes/code.ts'
import { issueCodes, type IssueOutcome } from '../codes/lifecycle.ts'
import { hasMailer } from '../delivery/mailer.ts'
import type { DeliveryMessage } from '../delivery/message.ts'
import { queueDeliveries } from '../delivery/outbox.ts'
import { faultName } from '../log.ts'
import { isRecord, readJson } from '../request-body.ts'
import { actorOf, codeContextOf } from '../request-context.ts'
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
    const { policy } = c.var.tenant
    const entries = [body].flat().map((entry) => readEntry(entry, policy.code.ttlMinutes))
    requireUserCount(entries.length)
    const requests = entries.map((entry) => requestOf(entry, hasMailer(policy)))
    const outcomes = await issueCodes(codeContextOf(c), actorOf(c), mode, requests)
    const pairs = outcomes.map((outcome, index) => ({ outcome, entry: entries[index] as Entry }))
    const messages = pairs.flatMap(({ outcome, entry }) => messageOf(c, mode, outcome, entry))
    const areQueued = await isQueued(c, messages)
    const results = pairs.map(({ outcome, entry }) => {
      const isLost = outcome.tag === 'issued' && isForEmail(entry) && !areQueued
      const result = isLost ? GENERATE_REFUSALS['not-queued'] : resultOf(c, mode, outcome, entry)
      return { ...result, ...echo(entry) }
    })
    return c.json(Array.isArray(body) ? results : results[0])
  }
}

/** The message that mails an issued code, if the entry asks for that. */
function messageOf(
  { var: { tenant, now } }: Context<AppEnv>,
  mode: CodeMode,
  outcome: Outcome,
  entry: Entry,
): DeliveryMessage[] {
  if (outcome.tag !== 'issued' || !isForEmail(entry)) return []
  const { emailKey, codeId, code } = outcome
  const to = mailAddress(entry) ?? null
  return [{ kind: 'issued-code', tenantId: tenant.id, emailKey, mode, codeId, code, to, requestedAt: now }]
}

/** The codes are issued by now: a failing queue must not keep those to be shown from their answer. */
async function isQueued(c: Context<AppEnv>, messages: readonly DeliveryMessage[]): Promise<boolean> {
  try {
    await queueDeliveries(c, messages)
    return true
  } catch (error) {
    c.var.log.fault = faultName(error)
    return false
  }
}

function resultOf({ var: { tenant } }: Context<AppEnv>, mode: CodeMode, outcome: Outcome, entry: Entry) {
  const { resetUrl } = tenant.policy.mail
  const isMailed = isForEmail(entry)
  switch (outcome.tag) {
    case 'issued':
      return {
        status: isMailed ? GENERATED_FOR_EMAIL : GENERATED_FOR_DISPLAY,
        ...(!isMailed && { verify_code: outcome.code }),
        verify_code_validity_time: new Date(outcome.expiresAt).toISOString(),
        verify_code_generation_mode: mode,
        ...(resetUrl !== undefined && { verification_Link: resetUrl }),
      }
    case 'refused':
      return GENERATE_REFUSALS[outcome.reason]
  }
}
