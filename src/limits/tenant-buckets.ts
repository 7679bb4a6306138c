import { Bucket, type Report, type StoredBucket } from './bucket.ts'
import { unitMsOf, type GcraDecision, type Rate } from './gcra.ts'
import { leaseTerms, turnUnits } from './lease-terms.ts'
import { Turns } from './turns.ts'

/** One bucket that a request must pass. */
export type Demand = Rate & {
  /** What the bucket is called in the answer's headers. */
  bucket: string
  /** What it is stored under; several people may have a bucket of one name. */
  key: string
  /** Units asked for, 1 or more. */
  cost: number
  /** Whether it protects a person, such as a recipient of mail: without an answer the request is refused. */
  protectsPerson?: true
}

/** A demand, with what the asking isolate knows. */
export type Ask = Demand & {
  /** Units a second that the isolate has lately needed, and could use from a lease; 0 when it wants no lease. */
  demandPerSecond: number
  /** How long its calls take, in ms; absent in what an earlier version sends. */
  roundTripMs?: number
  /** What it has used of each of its leases. */
  reports: readonly Report[]
}

/** What a request is told of one bucket. It is admitted when `retryMs` is 0 for every bucket. */
export type Decision = Pick<GcraDecision, 'remaining' | 'resetMs' | 'retryMs'>

/** A decision, with what the isolate may do by itself from now on. */
export type Answer = Decision & {
  lease: { id: string; units: number; ttlMs: number } | undefined
  /** How long the isolate refuses without asking, once its leases are used. */
  holdMs: number
}

/** Where buckets outlive the process. */
export type BucketStorage = {
  /** What is stored under these keys; nothing for those that are not. */
  read(keys: readonly string[]): ReadonlyMap<string, StoredBucket>
  write(buckets: ReadonlyMap<string, StoredBucket>): void
}

/** Buckets in memory. When there are more all are dropped, and read again from storage. */
const BUCKETS_MAX = 10_000
/** The fraction of the burst that is stored as used in advance, if it is no more than a second's units. */
const STORED_AHEAD_FRACTION = 1 / 20
/** How much later than it does the last lease is stored to lapse, so that few leases must be. */
const LAPSES_AHEAD_MS = 1_000
/** With this fraction of the burst left nobody waits for a turn. */
const PLENTY_FRACTION = 1 / 2

type Entry = { bucket: Bucket; turns: Turns; stored: StoredBucket }
type Asked = { ask: Ask; entry: Entry }

/** All buckets of one tenant: decides requests, hands out leases and turns (docs/limits.md). Knows no clock. */
export class TenantBuckets {
  readonly #entries = new Map<string, Entry>()
  readonly #storage: BucketStorage

  constructor(storage: BucketStorage) {
    this.#storage = storage
  }

  /** Takes from every bucket asked for, or from none. */
  answer(isolate: string, asks: readonly Ask[], now: number): Answer[] {
    const asked = this.#load(asks)
    for (const { ask, entry } of asked) {
      // Who waits for a turn under another limit need not.
      if (entry.bucket.adopt(ask, now)) entry.turns = new Turns()
      for (const report of ask.reports) entry.bucket.applyReport(ask, report, now)
    }
    const areAllAdmitted = asked.every(({ ask, entry }) => entry.bucket.decide(ask, ask.cost, now).isAdmitted)
    const answers = asked.map((each) => (areAllAdmitted ? take : refuse)(isolate, each, now))
    this.#store(asked, now)
    return answers
  }

  /** The buckets asked for, those that are not in memory read in one go. */
  #load(asks: readonly Ask[]): Asked[] {
    if (this.#entries.size >= BUCKETS_MAX) this.#entries.clear()
    const missing = asks.map(({ key }) => key).filter((key) => !this.#entries.has(key))
    const stored = missing.length > 0 ? this.#storage.read(missing) : new Map<string, StoredBucket>()
    return asks.map((ask) => {
      const entry = this.#entries.get(ask.key) ?? newEntry(stored.get(ask.key))
      this.#entries.set(ask.key, entry)
      return { ask, entry }
    })
  }

  /** Stores timestamps before the units they stand for are used, and a little ahead, so that few admissions must. */
  #store(asked: readonly Asked[], now: number): void {
    const due = new Map<string, StoredBucket>()
    for (const { ask, entry } of asked) {
      const { bucket, stored } = entry
      const unitMs = unitMsOf(ask)
      const [fullAt, lapsesAt] = [bucket.latestFullAt(ask, now), bucket.lastLapseAt()]
      const isUsed = fullAt > now
      const isCovered = stored.unitMs === unitMs && fullAt <= stored.fullAt && lapsesAt <= stored.lapsesAt
      if (!isUsed || isCovered) continue
      const aheadUnits = Math.floor(Math.min(ask.perMinute / 60, ask.burst * STORED_AHEAD_FRACTION))
      entry.stored = {
        fullAt: fullAt + aheadUnits * unitMs,
        unitMs,
        lapsesAt: lapsesAt > 0 ? lapsesAt + LAPSES_AHEAD_MS : stored.lapsesAt,
      }
      due.set(ask.key, entry.stored)
    }
    if (due.size > 0) this.#storage.write(due)
  }
}

function newEntry(stored: StoredBucket = { fullAt: 0, unitMs: 0, lapsesAt: 0 }): Entry {
  return { bucket: new Bucket(stored), turns: new Turns(), stored }
}

function refuse(isolate: string, { ask, entry: { bucket, turns } }: Asked, now: number): Answer {
  const { remaining, resetMs } = bucket.decide(ask, 0, now)
  const { isAdmitted, retryMs } = bucket.decide(ask, ask.cost, now)
  const untouched = { remaining, resetMs, retryMs: 0, holdMs: 0, lease: undefined }
  if (isAdmitted) return untouched
  const holdMs = turns.take(isolate, now + retryMs, turnMs(ask), now) - now
  // The isolate refuses until its turn, so that coming back before would be in vain.
  return { ...untouched, retryMs: Math.max(retryMs, holdMs), holdMs }
}

function take(isolate: string, { ask, entry: { bucket, turns } }: Asked, now: number): Answer {
  bucket.charge(ask, ask.cost, now)
  const isContended = turns.isContended(isolate, now)
  const terms = leaseTerms(ask, bucket.decide(ask, 0, now).remaining, isContended)
  // Calls of one isolate that cross each other must not each be given all that it needs.
  const units = Math.max(0, terms.units - bucket.leasedTo(isolate))
  const lease =
    units > 0
      ? { id: bucket.lease(isolate, units, now + terms.lapseMs), units, ttlMs: terms.ttlMs }
      : undefined
  const { remaining, resetMs } = bucket.decide(ask, 0, now)
  const isScarce = isContended && remaining < Math.max(turnUnits(ask), ask.burst * PLENTY_FRACTION)
  const holdMs = isScarce
    ? turns.take(isolate, now + unitMsOf(ask), turnMs(ask), now) - now
    : // With nothing left the next request would be refused: it is spared the call.
      bucket.decide(ask, ask.cost, now).retryMs
  return { remaining, resetMs, retryMs: 0, holdMs, lease }
}

function turnMs(ask: Ask): number {
  return turnUnits(ask) * unitMsOf(ask)
}
