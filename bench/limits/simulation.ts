import { Admission, type LimiterAccess } from '../../src/limits/admission.ts'
import type { StoredBucket } from '../../src/limits/bucket.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { TenantBuckets, type Demand } from '../../src/limits/tenant-buckets.ts'
import { Clock } from './clock.ts'
import { LocalFallback } from './local-fallback.ts'
import { seededRandom } from './random.ts'

/**
 * A discrete-event simulation of one tenant's requests, spread over many isolates in several locations,
 * with the admission code of the service itself and delays like those of a network. Time is simulated,
 * so it runs in a moment, and a seed makes it repeatable.
 */

export type Scenario = {
  rate: Rate
  /** Requests sent ÷ requests that the rate allows. */
  load: number
  durationMs: number
  seed: number
  /** Fraction of the calls that are lost on their way or on the way back, or find the limiter restarted. */
  faults?: number
  /** Fraction of the calls that are lost. */
  lost?: number
  /** Whether the bucket protects a person, so that nothing passes without an answer. */
  protectsPerson?: true
  /** Round trip from every isolate, without jitter; otherwise each location has its own. */
  roundTripMs?: number
}

export type Outcome = {
  requests: number
  admitted: number
  /** Admitted ÷ what the limit allows: all requests below it, burst + rate × time above. */
  admittedFraction: number
  /** The most by which any window passed burst + rate × time; 0 when none did. */
  excess: number
  callsPerRequest: number
  /** Mean wait for the limiter, over all requests. */
  addedMs: number
  /** Requests that the fallback decided, as admitted and as refused. */
  fallback: { admitted: number; refused: number }
  /** Requests that were admitted neither by the limiter nor by the fallback. */
  refused: number
  /** Isolates with many requests over 30 seconds or more of which none was admitted. */
  starved: number
}

const ISOLATES = 40
const LOCATIONS = 10
/** Round trip from the nearest and the farthest location to the Durable Object, with jitter on top. */
const ROUND_TRIP_MS_MIN = 3
const ROUND_TRIP_MS_MAX = 80
const JITTER_FRACTION = 0.3
/** As in wrangler.toml. */
const DEADLINE_MS = 150

/** Simulates a scenario from its first request until the last has been answered. */
export async function simulate(scenario: Scenario): Promise<Outcome> {
  const { rate, load, durationMs, seed } = scenario
  const random = seededRandom(seed)
  const world = new World(scenario, random)
  const perMs = (rate.perMinute / 60_000) * load
  const pick = zipf(ISOLATES, random)
  for (let at = -Math.log(1 - random()) / perMs; at < durationMs; at -= Math.log(1 - random()) / perMs) {
    world.requestAt(at, pick())
  }
  await world.clock.run()
  return world.outcome(scenario)
}

type Isolate = {
  admission: Admission
  location: number
  roundTripMs: number
  asked: number
  firstAt: number
  admitted: number
}

/** One tenant's limiter, the isolates that ask it, and what became of their requests. */
class World {
  readonly clock = new Clock()
  readonly #isolates: Isolate[]
  readonly #storage = new Map<string, StoredBucket>()
  #buckets = newBuckets(this.#storage)
  readonly #demand: Demand
  readonly #faults: number
  readonly #lost: number
  readonly #random: () => number
  readonly #decidedAt: number[] = []
  readonly #fallback = new LocalFallback()
  #requests = 0
  #calls = 0
  #waitedMs = 0

  constructor(scenario: Scenario, random: () => number) {
    const { rate, faults = 0, lost = 0, roundTripMs, protectsPerson } = scenario
    this.#faults = faults
    this.#lost = lost
    this.#demand = {
      bucket: 'validate',
      key: 'validate',
      ...rate,
      cost: 1,
      ...(protectsPerson && { protectsPerson }),
    }
    this.#random = random
    this.#isolates = Array.from({ length: ISOLATES }, (_, index) => newIsolate(index, roundTripMs))
  }

  requestAt(at: number, index: number): void {
    const isolate = this.#isolates[index]
    if (isolate) this.clock.at(at, () => void this.#request(isolate))
  }

  async #request(isolate: Isolate): Promise<void> {
    const sentAt = this.clock.now
    this.#requests += 1
    if (isolate.asked++ === 0) isolate.firstAt = sentAt
    let chargedAt: number | undefined
    const ask: LimiterAccess['ask'] = async (id, asks) => {
      const { answers, answeredAt } = await this.#call(isolate, id, asks)
      if (answers.every(({ retryMs }) => retryMs === 0)) chargedAt = answeredAt
      return answers
    }
    const access = { ask, ...this.clock.waiting, deadlineMs: DEADLINE_MS }
    const decisions = await isolate.admission
      .decide(access, 'tenant', [this.#demand], () => this.clock.now)
      .catch(() => undefined)
    const answeredAt = this.clock.now
    this.#waitedMs += answeredAt - sentAt
    if (decisions === undefined && this.#demand.protectsPerson) return
    if (decisions === undefined) return this.#fallback.decide(isolate.location, answeredAt)
    if (!decisions.every(({ decision }) => decision.retryMs === 0)) return
    isolate.admitted += 1
    // By the limiter, or here by what it lent.
    this.#decidedAt.push(chargedAt ?? answeredAt)
  }

  /** One call of the object, which may get lost on its way or on the way back, or find it restarted. */
  async #call(isolate: Isolate, id: string, asks: Parameters<LimiterAccess['ask']>[1]) {
    this.#calls += 1
    const oneWayMs = (isolate.roundTripMs / 2) * (1 + JITTER_FRACTION * this.#random())
    await this.clock.after(oneWayMs)
    const answeredAt = this.clock.now
    const fate = this.#fate()
    if (fate === 'lost there') return new Promise<never>(() => undefined)
    if (fate === 'restart') this.#buckets = newBuckets(this.#storage)
    const answers = this.#buckets.answer(id, asks, answeredAt)
    await this.clock.after(oneWayMs)
    return fate === 'lost back' ? new Promise<never>(() => undefined) : { answers, answeredAt }
  }

  #fate(): 'lost there' | 'lost back' | 'restart' | undefined {
    const lot = this.#random()
    if (lot < this.#lost) return lot < this.#lost / 2 ? 'lost there' : 'lost back'
    const faulty = (lot - this.#lost) / this.#faults
    if (!(faulty < 1)) return undefined
    return faulty < 1 / 3 ? 'lost there' : faulty < 2 / 3 ? 'restart' : 'lost back'
  }

  outcome({ rate, load, durationMs }: Scenario): Outcome {
    const admitted = this.#decidedAt.length
    const allowed = (rate.perMinute / 60_000) * durationMs + rate.burst
    return {
      requests: this.#requests,
      admitted,
      admittedFraction: admitted / (load < 1 ? this.#requests : allowed),
      excess: excessOf(this.#decidedAt, rate),
      callsPerRequest: this.#calls / this.#requests,
      addedMs: this.#waitedMs / this.#requests,
      fallback: this.#fallback.decided,
      refused: this.#requests - admitted - this.#fallback.decided.admitted,
      starved: this.#isolates.filter((isolate) => isStarved(isolate, durationMs)).length,
    }
  }
}

function newBuckets(storage: Map<string, StoredBucket>): TenantBuckets {
  return new TenantBuckets({
    read: () => storage,
    write: (buckets) => buckets.forEach((bucket, key) => storage.set(key, bucket)),
  })
}

function newIsolate(index: number, roundTripMs?: number): Isolate {
  const location = index % LOCATIONS
  const ownMs = ROUND_TRIP_MS_MIN + ((ROUND_TRIP_MS_MAX - ROUND_TRIP_MS_MIN) * location) / (LOCATIONS - 1)
  return {
    admission: new Admission(`isolate-${index}`),
    location,
    roundTripMs: roundTripMs ?? ownMs,
    asked: 0,
    firstAt: 0,
    admitted: 0,
  }
}

function isStarved({ asked, firstAt, admitted }: Isolate, durationMs: number): boolean {
  return asked > 30 && durationMs - firstAt >= 30_000 && admitted === 0
}

/** By how much admissions, epoch ms each, pass burst + rate × time in the worst window. Parts of a unit are rounding. */
export function excessOf(admissions: readonly number[], { perMinute, burst }: Rate): number {
  const perMs = perMinute / 60_000
  let level = 0
  let last = 0
  let excess = 0
  for (const at of admissions.toSorted((a, b) => a - b)) {
    level = Math.max(0, level - (at - last) * perMs) + 1
    last = at
    excess = Math.max(excess, level - burst)
  }
  return excess
}

/** Draws an isolate, the first the busiest: load is never even. */
function zipf(count: number, random: () => number): () => number {
  const weights = Array.from({ length: count }, (_, index) => 1 / (index + 1) ** 0.8)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return () => {
    let left = random() * total
    return weights.findIndex((weight) => (left -= weight) <= 0)
  }
}
