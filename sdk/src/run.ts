export type Progress = {
  /** Users whose result was handed over, and how many of these have failed. */
  done: number
  failed: number
  total: number
}

export type RunOptions = {
  concurrency: number
  signal: AbortSignal | undefined
  onProgress: ((progress: Progress) => void) | undefined
}

type Numbered = { index: number; outcome: string }
type Ended<Result> = { self: Promise<Ended<Result>> } & ({ results: Result[] } | { fault: unknown })

/**
 * Many calls, each for some users, and one result for each user. It begins when it is awaited, which gives all results
 * in the order of the users, or iterated, which gives them as they come. It is iterated once.
 */
export type Run<Result> = AsyncIterable<Result> & PromiseLike<Result[]>

/** A run of results that are made as they are taken. */
export function runOf<Result extends Numbered>(results: AsyncGenerator<Result, void>): Run<Result> {
  let isTaken = false
  let all: Promise<Result[]> | undefined
  const run: Run<Result> = {
    [Symbol.asyncIterator]() {
      if (isTaken) throw new TypeError('A run is taken once.')
      isTaken = true
      return results
    },
    // Whoever awaits it without iterating must not be left with nothing done.
    // oxlint-disable-next-line unicorn/no-thenable
    then: (...callbacks) => (all ??= inOrder(run)).then(...callbacks),
  }
  return run
}

async function inOrder<Result extends Numbered>(run: AsyncIterable<Result>): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of run) results.push(result)
  return results.toSorted((one, other) => one.index - other.index)
}

/**
 * Makes a call for each chunk, so many at a time, and yields what they bring as it comes. Whatever stops it, what was
 * finished by then is yielded before it throws: a code that is shown once must not be lost. Nothing new begins while
 * nobody takes the results.
 */
export async function* inChunks<Item, Result extends Numbered>(
  chunks: readonly (readonly Item[])[],
  { concurrency, signal, onProgress }: RunOptions,
  call: (chunk: readonly Item[], number: number, signal: AbortSignal) => Promise<Result[]>,
): AsyncGenerator<Result, void> {
  const left = new AbortController()
  const stop = signal ? AbortSignal.any([signal, left.signal]) : left.signal
  const progress = { done: 0, failed: 0, total: chunks.flat().length }
  const running = new Set<Promise<Ended<Result>>>()
  const faults: unknown[] = []
  const begin = (chunk: readonly Item[], number: number) => {
    const self: Promise<Ended<Result>> = call(chunk, number, stop).then(
      (results) => ({ self, results }),
      (fault: unknown) => ({ self, fault }),
    )
    running.add(self)
  }
  const waiting = [...chunks.entries()]
  try {
    for (;;) {
      const isGoingOn = faults.length === 0 && !stop.aborted
      const room = isGoingOn ? concurrency - running.size : 0
      for (const [number, chunk] of waiting.splice(0, room)) begin(chunk, number)
      if (running.size === 0) break
      const ended = await Promise.race(running)
      running.delete(ended.self)
      if ('fault' in ended) {
        faults.push(ended.fault)
        continue
      }
      yield* ended.results
      progress.done += ended.results.length
      progress.failed += ended.results.filter(({ outcome }) => outcome === 'failed').length
      onProgress?.({ ...progress })
    }
    signal?.throwIfAborted()
    if (faults.length > 0) throw faults[0]
  } finally {
    left.abort()
  }
}
