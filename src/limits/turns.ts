/** Nobody is made to wait longer for a turn than this. */
const TURN_MS_MAX = 30_000

/** The isolates that wait for units of one bucket, and when each may ask again. */
export class Turns {
  readonly #turnAt = new Map<string, number>()

  /**
   * When this isolate should ask again, epoch ms: at `readyAt`, and no sooner than `turnMs` after those who
   * wait already, so that under overload they do not all come at once. An isolate has one turn at a time.
   */
  take(isolate: string, readyAt: number, turnMs: number, now: number): number {
    let lastAt = -Infinity
    for (const [waiting, at] of this.#turnAt) {
      if (at <= now) this.#turnAt.delete(waiting)
      else lastAt = Math.max(lastAt, at)
    }
    const mine = this.#turnAt.get(isolate)
    if (mine !== undefined) return mine
    const at = Math.min(Math.max(readyAt, lastAt + turnMs), now + TURN_MS_MAX)
    this.#turnAt.set(isolate, at)
    return at
  }

  /** Whether another isolate waits. */
  isContended(isolate: string, now: number): boolean {
    for (const [waiting, at] of this.#turnAt) if (at > now && waiting !== isolate) return true
    return false
  }
}
