import { ExpiringMap } from '../expiring-map.ts'

/** Calls in a row that hung until their deadline, which hold others up. */
const HANGS_MAX = 3
/** Calls in a row that failed, however fast: more than one message fails by itself. */
const FAILURES_MAX = 20
/** How long nobody is called, until one call goes ahead to see. */
const OPEN_MS = 15_000

const TENANTS_MAX = 1_000
/** How long a tenant's failures are remembered after the last of them. */
const MEMORY_MS = 600_000

/** How a call to a hook ended, whatever the hook said. */
export type CallEnd = 'answered' | 'failed' | 'hung'

/** `openUntil` is 0 while the hook is called freely. */
type State = { failures: number; hangs: number; openUntil: number }

const CLOSED: State = { failures: 0, hangs: 0, openUntil: 0 }

/**
 * Which tenants' hooks are not called for a while, as this isolate knows them. A hook that hangs would
 * otherwise hold up what is queued behind it, for its own tenant and for others.
 */
export class Circuit {
  readonly #states = new ExpiringMap<State>(TENANTS_MAX)

  /** How many of so many calls may be made: all of them, one to see whether the hook is well again, or none. */
  admit(tenantId: string, calls: number, now: number): number {
    const state = this.#states.get(tenantId, now) ?? CLOSED
    if (state.openUntil === 0) return calls
    if (state.openUntil > now) return 0
    this.open(tenantId, now)
    return Math.min(1, calls)
  }

  /** Takes note of how a call ended, and says whether the hook may be called on. */
  note(tenantId: string, end: CallEnd, now: number): boolean {
    const state = this.#states.get(tenantId, now)
    if (end === 'answered') {
      if (state !== undefined) this.#states.set(tenantId, CLOSED, now + MEMORY_MS)
      return true
    }
    const { failures, hangs, openUntil } = state ?? CLOSED
    const noted = { failures: failures + 1, hangs: end === 'hung' ? hangs + 1 : hangs, openUntil }
    this.#states.set(tenantId, noted, now + MEMORY_MS)
    if (openUntil === 0 && noted.hangs < HANGS_MAX && noted.failures < FAILURES_MAX) return true
    this.open(tenantId, now)
    return false
  }

  /** Has the hook not called for a while. */
  open(tenantId: string, now: number): void {
    const state = this.#states.get(tenantId, now) ?? CLOSED
    this.#states.set(tenantId, { ...state, openUntil: now + OPEN_MS }, now + MEMORY_MS)
  }
}
