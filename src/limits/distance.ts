/** The most that a request waits for a limiter, however far it is. */
const DEADLINE_MS_MAX = 800
/** After so many calls one after another, without any answer meanwhile, requests wait the least. */
const MISSES_MAX = 3
/** How fast the mean and the deviation follow, and how many deviations a deadline allows (RFC 6298 §2). */
const MEAN_GAIN = 1 / 8
const DEVIATION_GAIN = 1 / 4
const DEVIATIONS = 4

/** How far a tenant's limiter is from this isolate, learnt from its answers, and how long to wait for it. */
export class Distance {
  #meanMs: number | undefined
  #deviationMs = 0
  #missed = 0
  /** When the last answer came, or the last call was given up, epoch ms. */
  #heardAt = -Infinity

  /** Learns from an answer, in time or late, how long it took. */
  learn(askedAt: number, now: number): void {
    const roundTripMs = now - askedAt
    this.#missed = 0
    this.#heardAt = now
    if (this.#meanMs === undefined) {
      this.#meanMs = roundTripMs
      this.#deviationMs = roundTripMs / 2
      return
    }
    const error = roundTripMs - this.#meanMs
    this.#deviationMs += DEVIATION_GAIN * (Math.abs(error) - this.#deviationMs)
    this.#meanMs += MEAN_GAIN * error
  }

  /** Notes a call that failed, or was not answered in time; of those under way together it counts one. */
  miss(askedAt: number, now: number): void {
    if (askedAt < this.#heardAt) return
    this.#missed += 1
    this.#heardAt = now
  }

  /** The mean time that a call takes, in ms; 0 while nothing is known. */
  get roundTripMs(): number {
    return this.#meanMs ?? 0
  }

  /**
   * How long a request waits, in ms: `leastMs` at least, and at most that or {@link DEADLINE_MS_MAX}.
   * Where refusing is the only fallback, or nothing is known yet, it waits the most.
   */
  deadlineMs(leastMs: number, isPatient: boolean): number {
    const mostMs = Math.max(leastMs, DEADLINE_MS_MAX)
    if (this.#missed >= MISSES_MAX) return leastMs
    if (isPatient || this.#meanMs === undefined) return mostMs
    return Math.min(Math.max(this.#meanMs + DEVIATIONS * this.#deviationMs, leastMs), mostMs)
  }
}
