import type { Call } from '../floor/template.ts'
import { templateOf } from '../floor/template.ts'
import type { Load } from '../load/load.ts'
import type { PlanName } from '../load/plans.ts'
import { interleave, type Measured } from '../rounds.ts'
import { decimal, median, quotients, spread } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { addUsers, migrate, reviveCodes } from '../seed.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { makeTenant, startRescind } from '../servers/rescind.ts'
import { startRecording } from '../servers/recording.ts'
import { startServer, type Server } from '../servers/server.ts'

const USERS = 20_000
const LEAST = 0.8

/** The calls compared, with how many users each is about and what the floor knows it as. */
export const CALLS = [
  { call: 'validate', users: 1, floorName: 'validate' },
  { call: 'void(1)', users: 1, floorName: 'void' },
  { call: 'void(100)', users: 100, floorName: 'void100' },
  { call: 'generate(1)', users: 1, floorName: 'generate' },
  { call: 'generate(100)', users: 100, floorName: 'generate100' },
  { call: 'send', users: 1, floorName: 'send' },
] as const

const LOADS = [
  { connections: 16, rounds: 11, roundMs: 700 },
  { connections: 1, rounds: 5, roundMs: 400 },
]

/** Rescind against the least that a Worker can do. */
export async function floor(load: Load, say: (line: string) => void): Promise<Section> {
  say('recording what Rescind executes')
  const calls = await recordCalls(load)
  say('filling both databases')
  const rescind = await startRescindWithUsers()
  const bare = await startFloor(calls)
  try {
    const results: Result[] = []
    // Call by call: once codes have been generated, those that validate presents are superseded.
    for (const call of CALLS) {
      for (const { connections, ...rounds } of LOADS) {
        const contenders = [
          contender(rescind.server, `rescind/${call.call}`, call.users, { token: rescind.token }),
          contender(bare, `floor/${call.call}`, call.users, { token: rescind.token }),
        ]
        const [ours, theirs] = await interleave(load, contenders, { connections, ...rounds })
        if (ours === undefined || theirs === undefined) throw new Error('two contenders, two results')
        const result = { call: call.call, connections, ours, theirs }
        results.push(result)
        say(
          `${call.call} at ${connections}: ${spread(ours.rates)} ÷ ${spread(theirs.rates)} = ${ratioOf(result)}`,
        )
      }
    }
    return sectionOf(results)
  } finally {
    await Promise.all([rescind.server.stop(), bare.stop()])
  }
}

type Result = { call: string; connections: number; ours: Measured; theirs: Measured }

function contender(server: Server, plan: PlanName, users: number, context: { token?: string }) {
  const before = () => reviveCodes(server.db)
  return {
    name: server.name,
    url: server.url,
    pid: server.pid,
    plan,
    context,
    countMax: USERS / users,
    before,
  }
}

async function startRescindWithUsers() {
  const { folder } = await bundleWorker(['--env', ''])
  const server = await startRescind({ name: 'rescind', bundle: folder })
  await migrate(server.db)
  const { token } = await makeTenant(server)
  await addUsers(server.db, USERS)
  return { server, token }
}

/** The statements of each call, as Rescind executes them for the users from number 0 on. */
async function recordCalls(load: Load): Promise<Record<string, Call>> {
  const recording = await startRecording()
  try {
    await addUsers(recording.server.db, 100)
    const calls: Record<string, Call> = {}
    for (const { call, floorName } of CALLS) {
      if (call === 'send') continue
      const { trips } = await recording.recordOf(load, `rescind/${call}`)
      const [trip, ...others] = trips
      if (trip === undefined || others.length > 0) throw new Error(`${call} is not one round trip to D1`)
      calls[floorName] = templateOf(trip)
    }
    return calls
  } finally {
    await recording.server.stop()
  }
}

async function startFloor(calls: Record<string, Call>): Promise<Server> {
  const { folder } = await bundleWorker(['--config', 'bench/floor/wrangler.toml'])
  const server = await startServer({
    name: 'floor',
    bundle: folder,
    config: {
      env: {
        DB: { type: 'd1', id: 'floor' },
        DELIVERIES: { type: 'queue', name: 'floor-deliveries' },
        CALLS: { type: 'json', value: JSON.parse(JSON.stringify(calls)) },
      },
    },
  })
  await migrate(server.db)
  await addUsers(server.db, USERS)
  // The floor works out no digests: every user has the code of user 0.
  await server.db.prepare('UPDATE reset_codes SET digest = (SELECT digest FROM reset_codes LIMIT 1)').run()
  return server
}

function ratioOf({ ours, theirs }: Result): string {
  return spread(quotients(ours.rates, theirs.rates), 2)
}

function sectionOf(results: readonly Result[]): Section {
  return {
    name: 'floor',
    title: 'Against the floor',
    text: `The floor is a bare Worker that executes the same D1 statements in one batch and answers with their rows; for a send it sends one message. It authenticates, limits, reads and validates nothing, though it is sent the same requests but for their paths, which name the user. Its statements are recorded from Rescind in this run. Both answer from a database with ${decimal(USERS)} users, the requests of a round are about different users, and only answers that are right are counted. The quotient is taken round by round. CPU is that of the whole workerd process per answer, so D1, the Durable Object and the queue are in it.`,
    tables: [
      {
        head: [
          'call',
          'connections',
          'Rescind, per second',
          'floor, per second',
          'Rescind ÷ floor',
          'CPU, ms',
          'floor, ms',
        ],
        rows: results.map((result) => [
          result.call,
          String(result.connections),
          spread(result.ours.rates),
          spread(result.theirs.rates),
          ratioOf(result),
          decimal(median(result.ours.cpuMs), 2),
          decimal(median(result.theirs.cpuMs), 2),
        ]),
      },
    ],
    targets: results
      .filter(({ connections }) => connections === 16)
      .map(({ call, ours, theirs }) => ({
        what: `${call}, Rescind ÷ floor`,
        value: median(quotients(ours.rates, theirs.rates)),
        least: LEAST,
        unit: '',
        digits: 2,
      })),
    isPlotted: true,
  }
}
