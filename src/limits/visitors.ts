import { ExpiringMap } from '../expiring-map.ts'
import type { Admission, Decided, LimiterAccess } from './admission.ts'
import type { Rate } from './gcra.ts'
import { KnownClient, modestRate } from './known-client.ts'
import type { Demand } from './tenant-buckets.ts'

/** Clients that an isolate remembers; who was seen longest ago is forgotten first. */
const CLIENTS_MAX = 20_000
/** How long a right code speaks for its client. */
const TRUST_MS = 86_400_000
/** While somebody tries codes on a tenant's users, a client that has shown no right code has this part of its limit. */
const SLOWED_FRACTION = 1 / 6

/** Whom a request comes from, and the limit of each such client. */
export type Visitor = { network: string; rate: Rate }

/**
 * Decides the requests of a tenant's clients in one isolate, so that none can take another's share (docs/limits.md).
 * While the tenant's buckets have plenty, a client that asks for little is known to this isolate alone. Otherwise the
 * tenant's object knows it, and has it leave to others what it has had enough of. Knows no clock.
 */
export class Visitors {
  readonly #clients = new ExpiringMap<KnownClient>(CLIENTS_MAX)
  readonly #trusted = new ExpiringMap<true>(CLIENTS_MAX)
  readonly #admission: Admission

  constructor(admission: Admission) {
    this.#admission = admission
  }

  /**
   * Decides one request against its client's bucket and all others: it is admitted when `retryMs` is 0 in every
   * decision. Otherwise it costs nothing.
   *
   * @param scope the tenant.
   * @throws what {@link Admission.decide} throws; the client is charged then, as far as this isolate knows.
   */
  async decide(
    access: LimiterAccess,
    scope: string,
    { network, rate: limit }: Visitor,
    demands: readonly Demand[],
    clock: () => number,
  ): Promise<readonly Decided[]> {
    const now = clock()
    const isSlowed = demands.some(({ presentsCode }) => presentsCode) && this.#isSlowed(scope, network, now)
    const rate = isSlowed ? slowed(limit) : limit
    const key = `${isSlowed ? 'client-slowed' : 'client'}:${network}`
    const known = this.#known(`${scope} ${key}`, now)
    const own = known.take(rate, now)
    const cost = Math.max(1, known.untold)
    const demand: Demand = { bucket: 'client', key, ...rate, cost, lately: modestRate(limit) }
    const mine = { demand, decision: own }
    if (own.retryMs > 0) return [mine]
    known.tell(cost)
    let decided: readonly Decided[] = []
    try {
      const client = { demand, mayUseLeases: own.isModest }
      decided = await this.#admission.decide(access, scope, demands, clock, client)
    } finally {
      // By a lease, or without an answer: the object has not been told.
      const isTold = decided.some(({ demand }) => demand.lately)
      const isRefused = decided.some(({ decision }) => decision.retryMs > 0)
      if (!isTold || isRefused) known.tell(-cost)
      if (isRefused) known.giveBack(rate, own)
      if (!isTold) decided = [mine, ...decided]
    }
    return decided
  }

  /** Notes that this client has shown a right code. */
  trust(scope: string, network: string, now: number): void {
    this.#trusted.set(`${scope} ${network}`, true, now + TRUST_MS)
  }

  #isSlowed(scope: string, network: string, now: number): boolean {
    return this.#admission.isUnderAttack(scope, now) && !this.#trusted.get(`${scope} ${network}`, now)
  }

  #known(name: string, now: number): KnownClient {
    const before = this.#clients.get(name, now)
    if (before !== undefined) return before
    const known = new KnownClient()
    this.#clients.set(name, known, Infinity)
    return known
  }
}

function slowed({ perMinute, burst }: Rate): Rate {
  return { perMinute: perMinute * SLOWED_FRACTION, burst: Math.ceil(burst * SLOWED_FRACTION) }
}
