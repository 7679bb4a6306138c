/** What a location admits in a window while the object does not answer, as in wrangler.toml. */
const WINDOW_LIMIT = 100
const WINDOW_MS = 10_000

/** The coarse limit that every location applies by itself when the tenant's limiter does not answer. */
export class LocalFallback {
  readonly decided = { admitted: 0, refused: 0 }
  readonly #counts = new Map<string, number>()

  decide(location: number, now: number): void {
    const window = `${location} ${Math.floor(now / WINDOW_MS)}`
    const count = (this.#counts.get(window) ?? 0) + 1
    this.#counts.set(window, count)
    this.decided[count <= WINDOW_LIMIT ? 'admitted' : 'refused'] += 1
  }
}
