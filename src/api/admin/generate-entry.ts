import { canonicalEmailAddress, domainOf } from '../../codes/email-address.ts'
import type { IssueRequest } from '../../codes/issue.ts'
import { isReason } from '../../codes/reason.ts'
import type { Channel } from '../../database/schema.ts'
import { hasMailer } from '../../delivery/mailer.ts'
import { isRecord, ownMember } from '../../record.ts'
import type { Policy } from '../../tenants/policy.ts'
import { asText, isWord, readAlias } from './bulk.ts'
import type { GenerateFault } from './result-codes.ts'

/** The vendor's bounds on how long a code is valid, in minutes. */
const VALIDITY_MINUTES_MIN = 10
const VALIDITY_MINUTES_MAX = 24 * 60

/** One entry of the request, with the service's names and defaults. Its types are still unchecked. */
export type Entry = {
  email: unknown
  customEmail: unknown
  validity: unknown
  unit: unknown
  sendTo: unknown
  /** Ours: why the rules of the desk are to be passed. */
  glassReason?: unknown
}

/** Reads one entry, whatever it is. */
export function readEntry(entry: unknown, ttlMinutes: number): Entry {
  const record = isRecord(entry) ? entry : {}
  const validity = readAlias(record, 'code_validity', 'codeValidity')
  const unit = readAlias(record, 'validity_time_duration_unit', 'validityTimeDurationUnit')
  const isDefault = validity === undefined && unit === undefined
  return {
    // An entry that is not an object becomes a list, so that a bare string is not taken for an address.
    email: isRecord(entry) ? ownMember(entry, 'email') : [entry],
    customEmail: readAlias(record, 'custom_email', 'customEmail'),
    validity: isDefault ? String(ttlMinutes) : validity,
    unit: isDefault ? 'MIN' : unit,
    sendTo: readAlias(record, 'code_send_to', 'codeSendTo') ?? 'DISPLAY',
    glassReason: readAlias(record, 'break_glass_reason', 'breakGlassReason'),
  }
}

/**
 * What the entry asks for, or what is wrong with it whoever the user is.
 *
 * @param policy what it must keep to; nothing where that was judged before.
 */
export function requestOf(entry: Entry, policy?: Policy): IssueRequest<GenerateFault> {
  const { email, validity, unit, glassReason } = entry
  const emailAddress = typeof email === 'string' ? email : ''
  const way = wayOf(entry, canonicalEmailAddress(emailAddress))
  const faulty = (fault: GenerateFault) => ({ tag: 'faulty' as const, emailAddress, ...way, fault })
  if (typeof email !== 'string') return faulty('bad-entry')
  const ttlMs = validityMs(validity, unit)
  if (ttlMs === undefined) return faulty('bad-validity')
  const fault = policy && faultOfWay(way, policy)
  if (fault !== undefined) return faulty(fault)
  if (glassReason !== undefined && !isReason(glassReason)) return faulty('bad-reason')
  return { tag: 'wanted', emailAddress, ...way, ttlMs, isFreshStart: way.channel === 'DISPLAY' }
}

/** Which way the code is to go. An administrator who names the user's own address asks for what is the default. */
function wayOf({ customEmail, sendTo }: Entry, ownKey: string | undefined): Way {
  const to = (channel: Channel | null, customKey: string | null = null) => ({ channel, customKey })
  if (isWord(sendTo, 'DISPLAY')) return to('DISPLAY')
  if (!isWord(sendTo, 'EMAIL')) return to(null)
  if (customEmail === undefined || customEmail === '') return to('EMAIL')
  const key = typeof customEmail === 'string' ? canonicalEmailAddress(customEmail) : undefined
  return key !== undefined && key === ownKey ? to('EMAIL') : to('custom', key ?? null)
}

type Way = Pick<IssueRequest<never>, 'channel' | 'customKey'>

function faultOfWay({ channel, customKey }: Way, policy: Policy): GenerateFault | undefined {
  if (channel === 'DISPLAY') return undefined
  if (channel === null) return 'bad-delivery'
  if (!hasMailer(policy)) return 'no-mailer'
  if (channel === 'EMAIL') return undefined
  if (customKey === null) return 'bad-custom-email'
  const { customEmail } = policy.code
  if (customEmail === 'any') return undefined
  if (customEmail === 'off') return 'custom-email-off'
  // Whole domains alone: who may read mail to a sub-domain is for the tenant to say.
  return customEmail.domains.includes(domainOf(customKey)) ? undefined : 'custom-email-domain'
}

/** Milliseconds, or nothing where the pair is incomplete, not a whole number or out of bounds. */
function validityMs(validity: unknown, unit: unknown): number | undefined {
  const text = asText(validity)
  if (!/^\d{1,5}$/.test(text) || !(isWord(unit, 'MIN') || isWord(unit, 'HOUR'))) return undefined
  const minutes = Number(text) * (isWord(unit, 'HOUR') ? 60 : 1)
  const isWithin = minutes >= VALIDITY_MINUTES_MIN && minutes <= VALIDITY_MINUTES_MAX
  return isWithin ? minutes * 60_000 : undefined
}

/**
 * The entry as it was understood. `custom_email` is in it only where one was asked for: a known client,
 * which sends it as null, breaks on every member that it does not know.
 */
export function echo({ email, customEmail, validity, unit, sendTo }: Entry) {
  const hasCustomEmail = customEmail !== undefined && customEmail !== ''
  return {
    email: asText(email),
    custom_email: hasCustomEmail ? asText(customEmail) : undefined,
    code_validity: asText(validity),
    validity_time_duration_unit: asText(unit),
    code_send_to: asText(sendTo),
  }
}
