import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

/** What has happened in a window of time, as the console's own endpoint tells it. */

export type Step = {
  at: string
  generated: number
  limited: number
  voided: number
  signIns: number
  sent: number
  delivered: number
  deliveryFailed: number
  validated: number
  redeemed: number
  locked: number
  /** How often codes were refused, and why there was no code: by the true cause. */
  refused: Record<string, number>
  notGenerated: Record<string, number>
}

export type Agent = { id: string; name: string | null; generated: number; voided: number }

export type Anomaly =
  | { kind: 'agent'; id: string; name: string | null; dayAt: string; count: number; typical: number }
  | { kind: 'user'; userId: string; count: number }

type Rate = { perMinute: number; burst: number }

export type Overview = {
  from: string
  to: string
  step: 'hour' | 'day'
  isComplete: boolean
  series: Step[]
  agents: Agent[]
  anomalies: Anomaly[]
  limits: { issue: { perHour: number; perDay: number }; send: Rate; validate: Rate; admin: Rate }
}

const AGAIN_MS = 1500
const FRESH_MS = 60_000

/** The last so many milliseconds. What is not counted yet is asked for again. */
export function overviewQuery(spanMs: number) {
  return queryOptions({
    queryKey: ['overview', spanMs],
    placeholderData: keepPreviousData,
    staleTime: FRESH_MS,
    queryFn: ({ signal }) => {
      const now = Date.now()
      const query = new URLSearchParams({
        from: new Date(now - spanMs).toISOString(),
        to: new Date(now).toISOString(),
      })
      return call<Overview>('GET', `/console/overview?${String(query)}`, { signal })
    },
    refetchInterval: ({ state: { data } }) => (data?.isComplete === false ? AGAIN_MS : FRESH_MS),
  })
}

/** The sums of what stands by its cause in each step, the most frequent first. */
export function causes(
  series: readonly Step[],
  of: 'refused' | 'notGenerated',
): [cause: string, count: number][] {
  const sums = new Map<string, number>()
  for (const step of series) {
    for (const [cause, count] of Object.entries(step[of])) sums.set(cause, (sums.get(cause) ?? 0) + count)
  }
  return [...sums].toSorted(([, one], [, other]) => other - one)
}

export function total(
  series: readonly Step[],
  of: 'generated' | 'sent' | 'redeemed' | 'voided' | 'limited',
): number {
  return series.reduce((sum, step) => sum + step[of], 0)
}
