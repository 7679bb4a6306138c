import { startupCpu } from '../../scripts/gate/bundle.ts'
import type { Load } from '../load/load.ts'
import { decimal } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { addUsers, migrate, reviveCodes } from '../seed.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { originTimes, profile } from '../servers/profiler.ts'
import { makeTenant, startRescind } from '../servers/rescind.ts'
import type { Server } from '../servers/server.ts'
import { CALLS } from './floor.ts'

const USERS = 20_000
const REQUESTS = 1_000
const CONNECTIONS = 16
/** Origins of their own column; what else there is goes into the last. */
const ORIGINS = ['src', 'drizzle-orm', 'hono', 'jose', 'node:*', 'runtime', 'garbage collector'] as const

/** CPU time of each call in the Worker's isolate, and of its start. */
export async function cpu(load: Load, say: (line: string) => void): Promise<Section> {
  const minified = await bundleWorker(['--env', ''])
  // Names for the profile; what runs is the same.
  const { folder } = await bundleWorker(['--env', '', '--minify=false'])
  const server = await startRescind({ name: 'rescind', bundle: folder, hasInspector: true })
  try {
    await migrate(server.db)
    const { token } = await makeTenant(server)
    await addUsers(server.db, USERS)
    const { inspector } = server
    if (inspector === undefined) throw new Error('the server has no inspector')
    const { rows, perCallMs } = await profileCalls(load, server, { token, inspector, folder, say })
    say('starting a few times')
    const startup = await startupCpu('production').run()
    return {
      name: 'cpu',
      title: 'CPU and size',
      text: `CPU time per request in the Worker's own isolate, from V8's profiler while ${CONNECTIONS} connections load it: waiting is not in it, and neither is what D1 and the queue do. The limiter's Durable Object is a class of the same Worker and shares its isolate here, so it is in it, under src and runtime. "runtime" is native code that JavaScript calls into, "node:*" what workerd brings of Node. Profiling costs time itself, so these are upper bounds. Start-up CPU (\`wrangler check startup\`, median of the runs): ${startup.report}. Bundle: ${decimal(minified.gzipKib, 1)} KiB gzip.`,
      tables: [{ head: ['call', 'CPU, ms', ...ORIGINS, 'other'], rows }],
      targets: [],
      isPlotted: false,
      perCallMs,
    }
  } finally {
    await server.stop()
  }
}

type Profiled = { token: string; inspector: URL; folder: string; say: (line: string) => void }

async function profileCalls(load: Load, server: Server, { token, inspector, folder, say }: Profiled) {
  const rows: string[][] = []
  const perCallMs = new Map<string, number>()
  for (const { call, users } of CALLS) {
    const count = Math.min(REQUESTS, USERS / users)
    const order = {
      url: server.url,
      plan: `rescind/${call}` as const,
      context: { token },
      connections: CONNECTIONS,
    }
    await load.run({ ...order, first: 0, count })
    await reviveCodes(server.db)
    const found = await profile(inspector, 'rescind', () => load.run({ ...order, first: 0, count }))
    await reviveCodes(server.db)
    const times = originTimes(found, folder)
    const totalMs = [...times.values()].reduce((sum, ms) => sum + ms, 0)
    perCallMs.set(call, totalMs / count)
    const shares = ORIGINS.map((origin) => times.get(origin) ?? 0)
    const rest = Math.max(0, totalMs - shares.reduce((sum, ms) => sum + ms, 0))
    rows.push([
      call,
      decimal(totalMs / count, 2),
      ...[...shares, rest].map((ms) => `${decimal((ms / totalMs) * 100)} %`),
    ])
    say(`${call}: ${decimal(totalMs / count, 2)} ms`)
  }
  return { rows, perCallMs }
}
