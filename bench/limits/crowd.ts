import { Admission, type LimiterAccess } from '../../src/limits/admission.ts'
import type { StoredBucket } from '../../src/limits/bucket.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { TenantBuckets } from '../../src/limits/tenant-buckets.ts'
import { Visitors } from '../../src/limits/visitors.ts'
import { Clock } from './clock.ts'
import { seededRandom } from './random.ts'
import { excessOf } from './simulation.ts'

/**
 * A discrete-event simulation of a tenant's clients: some of them flood with wrong codes, the others each reset a
 * password. It runs the admission code of the service itself, over isolates like those of `simulation.ts`.
 */

export type Crowd = {
  tenant: Rate
  client: Rate
  /** Clients that flood from the first moment to the last, and what all of them send ÷ what the tenant's limit allows. */
  attackers: number
  load: number
  /** Clients that reset a password once each, some time within the duration. */
  others: number
  durationMs: number
  seed: number
}

export type CrowdOutcome = {
  requests: number
  attackersAdmitted: number
  /** Requests of the others, and the fraction of them that was admitted. */
  othersAsked: number
  othersAdmitted: number
  /** The most by which any window passed the tenant's burst + rate × time. */
  excess: number
  callsPerRequest: number
}

const LOCATIONS = 10
const ISOLATES_PER_LOCATION = 4
const ROUND_TRIP_MS_MIN = 3
const ROUND_TRIP_MS_MAX = 80
const DEADLINE_MS = 150
/** What somebody sends who resets a password: two mistakes, the right code, and the same for its redeem. */
const RESET = ['wrong', 'wrong', 'right', 'right'] as const
/** How long they take for each. */
const STEP_MS = 6_000

/** Simulates a crowd from its first request until the last has been answered. */
export async function simulateCrowd(crowd: Crowd): Promise<CrowdOutcome> {
  const { attackers, others, load, tenant, durationMs, seed } = crowd
  const random = seededRandom(seed)
  const world = new CrowdWorld(crowd, random)
  const everyMs = (60_000 * attackers) / (tenant.perMinute * load)
  for (let nth = 0; nth < attackers; nth++) {
    for (let at = random() * everyMs; at < durationMs; at += everyMs * (0.5 + random())) {
      world.requestAt(at, { name: `attacker-${nth}`, location: nth % LOCATIONS, isAttacker: true }, 'wrong')
    }
  }
  for (let nth = 0; nth < others; nth++) {
    let at = random() * (durationMs - RESET.length * STEP_MS * 1.5)
    for (const outcome of RESET) {
      world.requestAt(at, { name: `other-${nth}`, location: nth % LOCATIONS, isAttacker: false }, outcome)
      at += STEP_MS * (0.5 + random())
    }
  }
  await world.clock.run()
  return world.outcome()
}

type Client = { name: string; location: number; isAttacker: boolean }
type Isolate = { admission: Admission; visitors: Visitors; roundTripMs: number }

class CrowdWorld {
  readonly clock = new Clock()
  readonly #crowd: Crowd
  readonly #random: () => number
  readonly #isolates: readonly Isolate[]
  readonly #buckets: TenantBuckets
  readonly #admittedAt: number[] = []
  readonly #asked = { attackers: 0, others: 0 }
  readonly #admitted = { attackers: 0, others: 0 }
  #calls = 0

  constructor(crowd: Crowd, random: () => number) {
    this.#crowd = crowd
    this.#random = random
    this.#isolates = Array.from({ length: LOCATIONS * ISOLATES_PER_LOCATION }, (_, index) =>
      newIsolate(index),
    )
    const storage = new Map<string, StoredBucket>()
    this.#buckets = new TenantBuckets({
      read: () => storage,
      write: (buckets) => buckets.forEach((bucket, key) => storage.set(key, bucket)),
    })
  }

  /** A request comes to any isolate of its client's location. */
  requestAt(at: number, client: Client, outcome: 'right' | 'wrong'): void {
    const nth = Math.floor(this.#random() * ISOLATES_PER_LOCATION)
    const isolate = this.#isolates[client.location + nth * LOCATIONS]
    if (isolate) this.clock.at(at, () => void this.#request(isolate, client, outcome))
  }

  async #request(isolate: Isolate, client: Client, outcome: 'right' | 'wrong'): Promise<void> {
    const who = client.isAttacker ? 'attackers' : 'others'
    this.#asked[who] += 1
    let chargedAt: number | undefined
    const ask: LimiterAccess['ask'] = async (id, asks) => {
      this.#calls += 1
      await this.clock.after(isolate.roundTripMs / 2)
      const answeredAt = this.clock.now
      const answers = this.#buckets.answer(id, asks, answeredAt)
      if (answers.every(({ retryMs }) => retryMs === 0)) chargedAt = answeredAt
      await this.clock.after(isolate.roundTripMs / 2)
      return answers
    }
    const { tenant, client: rate } = this.#crowd
    const demand = { bucket: 'validate', key: 'validate', ...tenant, cost: 1, presentsCode: true } as const
    const decided = await isolate.visitors.decide(
      { ask, ...this.clock.waiting, deadlineMs: DEADLINE_MS },
      'tenant',
      { network: client.name, rate },
      [demand],
      () => this.clock.now,
    )
    if (decided.some(({ decision }) => decision.retryMs > 0)) return
    this.#admitted[who] += 1
    this.#admittedAt.push(chargedAt ?? this.clock.now)
    isolate.admission.count('tenant', outcome, this.clock.now)
    if (outcome === 'right') isolate.visitors.trust('tenant', client.name, this.clock.now)
  }

  outcome(): CrowdOutcome {
    const requests = this.#asked.attackers + this.#asked.others
    return {
      requests,
      attackersAdmitted: this.#admitted.attackers,
      othersAsked: this.#asked.others,
      othersAdmitted: this.#admitted.others / this.#asked.others,
      excess: excessOf(this.#admittedAt, this.#crowd.tenant),
      callsPerRequest: this.#calls / requests,
    }
  }
}

function newIsolate(index: number): Isolate {
  const location = index % LOCATIONS
  const admission = new Admission(`isolate-${index}`)
  return {
    admission,
    visitors: new Visitors(admission),
    roundTripMs: ROUND_TRIP_MS_MIN + ((ROUND_TRIP_MS_MAX - ROUND_TRIP_MS_MIN) * location) / (LOCATIONS - 1),
  }
}
