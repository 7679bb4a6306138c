import type { Load } from '../load/load.ts'
import type { LoadContext } from '../load/message.ts'
import type { PlanName } from '../load/plans.ts'
import type { Record as Recorded } from '../recording/worker.ts'
import { migrate, reviveCodes } from '../seed.ts'
import { bundleWorker } from './bundle.ts'
import { makeTenant, startRescind } from './rescind.ts'
import type { Server, ServerOptions } from './server.ts'

export type RecordOf = (
  load: Load,
  plan: PlanName,
  options?: {
    calls?: number
    context?: LoadContext
    /** Waits for what the calls leave behind, when that is to be recorded too. */
    settle?: () => Promise<void>
  },
) => Promise<Recorded>

export type Recording = { server: Server; token: string; recordOf: RecordOf }

/** Starts the Rescind that tells what it does to the outside, with an empty tenant. */
export async function startRecording({
  policy,
  ...options
}: Partial<ServerOptions> & { policy?: object } = {}): Promise<Recording> {
  const { folder } = await bundleWorker(['--config', 'bench/recording/wrangler.toml'])
  const server = await startRescind({ name: 'recording', bundle: folder, ...options })
  await migrate(server.db)
  const { token } = await makeTenant(server, policy)
  return { server, token, recordOf: (...args) => recordOf(server, token, ...args) }
}

/** What some calls do once the isolate knows the tenant and its key: the first one is not counted. */
async function recordOf(server: Server, token: string, ...args: Parameters<RecordOf>): Promise<Recorded> {
  const [load, plan, { calls = 1, context = {}, settle } = {}] = args
  const order = { url: server.url, plan, context: { token, ...context }, connections: 1, first: 0 }
  await reviveCodes(server.db)
  await load.run({ ...order, count: 1 })
  await settle?.()
  await reviveCodes(server.db)
  await takeRecord(server)
  await load.run({ ...order, count: calls })
  await settle?.()
  return takeRecord(server)
}

async function takeRecord({ url }: Server): Promise<Recorded> {
  return (await fetch(`${url}/record`)).json<Recorded>()
}
