import { gcra, unitMsOf, type GcraDecision, type Rate } from './gcra.ts'

/** What a client may have of late to be modest: this fraction of its burst, which comes back this much slower. */
const MODEST_FRACTION = 1 / 3
const MODEST_RATE_FRACTION = 1 / 10

/** What an isolate says to one request of a client, by what it has seen of the client itself. */
export type OwnDecision = Pick<GcraDecision, 'remaining' | 'resetMs' | 'retryMs'> & {
  /** Whether the client has lately had little. */
  isModest: boolean
}

/**
 * What one isolate has seen of one client of a tenant. It is exact for what comes to this isolate: it refuses a
 * flood by itself (docs/limits.md).
 */
export class KnownClient {
  /** When the client's bucket is full again, and its modest part, by what was admitted here; epoch ms. */
  #fullAt = 0
  #modestFullAt = 0
  /** Units that the tenant's object has not been told of. */
  #untold = 0

  /** Takes a unit, unless `retryMs` is over 0. */
  take(rate: Rate, now: number): OwnDecision {
    const depthMs = unitMsOf(rate) * rate.burst
    // Of a lowered or raised limit no more than a full burst counts as used.
    const own = gcra(Math.min(this.#fullAt, now + depthMs), rate, 1, now)
    const { isAdmitted, remaining, resetMs, retryMs } = own
    if (!isAdmitted) return { remaining, resetMs, retryMs, isModest: false }
    const modest = gcra(this.#modestFullAt, modestRate(rate), 1, now)
    this.#fullAt = own.fullAt
    this.#modestFullAt = modest.fullAt
    // What has drained since need not be told.
    this.#untold = Math.min(this.#untold + 1, rate.burst - remaining)
    return { remaining, resetMs, retryMs, isModest: modest.isAdmitted }
  }

  /** Gives back the unit of a request that others have refused: what is refused costs nothing. */
  giveBack(rate: Rate, { isModest }: OwnDecision): void {
    this.#fullAt -= unitMsOf(rate)
    if (isModest) this.#modestFullAt -= unitMsOf(modestRate(rate))
    this.#untold = Math.max(0, this.#untold - 1)
  }

  /** Units to tell the object of. */
  get untold(): number {
    return this.#untold
  }

  /** Notes that so many units are told, or are not after all. */
  tell(units: number): void {
    this.#untold = Math.max(0, this.#untold - units)
  }
}

/** How much a client may lately have had to be modest. */
export function modestRate({ perMinute, burst }: Rate): Rate {
  return { perMinute: perMinute * MODEST_RATE_FRACTION, burst: Math.ceil(burst * MODEST_FRACTION) }
}
