import { canonicalEmailAddress } from '../../codes/email-address.ts'
import type { IssueRequest } from '../../codes/issue.ts'
import { isRecord, ownMember } from '../../record.ts'
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
  }
}

/** What the entry asks for, or what is wrong with it whoever the user is. */
export function requestOf(
  { email, customEmail, validity, unit, sendTo }: Entry,
  hasMailer: boolean,
): IssueRequest<GenerateFault> {
  const emailAddress = typeof email === 'string' ? email : ''
  const faulty = (fault: GenerateFault) => ({ tag: 'faulty' as const, emailAddress, fault })
  if (typeof email !== 'string') return faulty('bad-entry')
  const ttlMs = validityMs(validity, unit)
  if (ttlMs === undefined) return faulty('bad-validity')
  if (isWord(sendTo, 'DISPLAY')) return { tag: 'wanted', emailAddress, ttlMs, isFreshStart: true }
  if (!isForEmail({ sendTo })) return faulty('bad-delivery')
  if (!hasMailer) return faulty('no-mailer')
  if (mailAddress({ customEmail }) === undefined) return faulty('bad-custom-email')
  return { tag: 'wanted', emailAddress, ttlMs, isFreshStart: false }
}

/** Whether the code is to be mailed rather than shown. */
export function isForEmail({ sendTo }: Pick<Entry, 'sendTo'>): boolean {
  return isWord(sendTo, 'EMAIL')
}

/** Whether somebody else than the user sees the code: whoever asks, or whoever reads another address. */
export function isShown(entry: Entry): boolean {
  return !isForEmail(entry) || mailAddress(entry) !== null
}

/** The other address to mail the code to, null for the user's own, nothing when it is not an address. */
export function mailAddress({ customEmail }: Pick<Entry, 'customEmail'>): string | null | undefined {
  if (customEmail === undefined || customEmail === '') return null
  return typeof customEmail === 'string' ? canonicalEmailAddress(customEmail) : undefined
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
