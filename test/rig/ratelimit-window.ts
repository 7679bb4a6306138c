/** Requests that the ratelimit bindings admit in a window of theirs, as in vitest.config.ts. */
export const WINDOW_LIMIT = 20
/** The length of the window, as in vitest.config.ts. Windows go by the real clock, whatever a test does to its own. */
const PERIOD_MS = 60_000
const ROUNDS_MAX = 3

/**
 * Does what must see one window alone, and does it again when a window has turned meanwhile. Each round must
 * count under keys of its own.
 *
 * @throws {Error} when no round was over within its window.
 */
export async function inOneWindow<Value>(round: (nth: number) => Promise<Value>): Promise<Value> {
  const windowNow = () => Math.floor(Date.now() / PERIOD_MS)
  for (let nth = 1; nth <= ROUNDS_MAX; nth++) {
    const window = windowNow()
    const value = await round(nth)
    if (windowNow() === window) return value
  }
  throw new Error(`no round of ${ROUNDS_MAX} was over within ${PERIOD_MS} ms`)
}

/** Uses up what a binding admits of this key. */
export async function useUp(binding: RateLimit, key: string): Promise<void> {
  for (let nth = 0; nth < WINDOW_LIMIT; nth++) await binding.limit({ key })
}
