import type { AgentCount, AskedOften } from '../../audit/event-count-store.ts'

/** What stands out. Nobody is accused by it: it says where to look. */

const DAY_MS = 86_400_000
/** An agent stands out with so many times what the others have issued in the day, and no fewer than so many codes. */
const TIMES_OTHERS = 5
const CODES_MIN = 20

export type Anomaly =
  /** An agent has issued far more codes in a day than the others do. `typical` is the median of these. */
  | { kind: 'agent'; id: string; name: string | null; dayAt: number; count: number; typical: number }
  /** A user was asked for again and again within 24 hours. */
  | { kind: 'user'; userId: string; count: number }

export function anomaliesOf(agents: readonly AgentCount[], askedOften: readonly AskedOften[]): Anomaly[] {
  const issued = agents.filter(({ action }) => action === 'generate')
  const busy = issued.flatMap((agent): Anomaly[] => {
    const { id, name, dayAt, count } = agent
    const others = othersOf(issued, agent)
    const typical = median(others)
    // Somebody's first day has nothing to compare it with.
    const isFarAbove = others.length > 0 && count >= CODES_MIN && count >= TIMES_OTHERS * Math.max(1, typical)
    return isFarAbove ? [{ kind: 'agent', id, name, dayAt, count, typical }] : []
  })
  return [...busy, ...askedOften.map((each): Anomaly => ({ kind: 'user', ...each }))]
}

/** What each of the others has issued in a day, in the week up to that day. An agent alone is compared with its own other days. */
function othersOf(issued: readonly AgentCount[], { id, dayAt }: AgentCount): number[] {
  const week = issued.filter((each) => each.dayAt > dayAt - 7 * DAY_MS && each.dayAt <= dayAt)
  const others = week.filter((each) => each.id !== id)
  const own = week.filter((each) => each.id === id && each.dayAt !== dayAt)
  return (others.length > 0 ? others : own).map(({ count }) => count)
}

function median(counts: readonly number[]): number {
  const sorted = counts.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
