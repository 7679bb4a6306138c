import type { StoredBucket } from './bucket.ts'

/** What became of presented codes. */
export type Outcomes = { right: number; wrong: number }

/** Codes are counted in halves of this long; what is judged is the half that runs and the one before. */
const HALF_MS = 300_000
/** An attack begins with so many wrong codes, if they are this fraction of all. */
const WRONG_MIN = 100
const WRONG_FRACTION = 3 / 4
/** It goes on while they are half as many, and this fraction. */
const STILL_WRONG_MIN = 50
const STILL_WRONG_FRACTION = 1 / 2
/** It ends this long after it last went on, and is stored anew when a fifth of that has passed. */
const CALM_MS = 300_000
const RENEWAL_FRACTION = 1 / 5

/** Whether somebody tries codes on a tenant's users, by how many of all presented codes are wrong. Knows no clock. */
export class AttackWatch {
  #halfAt = -Infinity
  #running: Outcomes = { right: 0, wrong: 0 }
  #before: Outcomes = { right: 0, wrong: 0 }
  /** When the attack began and until when it lasts, epoch ms; 0 and 0 when there is none. */
  #since: number
  #until: number

  /** @param stored what {@link count} has returned, if anything. */
  constructor(stored: StoredBucket = { fullAt: 0, unitMs: 0, lapsesAt: 0 }) {
    this.#since = stored.lapsesAt
    this.#until = stored.fullAt
  }

  /** Counts codes; returns what to store, if anything. */
  count({ right, wrong }: Outcomes, now: number): StoredBucket | undefined {
    this.#turn(now)
    this.#running.right += right
    this.#running.wrong += wrong
    const isOn = this.since(now) > 0
    const wrongMin = isOn ? STILL_WRONG_MIN : WRONG_MIN
    const fraction = isOn ? STILL_WRONG_FRACTION : WRONG_FRACTION
    const allWrong = this.#running.wrong + this.#before.wrong
    const all = allWrong + this.#running.right + this.#before.right
    if (allWrong < wrongMin || allWrong < all * fraction) return undefined
    if (isOn && this.#until - now > CALM_MS * (1 - RENEWAL_FRACTION)) return undefined
    if (!isOn) this.#since = now
    this.#until = now + CALM_MS
    return { fullAt: this.#until, unitMs: 0, lapsesAt: this.#since }
  }

  /** When the attack that goes on began, epoch ms; 0 when there is none. */
  since(now: number): number {
    return this.#until > now ? this.#since : 0
  }

  #turn(now: number): void {
    const elapsedMs = now - this.#halfAt
    if (elapsedMs < HALF_MS) return
    this.#before = elapsedMs < 2 * HALF_MS ? this.#running : { right: 0, wrong: 0 }
    this.#running = { right: 0, wrong: 0 }
    this.#halfAt = now
  }
}
