/** The longest that a timer can be set to. */
export const WAIT_MS_MAX = 2 ** 31 - 1

/**
 * Waits.
 *
 * @throws the signal's reason, at once, when it is aborted.
 */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    await orAborted(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), signal)
  } finally {
    clearTimeout(timer)
  }
}

/** What is awaited, or the signal's reason where that comes first. */
export function orAborted<Value>(
  awaited: Promise<Value>,
  signal: AbortSignal | null | undefined,
): Promise<Value> {
  if (!signal) return awaited
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    awaited.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

export type Queue = (ms: number, signal?: AbortSignal) => Promise<void>

/** Waits of callers one after the other: those whom one limit has told to wait would else all come back at once. */
export function newQueue(): Queue {
  let last = Promise.resolve()
  return (ms, signal) => {
    const mine = last.then(() => sleep(ms, signal))
    last = mine.catch(() => undefined)
    return mine
  }
}
