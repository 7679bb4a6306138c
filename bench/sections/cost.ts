import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../load/load.ts'
import type { PlanName } from '../load/plans.ts'
import { decimal } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { addUsers, reviveCodes } from '../seed.ts'
import { startRecording, type Recording } from '../servers/recording.ts'
import { consumers, POLICY } from '../servers/rescind.ts'
import type { Record as Recorded } from '../recording/worker.ts'

/** Cloudflare's public prices in dollars per million, as of PRICES_DATE; what a plan includes is not deducted. */
const PRICES_DATE = '2026-11-21'
const PRICES = {
  request: 0.3,
  cpuMs: 0.02,
  rowWritten: 1,
  rowRead: 0.001,
  objectCall: 0.15,
  queueOperation: 0.4,
}
/** A message is written, read and deleted. */
const OPERATIONS_PER_MESSAGE = 3

const CALLS = [
  { call: 'validate', plan: 'rescind/validate', count: 100 },
  { call: 'validate wrong', plan: 'rescind/validate wrong', count: 100 },
  { call: 'redeem', plan: 'rescind/redeem', count: 100 },
  { call: 'void(1)', plan: 'rescind/void(1)', count: 100 },
  { call: 'void(100)', plan: 'rescind/void(100)', count: 20 },
  { call: 'generate(1)', plan: 'rescind/generate(1)', count: 100 },
  { call: 'generate(100)', plan: 'rescind/generate(100)', count: 20 },
  { call: 'send', plan: 'rescind/send', count: 100 },
] as const satisfies { call: string; plan: PlanName; count: number }[]

/** Which call's CPU stands for one whose CPU is not measured. */
const CPU_LIKE: Record<string, string> = { 'validate wrong': 'validate', redeem: 'validate' }

/** Dollars per million calls, from what one call was seen to do. */
export async function cost(
  load: Load,
  say: (line: string) => void,
  found: readonly Section[],
): Promise<Section> {
  const cpu = found.find(({ perCallMs }) => perCallMs !== undefined)?.perCallMs
  const recording = await startRecording({
    config: { triggers: consumers() },
    policy: { ...POLICY, mail: { from: 'reset@bench.example' } },
  })
  try {
    await addUsers(recording.server.db, 2_000)
    const rows: string[][] = []
    for (const { call, plan, count } of CALLS) {
      await reviveCodes(recording.server.db)
      const record = await recordOf(recording, load, plan, count)
      const row = rowOf(record, count, cpu?.get(CPU_LIKE[call] ?? call))
      rows.push([call, ...row])
      say(`${call}: $${row.at(-1)} per million`)
    }
    return sectionOf(rows, cpu !== undefined)
  } finally {
    await recording.server.stop()
  }
}

/** What the calls did, and what was delivered because of them. */
async function recordOf(
  { recordOf }: Recording,
  load: Load,
  plan: PlanName,
  calls: number,
): Promise<Recorded> {
  return recordOf(load, plan, { calls, settle: () => (plan === 'rescind/send' ? sleep(2_000) : sleep(100)) })
}

function rowOf(record: Recorded, calls: number, cpuMs: number | undefined): string[] {
  const statements = record.trips.flatMap((trip) => trip.statements).filter(({ rowsRead }) => rowsRead >= 0)
  const per = (total: number) => total / calls
  const read = per(statements.reduce((sum, { rowsRead }) => sum + rowsRead, record.objectRowsRead))
  const d1Written = per(statements.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0))
  const objectWritten = per(record.objectRowsWritten)
  const objectCalls = per(record.objectCalls)
  const operations = per(record.messages) * OPERATIONS_PER_MESSAGE
  const dollars =
    PRICES.request +
    (cpuMs ?? 0) * PRICES.cpuMs +
    (d1Written + objectWritten) * PRICES.rowWritten +
    read * PRICES.rowRead +
    objectCalls * PRICES.objectCall +
    operations * PRICES.queueOperation
  return [
    decimal(per(record.trips.length), 1),
    decimal(read, 1),
    decimal(d1Written, 1),
    decimal(objectCalls, 2),
    decimal(objectWritten, 2),
    decimal(operations, 1),
    cpuMs === undefined ? 'not measured' : decimal(cpuMs, 2),
    decimal(dollars, 2),
  ]
}

function sectionOf(rows: string[][], hasCpu: boolean): Section {
  return {
    name: 'cost',
    title: 'Cost',
    text: `Dollars per million calls, by Cloudflare's public prices of ${PRICES_DATE}: $0.30 a million requests, $0.02 a million CPU milliseconds, $1.00 a million rows written and $0.001 a million rows read (D1 and Durable Objects), $0.15 a million Durable Object calls, $0.40 a million queue operations, three to a message. What a plan includes is not deducted; e-mail, storage and the duration of Durable Objects (a few thousandths of a dollar here) are not in it. Counts are per call, from D1's \`meta\` and the Durable Object's own cursors, over calls of one tenant one after another; a send includes its delivery. ${hasCpu ? "CPU is the request's own as measured above, in the profiler; a redeem and a wrong code are taken to cost what validate does." : 'CPU is not in it: it is measured in a run of all sections.'}`,
    tables: [
      {
        head: [
          'call',
          'D1 trips',
          'rows read',
          'D1 rows written',
          'object calls',
          'object rows written',
          'queue operations',
          'CPU, ms',
          '$ per million',
        ],
        rows,
      },
    ],
    targets: [],
    isPlotted: false,
  }
}
