import { simulate, type Outcome } from './simulation.ts'

/** Tenants of three sizes, by what they may do in a second. */
const TENANTS = [
  { perSecond: 2, burst: 20, durationMs: 120_000 },
  { perSecond: 100, burst: 100, durationMs: 60_000 },
  { perSecond: 5_000, burst: 5_000, durationMs: 20_000 },
]
const LOADS = [0.9, 3, 20]
const SEED = 20_261_122

export type Row = { perSecond: number; load: number; outcome: Outcome; targets: string[] }

/** Every tenant under every load, with the targets that apply and whether they are reached. */
export async function limitsTable(): Promise<Row[]> {
  const rows: Row[] = []
  for (const { perSecond, burst, durationMs } of TENANTS) {
    for (const load of LOADS) {
      const rate = { perMinute: perSecond * 60, burst }
      const outcome = await simulate({ rate, load, durationMs, seed: SEED })
      rows.push({ perSecond, load, outcome, targets: targetsOf(perSecond, load, outcome) })
    }
  }
  return rows
}

function targetsOf(perSecond: number, load: number, outcome: Outcome): string[] {
  const { excess, admittedPart, callsPerRequest, starved } = outcome
  const target = (text: string, isReached: boolean) => `${text}: ${isReached ? 'reached' : 'NOT reached'}`
  return [
    target('never above burst + rate', excess <= 1e-6),
    ...(load < 1 ? [target('admitted ≥ 0.98', admittedPart >= 0.98)] : []),
    ...(load === 20 || (load < 1 && perSecond >= 5_000)
      ? [target('calls ≤ 0.05', callsPerRequest <= 0.05)]
      : []),
    target('nobody starved', starved === 0),
  ]
}

if (import.meta.main) {
  for (const { perSecond, load, outcome, targets } of await limitsTable()) {
    const { requests, admittedPart, excess, callsPerRequest, addedMs, starved } = outcome
    console.log(
      `${perSecond}/s at ${load}×: ${requests} requests, admitted ${admittedPart.toFixed(3)}, excess ${excess.toFixed(2)}, calls ${callsPerRequest.toFixed(3)}, +${addedMs.toFixed(1)} ms, starved ${starved} | ${targets.join('; ')}`,
    )
  }
}
