import { simulate, type Outcome } from '../limits/simulation.ts'
import { decimal } from '../report/figures.ts'
import type { Table, Target } from '../report/section.ts'

/** Tenants of three sizes, the second with the default limit of validate. */
const TENANTS = [
  { perSecond: 2, burst: 20, durationMs: 120_000 },
  { perSecond: 50, burst: 300, durationMs: 60_000 },
  { perSecond: 1_000, burst: 6_000, durationMs: 20_000 },
]
const ROUND_TRIPS_MS = [80, 200, 400]
const LOADS = [0.9, 3]
const LOST = 0.01
/** 60 sends to one address in a minute, of which its bucket allows the burst and one more. */
const SENDS = {
  rate: { perMinute: 1, burst: 1 },
  load: 60,
  durationMs: 60_000,
  protectsPerson: true,
} as const
const MAILS_MAX = 2

type Row = { who: string; roundTripMs: number; load: number; outcome: Outcome }

/** The same simulation with an object that is far from every isolate, and calls that are lost. */
export async function far(seed: number): Promise<{ tables: Table[]; targets: Target[] }> {
  const [rows, sends]: [Row[], Row[]] = [[], []]
  for (const roundTripMs of ROUND_TRIPS_MS) {
    for (const { perSecond, burst, durationMs } of TENANTS) {
      for (const load of LOADS) {
        const rate = { perMinute: perSecond * 60, burst }
        const outcome = await simulate({ rate, load, durationMs, seed, roundTripMs, lost: LOST })
        rows.push({ who: `${perSecond}/s`, roundTripMs, load, outcome })
      }
    }
    const outcome = await simulate({ ...SENDS, seed, roundTripMs, lost: LOST })
    sends.push({ who: 'one address', roundTripMs, load: SENDS.load, outcome })
  }
  return {
    tables: [
      {
        head: [
          'tenant',
          'round trip, ms',
          'load',
          'requests',
          'refused',
          'let through by the fallback',
          'excess',
          'object calls per request',
          'added, ms',
        ],
        rows: rows.map(cellsOf),
      },
      {
        head: ['round trip, ms', 'sends to one address', 'mails'],
        rows: sends.map(({ roundTripMs, outcome: { requests, admitted } }) =>
          [roundTripMs, requests, admitted].map(String),
        ),
      },
    ],
    targets: [...rows.flatMap(targetsOf), ...sends.map(mailsTargetOf)],
  }
}

function cellsOf({ who, roundTripMs, load, outcome }: Row): string[] {
  const { requests, refused, fallback, excess, callsPerRequest, addedMs } = outcome
  return [
    who,
    String(roundTripMs),
    `${load}×`,
    requests.toLocaleString('en'),
    refused.toLocaleString('en'),
    String(fallback.admitted),
    decimal(excess, 2),
    decimal(callsPerRequest, 3),
    decimal(addedMs, 1),
  ]
}

function targetsOf({ who, roundTripMs, load, outcome }: Row): Target[] {
  const where = `${who} at ${load}×, ${roundTripMs} ms away`
  const { excess, refused } = outcome
  return [
    { what: `${where}, units over burst + rate × time`, value: excess, most: 1e-6, unit: '', digits: 2 },
    ...(load < 1 ? [{ what: `${where}, refused`, value: refused, most: 0, unit: '', digits: 0 }] : []),
  ]
}

function mailsTargetOf({ roundTripMs, outcome: { admitted } }: Row): Target {
  const what = `${SENDS.load} sends to one address, ${roundTripMs} ms away, mails`
  return { what, value: admitted, most: MAILS_MAX, unit: '', digits: 0 }
}
