import { HOOK_DEADLINE_MS } from '../hooks/webhook.ts'
import { Circuit } from './circuit.ts'

/** How patient the consumer of a queue is with hooks. */
export type Lane = {
  isSlow: boolean
  /** Which hooks are not called for a while. Each lane has its own: what is slow for one is not for the other. */
  circuit: Circuit
  /** How long one call may take. */
  deadlineMs: number
  /** How long the calls of one tenant may take one after another in a batch, before the rest is moved. */
  budgetMs: number
}

/**
 * What all tenants share. Nothing in it waits for a hook longer than a neighbour may wait: a call that
 * takes longer is given up here and made again, by the same id, from the slow lane.
 */
export const FAST_LANE: Lane = { isSlow: false, circuit: new Circuit(), deadlineMs: 1_000, budgetMs: 1_000 }

/** Where the mails of slow hooks wait for each other alone. */
export const SLOW_LANE: Lane = {
  isSlow: true,
  circuit: new Circuit(),
  deadlineMs: HOOK_DEADLINE_MS,
  budgetMs: Infinity,
}
