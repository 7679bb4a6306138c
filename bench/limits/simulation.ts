import { Admission, type LimiterAccess } from '../../src/limits/admission.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { TenantBuckets, type Demand } from '../../src/limits/tenant-buckets.ts'
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
  /** Isolates with many requests over 30 seconds or more of which none was admitted. */
  starved: number
}

const ISOLATES = 40
const LOCATIONS = 10
/** Round trip from the nearest and the farthest location to the Durable Object, with jitter on top. */
const ROUND_TRIP_MS_MIN = 3
const ROUND_TRIP_MS_MAX = 80
const JITTER_FRACTION = 0.3

type Event = { at: number; run: () => void }

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
  roundTripMs: number
  asked: number
  firstAt: number
  admitted: number
}

/** One tenant's limiter, the isolates that ask it, and what became of their requests. */
class World {
  readonly clock = new Clock()
  readonly #isolates: Isolate[]
  readonly #storage = new Map<string, number>()
  #buckets = newBuckets(this.#storage)
  readonly #demand: Demand
  readonly #faults: number
  readonly #random: () => number
  readonly #decidedAt: number[] = []
  #requests = 0
  #calls = 0
  #waitedMs = 0

  constructor({ rate, faults = 0 }: Scenario, random: () => number) {
    this.#faults = faults
    this.#demand = { bucket: 'validate', key: 'validate', ...rate, cost: 1 }
    this.#random = random
    this.#isolates = Array.from({ length: ISOLATES }, (_, index) => newIsolate(index))
  }

  requestAt(at: number, index: number): void {
    const isolate = this.#isolates[index]
    if (isolate) this.clock.at(at, () => void this.#request(isolate))
  }

  async #request(isolate: Isolate): Promise<void> {
    const sentAt = this.clock.now
    this.#requests += 1
    if (isolate.asked++ === 0) isolate.firstAt = sentAt
    let askedAt: number | undefined
    const ask: LimiterAccess['ask'] = async (id, asks) => {
      this.#calls += 1
      const oneWayMs = (isolate.roundTripMs / 2) * (1 + JITTER_FRACTION * this.#random())
      await this.clock.after(oneWayMs)
      askedAt = this.clock.now
      const fault =
        this.#faults > 0 && this.#random() < this.#faults ? Math.floor(this.#random() * 3) : undefined
      if (fault === 0) throw new Error('lost on its way')
      if (fault === 1) this.#buckets = newBuckets(this.#storage)
      const answers = this.#buckets.answer(id, asks, askedAt)
      await this.clock.after(oneWayMs)
      if (fault === 2) throw new Error('lost on the way back')
      return answers
    }
    const decisions = await isolate.admission
      .decide({ ask, within: (answer) => answer }, 'tenant', [this.#demand], () => this.clock.now)
      // The fallback would decide, which is not simulated.
      .catch(() => undefined)
    const answeredAt = this.clock.now
    this.#waitedMs += answeredAt - sentAt
    if (decisions?.every(({ retryMs }) => retryMs === 0) !== true) return
    isolate.admitted += 1
    // By the limiter, or here by what it lent.
    this.#decidedAt.push(askedAt ?? answeredAt)
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
      starved: this.#isolates.filter((isolate) => isStarved(isolate, durationMs)).length,
    }
  }
}

function newBuckets(storage: Map<string, number>): TenantBuckets {
  return new TenantBuckets({
    read: () => storage,
    write: (fullAts) => fullAts.forEach((fullAt, key) => storage.set(key, fullAt)),
  })
}

function newIsolate(index: number): Isolate {
  const location = index % LOCATIONS
  const roundTripMs =
    ROUND_TRIP_MS_MIN + ((ROUND_TRIP_MS_MAX - ROUND_TRIP_MS_MIN) * location) / (LOCATIONS - 1)
  return { admission: new Admission(`isolate-${index}`), roundTripMs, asked: 0, firstAt: 0, admitted: 0 }
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

/** Simulated time: runs what is due, in order, and lets promises settle in between. */
class Clock {
  now = 0
  readonly #queue: Event[] = []

  at(at: number, run: () => void): void {
    this.#queue.push({ at, run })
    this.#rise(this.#queue.length - 1)
  }

  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.now + delayMs, resolve)
    })
  }

  async run(): Promise<void> {
    for (let event = this.#take(); event; event = this.#take()) {
      this.now = event.at
      event.run()
      // What the event set going runs up to its next delay before time moves on.
      for (let turn = 0; turn < 24; turn++) await Promise.resolve()
    }
  }

  #take(): Event | undefined {
    const [first] = this.#queue
    const last = this.#queue.pop()
    if (first !== undefined && last !== undefined && this.#queue.length > 0) {
      this.#queue[0] = last
      this.#sink()
    }
    return first
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfEarlier(index, parent)) return
      index = parent
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const left = 2 * index + 1
      const right = left + 1
      const isRightEarlier = (this.#queue[right]?.at ?? Infinity) < (this.#queue[left]?.at ?? Infinity)
      const child = isRightEarlier ? right : left
      if (child >= this.#queue.length || !this.#swapIfEarlier(child, index)) return
      index = child
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const [low, high] = [this.#queue[child], this.#queue[parent]]
    if (low === undefined || high === undefined || low.at >= high.at) return false
    this.#queue[child] = high
    this.#queue[parent] = low
    return true
  }
}
