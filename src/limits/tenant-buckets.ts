import { AttackWatch, type Outcomes } from './attack-watch.ts'
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
  /**
   * Of the bucket of whoever asks: how much they may lately have had without leaving anything to others. The more of
   * that they have had, the smaller are the other buckets for them.
   */
  lately?: Rate
  /** Whether it presents a code, so that what became of codes is told along with it. */
  presentsCode?: true
}

/** A demand, with what the asking isolate knows. */
export type Ask = Demand & {
  /** Units a second that the isolate has lately needed, and could use from a lease; 0 when it wants no lease. */
  demandPerSecond: number
  /** How long its calls take, in ms; absent in what an earlier version sends. */
  roundTripMs?: number
  /** What it has used of each of its leases. */
  reports: readonly Report[]
  /** What became of the codes presented to that isolate since it last told. */
  outcomes?: Outcomes
}

/** What a request is told of one bucket. It is admitted when `retryMs` is 0 for every bucket. */
export type Decision = Pick<GcraDecision, 'remaining' | 'resetMs' | 'retryMs'>

/** A decision, with what the isolate may do by itself from now on. */
export type Answer = Decision & {
  lease: { id: string; units: number; ttlMs: number } | undefined
  /** How long the isolate refuses without asking, once its leases are used. */
  holdMs: number
  /** When the attack on the tenant's codes began, epoch ms; 0 when there is none, absent where no code is presented. */
  attackSince?: number
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

/** Units that a wrong code costs beside the one of its request. */
const WRONG_SURCHARGE = 1
/** What clients may have by leases, where the object does not see them, is only what is above this fraction. */
const SEEN_FRACTION = 3 / 4
/** The fraction of a burst that is kept for clients that have lately had little. */
const KEPT_FRACTION = 1 / 3
/** A client that must leave the rest to others waits for so many of its own units. */
const LEAVING_UNITS = 4
/** What the attack is stored under, among the buckets: no demand has this key. */
const ATTACK_KEY = '(attack)'

type Entry = { bucket: Bucket; turns: Turns; stored: StoredBucket }
type Asked = { ask: Ask; entry: Entry }

/** All buckets of one tenant: decides requests, hands out leases and turns (docs/limits.md). Knows no clock. */
export class TenantBuckets {
  readonly #entries = new Map<string, Entry>()
  readonly #storage: BucketStorage
  #attacks: AttackWatch | undefined

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
      if (ask.outcomes) surcharge(entry.bucket, ask, ask.outcomes, now)
    }
    const areAllAdmitted = asked.every(({ ask, entry }) => entry.bucket.decide(ask, ask.cost, now).isAdmitted)
    const leaving = areAllAdmitted ? this.#leaving(isolate, asked, now) : undefined
    const isOfClient = asks.some(({ lately }) => lately)
    const answers =
      leaving ??
      asked.map((each) =>
        areAllAdmitted ? take(isolate, each, isOfClient, now) : refuse(isolate, each, now),
      )
    this.#store(asked, now)
    return answers.map((answer, index) => {
      const { presentsCode, outcomes } = asks[index] as Ask
      return presentsCode ? { ...answer, attackSince: this.#watch(outcomes, now) } : answer
    })
  }

  /**
   * The answers to a client that must leave what is left to others, if it must. It alone is held, not whoever asks
   * for the same buckets beside it.
   */
  #leaving(isolate: string, asked: readonly Asked[], now: number): Answer[] | undefined {
    const client = asked.find(({ ask }) => ask.lately)
    if (client?.ask.lately === undefined) return undefined
    const rate = client.ask.lately
    const measure = { ...client.ask, ...rate, key: `${client.ask.key}:lately`, cost: 0 }
    const [lately] = this.#load([measure]) as [Asked]
    const { remaining } = lately.entry.bucket.decide(rate, 0, now)
    const had = 1 - remaining / rate.burst
    if (asked.every((each) => isLeft(each, had, now))) {
      lately.entry.bucket.charge(rate, Math.min(client.ask.cost, remaining), now)
      this.#store([lately], now)
      return undefined
    }
    const readyAt = now + LEAVING_UNITS * unitMsOf(client.ask)
    const holdMs = client.entry.turns.take(isolate, readyAt, turnMs(client.ask), now) - now
    return asked.map(({ ask, entry: { bucket } }) => {
      const { remaining, resetMs } = bucket.decide(ask, 0, now)
      const heldMs = ask.lately ? holdMs : 0
      return { remaining, resetMs, retryMs: heldMs, holdMs: heldMs, lease: undefined }
    })
  }

  /** Counts what became of codes, and says since when there is an attack. */
  #watch(outcomes: Outcomes | undefined, now: number): number {
    this.#attacks ??= new AttackWatch(this.#storage.read([ATTACK_KEY]).get(ATTACK_KEY))
    const changed = outcomes && this.#attacks.count(outcomes, now)
    if (changed) this.#storage.write(new Map([[ATTACK_KEY, changed]]))
    return this.#attacks.since(now)
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

/** Whether a bucket has enough for a client that has had this fraction of what it lately may. */
function isLeft({ ask, entry: { bucket } }: Asked, had: number, now: number): boolean {
  if (ask.lately || ask.protectsPerson) return true
  const burst = Math.max(ask.cost, Math.ceil(ask.burst * (1 - had * KEPT_FRACTION)))
  return bucket.decide({ ...ask, burst }, ask.cost, now).isAdmitted
}

/**
 * Charges wrong codes once more. Nobody uses these units: they make the bucket emptier, and admit nothing. They do
 * not touch what is left to clients that have had little, or else wrong codes would take it.
 */
function surcharge(bucket: Bucket, { perMinute, burst }: Ask, { wrong }: Outcomes, now: number): void {
  const rate = { perMinute, burst: Math.floor(burst * (1 - KEPT_FRACTION)) }
  const { remaining } = bucket.decide(rate, 0, now)
  bucket.charge(rate, Math.min(wrong * WRONG_SURCHARGE, remaining), now)
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

function take(
  isolate: string,
  { ask, entry: { bucket, turns } }: Asked,
  isOfClient: boolean,
  now: number,
): Answer {
  bucket.charge(ask, ask.cost, now)
  const left = bucket.decide(ask, 0, now).remaining
  // Who uses a lease is not seen here: while there is no plenty, each client must be, and none is waited for.
  const isContended = !isOfClient && turns.isContended(isolate, now)
  const lendable = isOfClient ? left - ask.burst * SEEN_FRACTION : left
  const terms = leaseTerms(ask, Math.max(0, lendable), isContended)
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
