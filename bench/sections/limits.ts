import { simulate, type Outcome } from '../limits/simulation.ts'
import type { Load } from '../load/load.ts'
import { decimal } from '../report/figures.ts'
import type { Section, Target } from '../report/section.ts'
import { far } from './far.ts'

/** Tenants of three sizes, by what they may do in a second, and how long each is simulated. */
const TENANTS = [
  { perSecond: 2, burst: 20, durationMs: 120_000 },
  { perSecond: 100, burst: 100, durationMs: 60_000 },
  { perSecond: 5_000, burst: 5_000, durationMs: 20_000 },
]
const LOADS = [0.9, 3, 20]
const SEED = 20_261_122

type Row = { perSecond: number; load: number; outcome: Outcome }

/** Every tenant under every load, in simulated time. */
export async function limits(_: Load, say: (line: string) => void): Promise<Section> {
  const rows: Row[] = []
  for (const { perSecond, burst, durationMs } of TENANTS) {
    for (const load of LOADS) {
      const rate = { perMinute: perSecond * 60, burst }
      const outcome = await simulate({ rate, load, durationMs, seed: SEED })
      rows.push({ perSecond, load, outcome })
      say(`${perSecond}/s at ${load}×: ${decimal(outcome.callsPerRequest, 3)} calls per request`)
    }
  }
  const farAway = await far(SEED)
  return {
    name: 'limits',
    title: 'Limits at scale',
    text: "A discrete-event simulation, with a seed, of 40 isolates in 10 locations, 3 to 80 ms from the tenant's Durable Object, the busiest isolate with 17 % of the load. It runs the admission code of the service itself. Excess is the most by which any window of time passed burst + rate × time. Admitted is of all requests below the limit, and of burst + rate × time above it. In the second table the object is equally far from all, one call in a hundred is lost, and a request without an answer is decided as in the service; excess leaves out what the fallback lets through. The third sends to one address for a minute.",
    tables: [
      {
        head: [
          'tenant',
          'load',
          'requests',
          'admitted',
          'excess',
          'object calls per request',
          'added, ms',
          'starved isolates',
        ],
        rows: rows.map(cellsOf),
      },
      ...farAway.tables,
    ],
    targets: [...rows.flatMap(targetsOf), ...farAway.targets],
    isPlotted: false,
  }
}

function cellsOf({ perSecond, load, outcome }: Row): string[] {
  const { requests, admittedFraction, excess, callsPerRequest, addedMs, starved } = outcome
  return [
    `${perSecond}/s`,
    `${load}×`,
    requests.toLocaleString('en'),
    decimal(admittedFraction, 3),
    decimal(excess, 2),
    decimal(callsPerRequest, 3),
    decimal(addedMs, 1),
    String(starved),
  ]
}

function targetsOf({ perSecond, load, outcome }: Row): Target[] {
  const { excess, admittedFraction, callsPerRequest, starved } = outcome
  const who = `${perSecond}/s at ${load}×`
  const isCallBound = load === 20 || (load < 1 && perSecond >= 5_000)
  return [
    // A millionth of a unit is the rounding of the check itself.
    { what: `${who}, units over burst + rate × time`, value: excess, most: 1e-6, unit: '', digits: 2 },
    { what: `${who}, isolates starved`, value: starved, most: 0, unit: '', digits: 0 },
    ...(load < 1
      ? [{ what: `${who}, admitted`, value: admittedFraction, least: 0.98, unit: '', digits: 3 }]
      : []),
    ...(isCallBound
      ? [
          {
            what: `${who}, object calls per request`,
            value: callsPerRequest,
            most: 0.05,
            unit: '',
            digits: 3,
          },
        ]
      : []),
  ]
}
