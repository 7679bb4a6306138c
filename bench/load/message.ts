import type { PlanName } from './plans.ts'

/** What the load process is asked to do: so many requests, one after another on each connection. */
export type Order = {
  url: string
  plan: PlanName
  /** What the requests are made from, apart from the number of their user. */
  context: LoadContext
  connections: number
  /** Requests, numbered from `first`. */
  first: number
  count: number
}

export type LoadContext = {
  token?: string
  /** Distance between the users of consecutive requests. */
  stride?: number
  /** A limiter's key, and its units a minute. */
  key?: string
  limit?: number
}

/** What came of it. A request that was not answered as it must be fails the whole order. */
export type Report =
  | { tag: 'done'; elapsedMs: number; latenciesMs: number[]; statuses: Record<string, number> }
  | { tag: 'failed'; reason: string }
