import { CallError } from '../api/call.ts'
import { API_PAGE, isNarrowed, matches, readPage, type Entry, type Filter, type LogName } from './logs.ts'

/** Reads a log from its newest event on, as far as somebody looks. */

export type Read = { entries: Entry[]; looked: number; total: number; isEnd: boolean }

type Progress = (looked: number, total: number) => void

/** How long is waited where the service does not say. */
const PAUSE_S = 3

/**
 * The events of a filter, the newest first. The service has them the other way round, so that its last page comes
 * first. What was read is kept: a page further on costs only what lies between.
 */
export class LogReader {
  readonly #log: LogName
  readonly #filter: Filter
  readonly #found: Entry[] = []
  #total: number | undefined
  /** The page of the service that comes next; below 0 there is none. */
  #next = 0
  #looked = 0

  constructor(log: LogName, filter: Filter) {
    this.#log = log
    this.#filter = filter
  }

  /** Reads until so many are found, or there are no more. */
  async read(count: number, onProgress: Progress, signal: AbortSignal): Promise<Read> {
    await this.#begin(signal)
    while (this.#found.length < count && this.#next >= 0) {
      const { entries } = await this.#page(this.#next, signal)
      this.#next -= 1
      this.#looked += entries.length
      this.#found.push(...entries.toReversed().filter((entry) => matches(entry, this.#filter)))
      onProgress(this.#looked, this.#total ?? 0)
    }
    const isEnd = this.#next < 0 && this.#found.length <= count
    return { entries: this.#found, looked: this.#looked, total: this.#total ?? 0, isEnd }
  }

  /** How many there are, where that is known without looking through them. */
  get count(): number | undefined {
    return isNarrowed(this.#filter) ? undefined : this.#total
  }

  async #begin(signal: AbortSignal): Promise<void> {
    if (this.#total !== undefined) return
    const { total } = await this.#page(0, signal)
    this.#total = total
    this.#next = Math.ceil(total / API_PAGE) - 1
  }

  /** A page, however often the service asks to wait. */
  async #page(number: number, signal: AbortSignal) {
    for (;;) {
      try {
        return await readPage(this.#log, this.#filter, number, signal)
      } catch (error) {
        if (!(error instanceof CallError) || ![429, 503].includes(error.status)) throw error
        await wait((error.retryAfterS ?? PAUSE_S) * 1000, signal)
      }
    }
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new DOMException('Nobody waits any more.', 'AbortError'))
    })
  })
}
