import { ExpiringMap } from '../expiring-map.ts'
import type { Outcomes } from './attack-watch.ts'
import { Distance } from './distance.ts'
import { KnownBucket } from './known-bucket.ts'
import type { Answer, Ask, Decision, Demand } from './tenant-buckets.ts'

/** The way of one request to its tenant's Durable Object. */
export type LimiterAccess = {
  /** Asks, in one call; `isolate` is the random name of the asking isolate. */
  ask(isolate: string, asks: Ask[]): Promise<Answer[]>
  /** Waits for an answer so many milliseconds, and throws when they are over. */
  within<Value>(answer: Promise<Value>, ms: number): Promise<Value>
  /** Lets something go on after the request is answered. */
  afterwards(work: Promise<unknown>): void
  /** The least that a request waits for the object, in ms; a far object is given longer. */
  deadlineMs: number
  /** Is told when an attack on the tenant's codes has begun, or ended: when it began, epoch ms, and whether it goes on. */
  attackChanged?(since: number, isOn: boolean): void
}

/** Buckets that an isolate remembers, and tenants; what was used longest ago is forgotten first. */
const KNOWN_MAX = 10_000
const TENANTS_MAX = 1_000
/** How long an answer is waited for after its request has gone on without it. */
const LATE_MS = 2_000
/** How long an attack is believed in without news of it. */
const ATTACK_NEWS_MS = 60_000

/** What was decided of one bucket. */
export type Decided = { demand: Demand; decision: Decision }

/** Whose request it is, and whether it may be admitted by what the isolate has on lease, which the object does not see. */
export type AskingClient = { demand: Demand; mayUseLeases: boolean }

type Pair = { demand: Demand; bucket: KnownBucket }

/** What an isolate knows of a tenant beside its buckets. */
type Known = {
  distance: Distance
  /** What became of codes that the object has not been told of. */
  outcomes: Outcomes
  /** When the attack began, epoch ms, and when that was last heard; 0 when there is none. */
  attackSince: number
  heardAt: number
}

/** One request on its way: what it asks for, and how long it may wait for an answer. */
type Request = {
  access: LimiterAccess
  /** All buckets, and those but the client's. */
  all: readonly Pair[]
  pairs: readonly Pair[]
  known: Known
  deadlineMs: number
}

/**
 * Decides requests in one isolate: by a hold, by leases, or by asking the tenant's Durable Object
 * (docs/limits.md). Knows no clock and no binding.
 */
export class Admission {
  readonly #buckets = new ExpiringMap<KnownBucket>(KNOWN_MAX)
  readonly #tenants = new ExpiringMap<Known>(TENANTS_MAX)
  readonly #isolate: string

  constructor(isolate: string) {
    this.#isolate = isolate
  }

  /**
   * Decides one request against all its buckets: it is admitted when `retryMs` is 0 in every decision.
   *
   * @param scope what the demands' keys are unique within: the tenant.
   * @param client who asks; its bucket is asked for with the others, and is no need of a call by itself.
   * @returns a decision for each demand, and one for the client where the object was asked or has it held.
   * @throws what `ask` and `within` throw, unless leases suffice; nothing is used then.
   */
  async decide(
    access: LimiterAccess,
    scope: string,
    demands: readonly Demand[],
    clock: () => number,
    client?: AskingClient,
  ): Promise<readonly Decided[]> {
    const arrivedAt = clock()
    const mayUseLeases = client?.mayUseLeases ?? true
    const pairOf = (demand: Demand) => ({
      demand,
      bucket: this.#count(scope, demand, mayUseLeases, arrivedAt),
    })
    const pairs = demands.map(pairOf)
    const all = client ? [pairOf(client.demand), ...pairs] : pairs
    const decideAlone = (now: number) =>
      refuseAlone(all, now) ?? (mayUseLeases ? admitAlone(pairs, now) : undefined)
    const decided = decideAlone(arrivedAt)
    if (decided !== undefined) return decided
    const known = this.#knownOf(scope, arrivedAt)
    const isPatient = demands.some(({ protectsPerson }) => protectsPerson)
    const deadlineMs = known.distance.deadlineMs(access.deadlineMs, isPatient)
    const request = { access, all, pairs, known, deadlineMs }
    // An answer to others, and one to itself: no request waits longer than twice.
    const lastAskAt = arrivedAt + deadlineMs
    for (let asking = askingOf(all); asking && clock() <= lastAskAt; asking = askingOf(all)) {
      await answered(request, asking)
      const learnt = decideAlone(clock())
      if (learnt !== undefined) return learnt
    }
    return this.#ask(request, clock)
  }

  /** Counts what became of a presented code; the next call for codes tells the object. */
  count(scope: string, outcome: keyof Outcomes, now: number): void {
    this.#knownOf(scope, now).outcomes[outcome] += 1
  }

  /** Whether somebody tries codes on the tenant's users, as far as this isolate has heard. */
  isUnderAttack(scope: string, now: number): boolean {
    const { attackSince, heardAt } = this.#knownOf(scope, now)
    return attackSince > 0 && now - heardAt < ATTACK_NEWS_MS
  }

  async #ask(request: Request, clock: () => number): Promise<readonly Decided[]> {
    const { access, all, pairs, known } = request
    const askedAt = clock()
    const asking = this.#answer(request, askedAt, clock)
    // A late answer is learnt from too: what it charged, lends and holds, and how far the object is.
    access.afterwards(access.within(asking, LATE_MS).catch(() => undefined))
    for (const { bucket } of all) bucket.awaitAnswer(asking)
    try {
      const decided = await access.within(asking, request.deadlineMs)
      const refusing = decided.find(({ decision }) => decision.retryMs > 0)
      // What is on lease is the isolate's to use, also when the object has no more to lend; but not for a client
      // that has had enough.
      if (refusing === undefined || refusing.demand.lately) return decided
      return useLeases(pairs, clock()) ?? decided
    } catch (error) {
      const now = clock()
      known.distance.miss(askedAt, now)
      const decided = useLeases(pairs, now)
      if (decided === undefined) throw error
      return decided
    } finally {
      stopWaitingFor(asking, all)
    }
  }

  /** Asks the object and learns its answer, however late it comes. */
  async #answer(
    { access, all, pairs, known }: Request,
    askedAt: number,
    clock: () => number,
  ): Promise<readonly Decided[]> {
    const { distance } = known
    // A request for several buckets must ask for the others anyway: a lease of one would save no call.
    const isLeasable = pairs.length === 1
    const asks = all.map(({ demand, bucket }) => ({
      ...bucket.ask(demand, isLeasable && !demand.lately, askedAt, distance.roundTripMs),
      ...(demand.presentsCode && { outcomes: takeOutcomes(known) }),
    }))
    const answers = await access.ask(this.#isolate, asks)
    distance.learn(askedAt, clock())
    learnOfAttack(access, known, answers, askedAt)
    return all.map(({ demand, bucket }, index) => ({
      demand,
      decision: bucket.learn(answers[index] as Answer, demand.cost, askedAt),
    }))
  }

  #count(scope: string, demand: Demand, mayUseLeases: boolean, now: number): KnownBucket {
    const name = `${scope} ${demand.key}`
    let bucket = this.#buckets.get(name, now)
    if (bucket === undefined) {
      bucket = new KnownBucket(demand, now)
      this.#buckets.set(name, bucket, Infinity)
    }
    bucket.count(demand, mayUseLeases, now)
    return bucket
  }

  #knownOf(scope: string, now: number): Known {
    const before = this.#tenants.get(scope, now)
    if (before !== undefined) return before
    const known = {
      distance: new Distance(),
      outcomes: { right: 0, wrong: 0 },
      attackSince: 0,
      heardAt: 0,
    }
    this.#tenants.set(scope, known, Infinity)
    return known
  }
}

function takeOutcomes(known: Known): Outcomes {
  const { outcomes } = known
  known.outcomes = { right: 0, wrong: 0 }
  return outcomes
}

function learnOfAttack(
  access: LimiterAccess,
  known: Known,
  answers: readonly Answer[],
  askedAt: number,
): void {
  const since = answers.find(({ attackSince }) => attackSince !== undefined)?.attackSince
  // Answers may cross: an older one says nothing new.
  if (since === undefined || askedAt < known.heardAt) return
  const before = known.attackSince
  known.attackSince = since
  known.heardAt = askedAt
  if (since !== before) access.attackChanged?.(since || before, since > 0)
}

/** The call of another request that this one may wait for, if any. */
function askingOf(pairs: readonly Pair[]): Promise<unknown> | undefined {
  return pairs.find(({ bucket }) => bucket.asking !== undefined)?.bucket.asking
}

/** Waits for the call of another request. If that request was cut off, the next one asks anew. */
async function answered({ access, all, deadlineMs }: Request, asking: Promise<unknown>): Promise<void> {
  try {
    await access.within(asking, deadlineMs)
  } finally {
    stopWaitingFor(asking, all)
  }
}

function stopWaitingFor(asking: Promise<unknown>, pairs: readonly Pair[]): void {
  for (const { bucket } of pairs) if (bucket.asking === asking) bucket.asking = undefined
}

/** The refusal of a request for a bucket that is held, if one is. */
function refuseAlone(pairs: readonly Pair[], now: number): readonly Decided[] | undefined {
  if (!pairs.some(({ demand, bucket }) => bucket.isHeld(demand.cost, now))) return undefined
  return pairs.map(({ demand, bucket }) => ({ demand, decision: bucket.refuse(demand.cost, now) }))
}

/** The admission of a request by leases that need not be renewed yet. */
function admitAlone(pairs: readonly Pair[], now: number): readonly Decided[] | undefined {
  return pairs.some(({ bucket }) => bucket.isRenewalDue(now)) ? undefined : useLeases(pairs, now)
}

/** Uses leases, if they suffice for every bucket. */
function useLeases(pairs: readonly Pair[], now: number): readonly Decided[] | undefined {
  if (!pairs.every(({ demand, bucket }) => bucket.isLeased(demand.cost, now))) return undefined
  return pairs.map(({ demand, bucket }) => ({ demand, decision: bucket.use(demand.cost, now) }))
}
