import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../app-env.ts'
import type { CodeMode } from '../codes/code.ts'
import { issueCodes, type IssueOutcome, type IssueRequest } from '../codes/lifecycle.ts'
import { actorOf, codeContextOf } from '../request-context.ts'
import { isRecord, ownMember, readJson } from '../request-body.ts'
import { asText, readAlias, requireUserCount } from './bulk.ts'
import { GENERATED_FOR_DISPLAY, GENERATE_REFUSALS, type GenerateFault } from './result-codes.ts'

/** The vendor's bounds on how long a code is valid, in minutes. */
const VALIDITY_MINUTES_MIN = 10
const VALIDITY_MINUTES_MAX = 24 * 60

/** One entry of the request under our names, its defaults filled in, its types still unchecked. */
type Entry = {
  email: unknown
  customEmail: unknown
  validity: unknown
  unit: unknown
  sendTo: unknown
}

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
    const { code, mail } = c.var.tenant.policy
    const entries = [body].flat().map((entry) => readEntry(entry, code.ttlMinutes))
    requireUserCount(entries.length)
    const requests = entries.map(requestOf)
    const outcomes = await issueCodes(codeContextOf(c), actorOf(c), mode, requests)
    const results = entries.map((entry, index) => {
      const outcome = outcomes[index]
      if (outcome === undefined) throw new Error('every request has an outcome')
      return { ...resultOf(outcome, mode, mail.resetUrl), ...echo(entry) }
    })
    return c.json(Array.isArray(body) ? results : results[0])
  }
}

function readEntry(entry: unknown, ttlMinutes: number): Entry {
  const record = isRecord(entry) ? entry : {}
  const validity = readAlias(record, 'code_validity', 'codeValidity')
  const unit = readAlias(record, 'validity_time_duration_unit', 'validityTimeDurationUnit')
  const isDefault = validity === undefined && unit === undefined
  return {
    // An entry that is no object is wrapped, so that a bare string is never taken for an address.
    email: isRecord(entry) ? ownMember(entry, 'email') : [entry],
    customEmail: readAlias(record, 'custom_email', 'customEmail'),
    validity: isDefault ? String(ttlMinutes) : validity,
    unit: isDefault ? 'MIN' : unit,
    sendTo: readAlias(record, 'code_send_to', 'codeSendTo') ?? 'DISPLAY',
  }
}

function requestOf({ email, validity, unit, sendTo }: Entry): IssueRequest<GenerateFault> {
  const emailAddress = typeof email === 'string' ? email : ''
  const faulty = (fault: GenerateFault) => ({ tag: 'faulty' as const, emailAddress, fault })
  if (typeof email !== 'string') return faulty('bad-entry')
  const ttlMs = validityMs(validity, unit)
  if (ttlMs === undefined) return faulty('bad-validity')
  switch (asText(sendTo).toUpperCase()) {
    case 'DISPLAY':
      return { tag: 'wanted', emailAddress, ttlMs }
    case 'EMAIL':
      return faulty('no-mailer')
    default:
      return faulty('bad-delivery')
  }
}

/** Milliseconds, or nothing where the pair is incomplete, not a whole number or out of bounds. */
function validityMs(validity: unknown, unit: unknown): number | undefined {
  const text = asText(validity)
  const minutesPerUnit = new Map([
    ['MIN', 1],
    ['HOUR', 60],
  ]).get(asText(unit).toUpperCase())
  if (!/^\d{1,5}$/.test(text) || minutesPerUnit === undefined) return undefined
  const minutes = Number(text) * minutesPerUnit
  const isWithin = minutes >= VALIDITY_MINUTES_MIN && minutes <= VALIDITY_MINUTES_MAX
  return isWithin ? minutes * 60_000 : undefined
}

function resultOf(outcome: IssueOutcome<GenerateFault>, mode: CodeMode, resetUrl: string | undefined) {
  switch (outcome.tag) {
    case 'issued':
      return {
        status: GENERATED_FOR_DISPLAY,
        verify_code: outcome.code,
        verify_code_validity_time: new Date(outcome.expiresAt).toISOString(),
        verify_code_generation_mode: mode,
        ...(resetUrl !== undefined && { verification_Link: resetUrl }),
      }
    case 'refused':
      return GENERATE_REFUSALS[outcome.reason]
  }
}

/** The entry as it was understood. Without `custom_email` unless sent: a known client breaks on it. */
function echo({ email, customEmail, validity, unit, sendTo }: Entry) {
  return {
    userDetailsRequestForVerifyCodeGeneration: {
      email: asText(email),
      ...(customEmail !== undefined && { custom_email: asText(customEmail) }),
      code_validity: asText(validity),
      validity_time_duration_unit: asText(unit),
      code_send_to: asText(sendTo),
    },
  }
}
