import { HTTPException } from 'hono/http-exception'
import {
  OVERVIEW_MAX_MS,
  readOverview,
  type AgentCount,
  type EventCount,
} from '../../audit/event-count-store.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { admitKey } from '../../http/key-limits.ts'
import { anomaliesOf } from './anomalies.ts'
import type { ConsoleContext } from './console-env.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A window of up to two days is told by the hour, a longer one by the day (UTC). */
const HOURLY_MAX_MS = 2 * DAY_MS
const COST = 5

/** What is counted, by the name in the answer: the log, the action and, for some, the one detail. */
const SERIES: readonly (readonly [name: Measure, log: 'admin' | 'user', action: string, detail?: string])[] =
  [
    ['generated', 'admin', 'generate', 'issued'],
    ['limited', 'admin', 'generate', 'limited'],
    ['voided', 'admin', 'void', 'voided'],
    ['signIns', 'admin', 'console.sign-in', 'done'],
    ['sent', 'user', 'sent'],
    ['delivered', 'user', 'delivered'],
    ['deliveryFailed', 'user', 'delivery-failed'],
    ['validated', 'user', 'validated'],
    ['redeemed', 'user', 'redeemed'],
    ['locked', 'user', 'locked'],
  ]

type Measure =
  | 'generated'
  | 'limited'
  | 'voided'
  | 'signIns'
  | 'sent'
  | 'delivered'
  | 'deliveryFailed'
  | 'validated'
  | 'redeemed'
  | 'locked'

/** `GET /console/overview`: what has happened in a window, what was refused and why, who did it, and what stands out. */
export async function getOverview(c: ConsoleContext): Promise<Response> {
  const { from, until, stepMs } = windowOf(c)
  await admitKey(c, COST)
  const { counts, agents, askedOften, isComplete } = await readOverview(tenantScopeOf(c), {
    from,
    until,
    stepMs,
  })
  const { issue, send, validate, admin } = c.get('tenant').policy.limits
  const shownAnomalies = anomaliesOf(agents, askedOften).map((each) =>
    'dayAt' in each ? { ...each, dayAt: shownTime(each.dayAt) } : each,
  )
  return c.json({
    from: shownTime(from),
    to: shownTime(until),
    step: stepMs === HOUR_MS ? 'hour' : 'day',
    isComplete,
    series: seriesOf(counts, { from, until, stepMs }),
    agents: agentsOf(agents),
    anomalies: shownAnomalies,
    limits: { issue, send, validate, admin },
  })
}

type Span = { from: number; until: number; stepMs: number }

/** Whole steps, so that each is told in full but for the one that is not over. */
function windowOf(c: ConsoleContext): Span {
  const now = c.get('now')
  const to = instant(c, 'to') ?? now
  const from = instant(c, 'from') ?? to - DAY_MS
  if (
    from >= to ||
    to - from > OVERVIEW_MAX_MS ||
    from < now - OVERVIEW_MAX_MS - HOUR_MS ||
    to > now + DAY_MS
  ) {
    throw new HTTPException(400, { message: 'from must lie before to, and both within the last 31 days.' })
  }
  const stepMs = to - from <= HOURLY_MAX_MS ? HOUR_MS : DAY_MS
  return { from: from - (from % stepMs), until: to + ((stepMs - (to % stepMs)) % stepMs), stepMs }
}

function instant(c: ConsoleContext, name: string): number | undefined {
  const text = c.req.query(name)
  if (text === undefined) return undefined
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z$/.test(text) ? Date.parse(text) : NaN
  if (!Number.isNaN(at)) return at
  throw new HTTPException(400, { message: `${name} must be a time in UTC, such as 2026-11-26T10:00:00Z.` })
}

/** One entry for each step, also where nothing happened. */
function seriesOf(counts: readonly EventCount[], { from, until, stepMs }: Span) {
  const byStep = Map.groupBy(counts, ({ at }) => at)
  return Array.from({ length: Math.round((until - from) / stepMs) }, (_, index) => {
    const at = from + index * stepMs
    const here = byStep.get(at) ?? []
    const sum = (isMeant: (each: EventCount) => boolean) =>
      here.filter(isMeant).reduce((total, { count }) => total + count, 0)
    const measures = SERIES.map(([name, log, action, detail]) => [
      name,
      sum((each) => each.log === log && each.action === action && (detail ?? each.detail) === each.detail),
    ])
    return {
      at: shownTime(at),
      ...(Object.fromEntries(measures) as Record<Measure, number>),
      refused: causesOf(here, 'user', 'refused', []),
      notGenerated: causesOf(here, 'admin', 'generate', ['issued', 'limited']),
    }
  })
}

/** How often something was refused, by the true reason. */
function causesOf(counts: readonly EventCount[], log: string, action: string, but: readonly string[]) {
  const refusals = counts.filter(
    (each) => each.log === log && each.action === action && !but.includes(each.detail),
  )
  return Object.fromEntries(refusals.map(({ detail, count }) => [detail, count]))
}

/** What each key, client and person has done in the window, those who have issued the most first. */
function agentsOf(counts: readonly AgentCount[]) {
  const all = [...Map.groupBy(counts, ({ id }) => id)].map(([id, own]) => {
    const sum = (action: string) =>
      own.filter((each) => each.action === action).reduce((total, { count }) => total + count, 0)
    return { id, name: own[0]?.name ?? null, generated: sum('generate'), voided: sum('void') }
  })
  return all
    .toSorted((one, other) => other.generated - one.generated || other.voided - one.voided)
    .slice(0, 100)
}

function shownTime(at: number): string {
  return new Date(at).toISOString()
}
