import { Bucket, type Report } from './bucket.ts'
import { unitMsOf, type GcraDecision, type Rate } from './gcra.ts'

/** One bucket that a request must pass. */
export type Demand = Rate & {
  /** What the bucket is called in the answer's headers. */
  bucket: string
  /** What it is stored under; several people may have a bucket of one name. */
  key: string
  /** Units asked for, 1 or more. */
  cost: number
}

/** A demand, with what the asking isolate knows. */
export type Ask = Demand & {
  /** Units a second that the isolate has lately needed, and could use from a lease. */
  demandPerSecond: number
  /** What it has used of its leases since it last asked. */
  reports: readonly Report[]
}

/** A bucket after the decision. The request is admitted when `retryMs` is 0 for every bucket. */
export type Decision = Pick<GcraDecision, 'remaining' | 'resetMs' | 'retryMs'>

/** A decision, with what the isolate may do by itself from now on. */
export type Answer = Decision & {
  lease: { id: string; units: number; ttlMs: number } | undefined
  /** Once refused, or once the lease is used, the isolate need not ask again before this. */
  holdMs: number
}

/** Where timestamps outlive the process. */
export type BucketStorage = {
  /** What is stored under these keys; nothing for those that are not. */
  read(keys: readonly string[]): ReadonlyMap<string, number>
  write(fullAts: ReadonlyMap<string, number>): void
}

/** Fewer units than this on lease are stranded too often. */
const LEASED_UNITS_MIN = 5
/** How long an isolate may use a lease; where it is scarce, no longer than a part of the bucket's depth. */
const LEASE_TTL_MS = 500
const CONTENDED_LEASE_TTL_MS_MAX = 4_000
const CONTENDED_DEPTH_FRACTION = 1 / 4
/** Part of what an isolate seems to need that it surely will: demand is never even. */
const USED_FRACTION = 1 / 2
/** What a report may take on its way, while nobody waits for the units. */
const REPORT_MS = 250
/** Part of what is left that one isolate may lease while there is enough for all. */
const LEASE_FRACTION = 1 / 4
/** Units that one turn is good for under contention: part of a second's, and no fewer than this. */
const TURN_FRACTION = 1 / 10
const TURN_UNITS_MIN = 4
/** Part of the burst that is plenty, so that nobody need wait for a turn. */
const PLENTY_FRACTION = 1 / 2
/** Part of the burst that is stored as used in advance, so that not every admission must be stored. */
const STORED_AHEAD_FRACTION = 1 / 20
/** Buckets in memory; what is dropped is read again from storage. */
const BUCKETS_MAX = 10_000

/** All buckets of one tenant: decides requests, hands out leases and turns. Knows no clock. */
export class TenantBuckets {
  readonly #buckets = new Map<string, { bucket: Bucket; storedFullAt: number }>()
  readonly #storage: BucketStorage

  constructor(storage: BucketStorage) {
    this.#storage = storage
  }

  /** Takes from every bucket asked for, or from none. */
  answer(isolate: string, asks: readonly Ask[], now: number): Answer[] {
    const known = this.#load(asks)
    const decisions = known.map(({ ask, bucket }) => {
      for (const report of ask.reports) bucket.applyReport(ask, report, now)
      return { ask, bucket, decision: bucket.decide(ask, ask.cost, now) }
    })
    const areAllAdmitted = decisions.every(({ decision }) => decision.isAdmitted)
    if (!areAllAdmitted) {
      return decisions.map(({ ask, bucket, decision }) => refuse(isolate, ask, bucket, decision, now))
    }
    const answers = decisions.map(({ ask, bucket }) => take(isolate, ask, bucket, now))
    this.#store(asks, now)
    return answers
  }

  /** The buckets asked for, those that are not in memory read in one go. */
  #load(asks: readonly Ask[]): { ask: Ask; bucket: Bucket }[] {
    if (this.#buckets.size >= BUCKETS_MAX) this.#buckets.clear()
    const missing = asks.map(({ key }) => key).filter((key) => !this.#buckets.has(key))
    const stored = missing.length > 0 ? this.#storage.read(missing) : new Map<string, number>()
    return asks.map((ask) => {
      const storedFullAt = stored.get(ask.key) ?? 0
      const known = this.#buckets.get(ask.key) ?? { bucket: new Bucket(storedFullAt), storedFullAt }
      this.#buckets.set(ask.key, known)
      return { ask, bucket: known.bucket }
    })
  }

  /**
   * Stores timestamps before the units they stand for are used. They run ahead of the truth by a part of
   * the burst, so that few admissions wait for storage; a restart then forgets nothing, and finds a
   * bucket emptier than it was by that part at most.
   */
  #store(asks: readonly Ask[], now: number): void {
    const due = new Map<string, number>()
    for (const ask of asks) {
      const known = this.#buckets.get(ask.key)
      const fullAt = known?.bucket.latestFullAt(ask, now) ?? 0
      if (known === undefined || fullAt <= known.storedFullAt) continue
      const aheadUnits = Math.floor(Math.min(ask.perMinute / 60, ask.burst * STORED_AHEAD_FRACTION))
      known.storedFullAt = fullAt + aheadUnits * unitMsOf(ask)
      due.set(ask.key, known.storedFullAt)
    }
    if (due.size > 0) this.#storage.write(due)
  }
}

function refuse(isolate: string, ask: Ask, bucket: Bucket, decision: GcraDecision, now: number): Answer {
  const { remaining, resetMs } = bucket.decide(ask, 0, now)
  const asked = { remaining, resetMs, lease: undefined }
  if (decision.isAdmitted) return { ...asked, retryMs: 0, holdMs: 0 }
  const holdMs = bucket.turn(isolate, ask, shareOf(ask), now + decision.retryMs, now) - now
  return { ...asked, retryMs: Math.max(decision.retryMs, holdMs), holdMs }
}

function take(isolate: string, ask: Ask, bucket: Bucket, now: number): Answer {
  bucket.charge(ask, ask.cost, now)
  const isContended = bucket.isContended(isolate, now)
  const ttlMs = isContended ? contendedTtlMs(ask) : LEASE_TTL_MS
  const lapsesAt = now + ttlMs + (isContended ? 0 : REPORT_MS)
  // Calls of one isolate that cross each other must not each be given all that it needs.
  const units = Math.max(
    0,
    leasable(ask, bucket.decide(ask, 0, now).remaining, isContended) - bucket.leasedTo(isolate),
  )
  const lease = units > 0 ? { id: bucket.lease(isolate, units, lapsesAt), units, ttlMs } : undefined
  const { remaining, resetMs } = bucket.decide(ask, 0, now)
  // While there is plenty, nobody is made to wait for a turn.
  const isScarce = isContended && remaining < Math.max(shareOf(ask), ask.burst * PLENTY_FRACTION)
  // With nothing left the next one would be refused: it is spared the call.
  const { retryMs } = bucket.decide(ask, ask.cost, now)
  const holdMs = isScarce ? bucket.turn(isolate, ask, shareOf(ask), now + unitMsOf(ask), now) - now : retryMs
  return { remaining, resetMs, retryMs: 0, holdMs, lease }
}

/** Units to hand out beyond those asked for: what the isolate will need, as far as it leaves enough for others. */
function leasable(ask: Ask, remaining: number, isContended: boolean): number {
  if (isContended) return Math.min(shareOf(ask) - ask.cost, remaining)
  const needed = Math.floor((ask.demandPerSecond * LEASE_TTL_MS) / 1000)
  return needed >= LEASED_UNITS_MIN ? Math.min(needed, Math.floor(remaining * LEASE_FRACTION)) : 0
}

/** Units that one turn of this isolate is good for: no more than it will use. */
function shareOf(ask: Ask): number {
  const needed = Math.floor((ask.demandPerSecond * contendedTtlMs(ask) * USED_FRACTION) / 1000)
  const share = Math.max(TURN_UNITS_MIN, Math.ceil((ask.perMinute / 60) * TURN_FRACTION))
  return Math.max(ask.cost, Math.min(ask.burst, share, needed))
}

/** Units on lease do not drain, so that long leases would starve the bucket. */
function contendedTtlMs(rate: Rate): number {
  return Math.min(CONTENDED_LEASE_TTL_MS_MAX, unitMsOf(rate) * rate.burst * CONTENDED_DEPTH_FRACTION)
}
