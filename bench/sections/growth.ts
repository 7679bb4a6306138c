import { binder } from '../floor/bind.ts'
import { templateOf, type Call } from '../floor/template.ts'
import type { Load } from '../load/load.ts'
import { decimal, median, quotients, spread } from '../report/figures.ts'
import type { Section, Target } from '../report/section.ts'
import { interleave, type Measured } from '../rounds.ts'
import { addUsers, migrate, reviveCodes, strideOf } from '../seed.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { startRecording } from '../servers/recording.ts'
import { makeTenant, startRescind } from '../servers/rescind.ts'
import type { Server } from '../servers/server.ts'

const SIZES = [1_000, 100_000, 3_000_000]
const LATENCY_QUOTIENT_MOST = 1.15

/** Requests per round: as many as the smallest database has users for. */
const CALLS = [
  { call: 'validate', users: 1, count: 60 },
  { call: 'void(100)', users: 100, count: 10 },
] as const
const ROUNDS = 15

export type Rows = { read: number; written: number }
type Sized = { size: number; server: Server; token: string }
type Result = { call: string; sizes: { size: number; rows: Rows; measured: Measured }[] }

/** What a call costs when there are few codes, and when there are very many. */
export async function growth(load: Load, say: (line: string) => void): Promise<Section> {
  const templates = await recordTemplates(load)
  const { folder } = await bundleWorker(['--env', ''])
  const servers: Sized[] = []
  try {
    for (const size of SIZES) servers.push(await startSized(folder, size, say))
    const results: Result[] = []
    for (const { call, users, count } of CALLS) {
      const contenders = servers.map(({ size, server: { url, pid, db }, token }) => {
        const stride = strideOf(size)
        const subjects = Array.from({ length: count * users }, (_, index) => index * stride)
        const before = () => reviveCodes(db, subjects)
        const context = { token, stride }
        return {
          name: String(size),
          url,
          pid,
          plan: `rescind/${call}` as const,
          context,
          countMax: count,
          before,
        }
      })
      const measured = await interleave(load, contenders, { connections: 1, rounds: ROUNDS, roundMs: 10_000 })
      const sizes = []
      for (const [index, { size, server }] of servers.entries()) {
        const rows = await rowsOf(server, templates.get(call) ?? [], size)
        sizes.push({
          size,
          rows,
          measured: measured[index] ?? { rates: [], doneRates: [], latenciesMs: [], cpuMs: [] },
        })
        say(
          `${call} with ${decimal(size)}: ${rows.read} read, ${rows.written} written, ${spread(measured[index]?.latenciesMs ?? [], 2)} ms`,
        )
      }
      results.push({ call, sizes })
    }
    return sectionOf(results)
  } finally {
    await Promise.all(servers.map(({ server }) => server.stop()))
  }
}

async function startSized(folder: string, size: number, say: (line: string) => void): Promise<Sized> {
  const server = await startRescind({ name: `rescind-${size}`, bundle: folder })
  await migrate(server.db)
  const { token } = await makeTenant(server)
  await addUsers(server.db, size, (rows) => {
    if (rows % 500_000 === 0) say(`${decimal(rows)} of ${decimal(size)} codes`)
  })
  return { size, server, token }
}

export async function recordTemplates(
  load: Load,
  calls: readonly { call: 'validate' | 'void(100)' }[] = CALLS,
): Promise<Map<string, Call>> {
  const recording = await startRecording()
  try {
    await addUsers(recording.server.db, 1_000)
    const templates = new Map<string, Call>()
    for (const { call } of calls) {
      const { trips } = await recording.recordOf(load, `rescind/${call}`)
      templates.set(call, trips.flatMap(templateOf))
    }
    return templates
  } finally {
    await recording.server.stop()
  }
}

/** D1's own count of what the call's statements touch, for users of the middle. */
export async function rowsOf({ db }: Server, call: Call, size: number): Promise<Rows> {
  const stride = strideOf(size)
  const subjects = Array.from({ length: 100 }, (_, index) => (Math.floor(size / stride / 2) + index) * stride)
  const [first = 0] = subjects
  await reviveCodes(db, subjects)
  const bind = binder(first, stride)
  const results = await db.batch(
    call.map(({ sql, parameters }) => db.prepare(sql).bind(...parameters.map(bind))),
  )
  const sum = (key: 'rows_read' | 'rows_written') => results.reduce((total, { meta }) => total + meta[key], 0)
  return { read: sum('rows_read'), written: sum('rows_written') }
}

function quotientOf(sizes: Result['sizes']): number[] {
  const [least, most] = [sizes[0], sizes.at(-1)]
  return quotients(most?.measured.latenciesMs ?? [], least?.measured.latenciesMs ?? [])
}

function sectionOf(results: readonly Result[]): Section {
  return {
    name: 'growth',
    title: 'Growth',
    text: `The same calls with ${SIZES.map((size) => decimal(size)).join(', ')} codes in the database, one after another on one connection, for users spread over all of it. Rows are D1's own count (\`meta\`) of the call's one round trip, its statements recorded from Rescind.`,
    tables: [
      {
        head: ['call', 'codes', 'rows read', 'rows written', 'median latency, ms'],
        rows: results.flatMap(({ call, sizes }) =>
          sizes.map(({ size, rows, measured }) => [
            call,
            decimal(size),
            decimal(rows.read),
            decimal(rows.written),
            spread(measured.latenciesMs, 2),
          ]),
        ),
      },
    ],
    targets: results.flatMap(targetsOf),
    isPlotted: true,
  }
}

function targetsOf({ call, sizes }: Result): Target[] {
  const [least] = sizes
  const different = sizes.filter(
    ({ rows }) => rows.read !== least?.rows.read || rows.written !== least.rows.written,
  )
  return [
    {
      what: `${call}, sizes at which other rows are touched`,
      value: different.length,
      most: 0,
      unit: '',
      digits: 0,
    },
    {
      what: `${call}, latency with 3 million ÷ with 1 thousand`,
      value: median(quotientOf(sizes)),
      most: LATENCY_QUOTIENT_MOST,
      unit: '×',
      digits: 2,
    },
  ]
}
