import { setTimeout as sleep } from 'node:timers/promises'
import { simulateCrowd, type CrowdOutcome } from '../limits/crowd.ts'
import type { Load } from '../load/load.ts'
import { decimal } from '../report/figures.ts'
import type { Section, Target } from '../report/section.ts'
import { migrate } from '../seed.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { makeTenant, startRescind } from '../servers/rescind.ts'
import type { Server } from '../servers/server.ts'

/** The default limits of `validate` and of a client. */
const TENANT = { perMinute: 3_000, burst: 300 }
const CLIENT = { perMinute: 60, burst: 30 }
const ATTACKERS = [1, 10, 100]
const OTHERS = 200
const LOAD = 20
const SIMULATED_MS = 120_000
const SEED = 20_261_126
/** The real service: how long each flood lasts, and on how many connections. */
const FLOOD_MS = 30_000
const CONNECTIONS = 8
/** What each of the others asks for, and how long they take for each. */
const REQUESTS_EACH = 3
const STEP_MS = 3_000

type Row = { attackers: number; outcome: CrowdOutcome }
type RealRow = { attackers: number; flood: Count; others: Count }
type Count = { asked: number; admitted: number }

/** Whether clients that flood take anything from the others: simulated over many isolates, and on the service. */
export async function fair(_: Load, say: (line: string) => void): Promise<Section> {
  const rows: Row[] = []
  for (const attackers of ATTACKERS) {
    const crowd = { tenant: TENANT, client: CLIENT, others: OTHERS, load: LOAD }
    const outcome = await simulateCrowd({ ...crowd, attackers, durationMs: SIMULATED_MS, seed: SEED })
    rows.push({ attackers, outcome })
    say(
      `${attackers} simulated: ${decimal(outcome.othersAdmitted * 100, 2)} % of the others' requests admitted`,
    )
  }
  const real: RealRow[] = []
  for (const attackers of ATTACKERS) {
    const row = await flood(attackers)
    real.push(row)
    say(`${attackers}: ${row.others.admitted} of the others' ${row.others.asked} requests admitted`)
  }
  return sectionOf(rows, real)
}

/** A tenant of its own service, with every default, under a flood. */
async function flood(attackers: number): Promise<RealRow> {
  const { folder } = await bundleWorker(['--env', ''])
  const server = await startRescind({ name: 'rescind-fair', bundle: folder })
  try {
    await migrate(server.db)
    await makeTenant(server, {})
    const endsAt = Date.now() + FLOOD_MS
    const flood = { asked: 0, admitted: 0 }
    const others = { asked: 0, admitted: 0 }
    const flooding = Array.from({ length: CONNECTIONS }, async () => {
      while (Date.now() < endsAt) await guess(server, `203.0.113.${flood.asked % attackers}`, flood)
    })
    const resetting = Array.from({ length: OTHERS }, async (_, nth) => {
      await sleep((FLOOD_MS - REQUESTS_EACH * STEP_MS) * (nth / OTHERS))
      for (let step = 0; step < REQUESTS_EACH; step++) {
        await guess(server, `198.51.100.${nth}`, others)
        await sleep(STEP_MS)
      }
    })
    await Promise.all([...flooding, ...resetting])
    return { attackers, flood, others }
  } finally {
    await server.stop()
  }
}

/** One wrong code from one address. */
async function guess({ url }: Server, address: string, count: Count): Promise<void> {
  const query = 'emailAddress=nobody@example.com&passwordResetCode=x'
  const response = await fetch(`${url}/api/passwordmanagement/validatePasswordResetCode?${query}`, {
    method: 'POST',
    headers: { 'CF-Connecting-IP': address },
  })
  await response.arrayBuffer()
  if (response.status !== 401 && response.status !== 429) throw new Error(`answered ${response.status}`)
  count.asked += 1
  if (response.status === 401) count.admitted += 1
}

function sectionOf(rows: readonly Row[], real: readonly RealRow[]): Section {
  return {
    name: 'fair',
    title: 'Clients that flood, and the others',
    text: `Some clients flood a tenant that has the default limits with wrong codes, and ${OTHERS} others each reset a password. First a simulation, with a seed, over 40 isolates in 10 locations: ${SIMULATED_MS / 1000} s, the flood at ${LOAD} times the tenant's limit of codes. Excess is the most by which any window passed burst + rate × time. Then the service itself on one machine for ${FLOOD_MS / 1000} s, flooded as fast as ${CONNECTIONS} connections go, the others ${REQUESTS_EACH} requests each.`,
    tables: [
      {
        head: [
          'attackers',
          'requests',
          'attackers admitted',
          'others admitted',
          'excess',
          'object calls per request',
        ],
        rows: rows.map(({ attackers, outcome }) => [
          String(attackers),
          decimal(outcome.requests),
          decimal(outcome.attackersAdmitted),
          `${decimal(outcome.othersAdmitted * 100, 2)} % of ${decimal(outcome.othersAsked)}`,
          decimal(outcome.excess, 2),
          decimal(outcome.callsPerRequest, 3),
        ]),
      },
      {
        head: ['attackers, on the service', 'their requests', 'admitted', "others' requests", 'admitted'],
        rows: real.map(({ attackers, flood, others }) => [
          String(attackers),
          decimal(flood.asked),
          decimal(flood.admitted),
          decimal(others.asked),
          decimal(others.admitted),
        ]),
      },
    ],
    targets: [...rows.flatMap(targetsOf), ...real.map(realTargetOf)],
    isPlotted: false,
  }
}

function targetsOf({ attackers, outcome }: Row): Target[] {
  const who = `${attackers} flooding, simulated`
  return [
    { what: `${who}: others admitted`, value: outcome.othersAdmitted * 100, least: 99, unit: '%', digits: 2 },
    {
      what: `${who}: units over burst + rate × time`,
      value: outcome.excess,
      most: 1e-6,
      unit: '',
      digits: 2,
    },
    {
      what: `${who}: object calls per request`,
      value: outcome.callsPerRequest,
      most: 0.05,
      unit: '',
      digits: 3,
    },
  ]
}

function realTargetOf({ attackers, others }: RealRow): Target {
  const value = (others.admitted / others.asked) * 100
  return { what: `${attackers} flooding: others admitted`, value, least: 99, unit: '%', digits: 2 }
}
