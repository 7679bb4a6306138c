import * as v from 'valibot'
import { oneOf, shortText } from '../tenants/policy-members.ts'
import type { CodeMode } from './code.ts'

/** What somebody sends who voids more than the codes of some users. */

export const CODE_MODES: readonly [CodeMode, CodeMode] = ['PASSWORD_RESET', 'ENROLLMENT']

/** No code lives longer, and an hour for clocks that differ: what was issued before is dead. */
const LIVE_MS_MAX = 25 * 3_600_000

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/
const TIME_FORM = 'must be a time with its offset, such as 2026-11-26T10:00:00Z'

const time = v.pipe(
  v.string(TIME_FORM),
  v.check((text) => TIME.test(text) && !Number.isNaN(Date.parse(text)), TIME_FORM),
)
const flag = v.boolean('must be true or false')

export const sinceSchema = v.optional(time)

/** Every member is known, so that one with a typing error voids nothing it should not. */
export const voidSchema = v.strictObject(
  {
    scope: v.optional(oneOf(['all'])),
    issuedBy: v.optional(shortText(255)),
    since: sinceSchema,
    until: v.optional(time),
    mode: v.optional(oneOf(CODE_MODES)),
    dryRun: v.optional(flag, false),
  },
  'must be an object',
)

/** Which codes are voided. */
export type VoidRequest =
  /** All there are, at once. */
  | { tag: 'all'; modes: readonly CodeMode[] }
  /** Those issued by somebody, in a time, or both; or a count of what would be. They are worked off. */
  | { tag: 'some'; job: VoidJobRequest }

export type VoidJobRequest = {
  isDryRun: boolean
  issuedBy: string | null
  mode: CodeMode | null
  /** Issued at or after the one and by the other, epoch ms. */
  since: number
  until: number
  /** What was asked for, as it is shown again. */
  asked: Record<string, unknown>
}

type Asked = v.InferOutput<typeof voidSchema>

/** @returns what is wrong with the request as a whole, where it is. */
export function voidRequestOf(asked: Asked, now: number): VoidRequest | { tag: 'wrong'; problem: string } {
  const { scope, issuedBy, since, until, mode, dryRun } = asked
  const isSome = issuedBy !== undefined || since !== undefined || until !== undefined
  if (isSome === (scope !== undefined)) {
    return { tag: 'wrong', problem: 'Send either scope "all", or issuedBy, since or until.' }
  }
  if (scope && !dryRun) return { tag: 'all', modes: mode ? [mode] : CODE_MODES }
  const job = {
    isDryRun: dryRun,
    issuedBy: issuedBy ?? null,
    mode: mode ?? null,
    since: Math.max(now - LIVE_MS_MAX, since ? Date.parse(since) : 0),
    until: Math.min(now, until ? Date.parse(until) : now),
    asked,
  }
  if (since && until && Date.parse(since) > Date.parse(until)) {
    return { tag: 'wrong', problem: 'since must not be later than until.' }
  }
  return { tag: 'some', job }
}

/** All that a key has issued since a time: what its quarantine voids. */
export function issuedBySince(issuedBy: string, since: string | undefined, now: number): VoidJobRequest {
  return {
    isDryRun: false,
    issuedBy,
    mode: null,
    since: Math.max(now - LIVE_MS_MAX, since ? Date.parse(since) : 0),
    until: now,
    asked: { issuedBy, since },
  }
}
