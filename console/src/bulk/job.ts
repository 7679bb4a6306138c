import type { Way } from '../codes/codes.ts'

/**
 * A job for many users, worked off in parts of as many users as one call takes. Each part has an idempotency key, so
 * that a part whose answer was never read is asked for again, and is done once. A job holds no code.
 */

/** Users of one call. */
export const PART_SIZE = 100

export type Action = { tag: 'generate'; way: Way; minutes?: number } | { tag: 'void' }

/** What became of one user: the service's number, and its words where it was not done. */
export type Outcome = { status: number; words?: string }

type Part = { key: string; members: readonly number[]; isDone: boolean }

export type Job = {
  id: string
  action: Action
  createdAt: number
  addresses: readonly string[]
  /** In the order of the addresses; null where there is none yet. */
  outcomes: readonly (Outcome | null)[]
  parts: readonly Part[]
}

/** For how long the service knows a key, less an hour: a job is not taken up after that. */
export const JOB_LIFETIME_MS = 23 * 60 * 60_000

const SUCCESSES = new Set([1000, 1001, 1016])
/** The status of a user whose call was refused as a whole. */
export const REFUSED = 0

export function newJob(addresses: readonly string[], action: Action, now: number): Job {
  return {
    id: crypto.randomUUID(),
    action,
    createdAt: now,
    addresses,
    outcomes: addresses.map(() => null),
    parts: partsOf(addresses.map((_, index) => index)),
  }
}

function partsOf(members: readonly number[]): Part[] {
  return Array.from({ length: Math.ceil(members.length / PART_SIZE) }, (_, index) => ({
    key: crypto.randomUUID(),
    members: members.slice(index * PART_SIZE, (index + 1) * PART_SIZE),
    isDone: false,
  }))
}

/**
 * A job that is taken up in another tab. Codes that were to be seen went with the first one: their parts are asked for
 * again by the same keys, which gives the same codes.
 */
export function resumed(job: Job): Job {
  if (job.action.tag === 'void' || job.action.way === 'EMAIL') return job
  return { ...job, parts: job.parts.map((part) => ({ ...part, isDone: false })) }
}

export function nextPart(job: Job): { index: number; key: string; addresses: string[] } | undefined {
  const index = job.parts.findIndex(({ isDone }) => !isDone)
  const part = job.parts[index]
  if (part === undefined) return undefined
  return { index, key: part.key, addresses: part.members.map((member) => job.addresses[member] ?? '') }
}

/** The job when a part has been answered, with an outcome for each of its users in their order. */
export function withOutcomes(job: Job, index: number, found: readonly Outcome[]): Job {
  const members = job.parts[index]?.members ?? []
  const outcomes = [...job.outcomes]
  for (const [place, member] of members.entries()) {
    outcomes[member] = found[place] ?? { status: REFUSED, words: 'The service did not say.' }
  }
  const parts = job.parts.map((part, at) => (at === index ? { ...part, isDone: true } : part))
  return { ...job, outcomes, parts }
}

/** The job with those anew that have failed: with new keys, since an old key gets the old answer. */
export function retried(job: Job, now: number): Job {
  const failed = job.outcomes.flatMap((outcome, index) =>
    outcome !== null && !isGood(outcome) ? [index] : [],
  )
  const again = new Set(failed)
  return {
    ...job,
    createdAt: now,
    outcomes: job.outcomes.map((outcome, index) => (again.has(index) ? null : outcome)),
    parts: [...job.parts, ...partsOf(failed)],
  }
}

export function isGood({ status }: Outcome): boolean {
  return SUCCESSES.has(status)
}

export function progressOf({ outcomes }: Job): { all: number; done: number; failed: number } {
  const ended = outcomes.filter((outcome) => outcome !== null)
  return { all: outcomes.length, done: ended.length, failed: ended.filter((each) => !isGood(each)).length }
}

/** Whether the service still knows the keys of a job. */
export function isFresh({ createdAt }: Job, now: number): boolean {
  return now - createdAt < JOB_LIFETIME_MS
}

export function wordsOf(outcome: Outcome | null): string {
  switch (outcome?.status) {
    case undefined:
      return 'Waits'
    case 1000:
      return 'Code made'
    case 1001:
      return 'On its way by mail'
    case 1016:
      return 'Voided'
    case 1015:
      return 'Nothing to void'
    case 1002:
      return 'No such user'
    default:
      return 'Failed'
  }
}
