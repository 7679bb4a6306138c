import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Miniflare, type MiniflareOptions } from 'miniflare'
import { readBundle } from './bundle.ts'
import { children } from './processes.ts'
import { scratchFolder } from './scratch.ts'

type WorkerOptions = MiniflareOptions['workers'][number]
export type WorkerConfig = Omit<WorkerOptions['config'], 'name' | 'compatibilityDate'>

/** One Worker under miniflare, in a workerd of its own. */
export type Server = {
  name: string
  url: string
  /** The binding `DB` of the Worker. */
  db: D1Database
  /** Address of its inspector, where it has one. */
  inspector: URL | undefined
  /** Process id of its workerd. */
  pid: number
  /** Address of another Worker beside it. */
  urlOf(worker: string): Promise<string>
  stop(): Promise<void>
}

export type ServerOptions = {
  name: string
  /** Folder of a bundle that wrangler wrote. */
  bundle: string
  config: WorkerConfig
  /** Further Workers that it is bound to. */
  others?: readonly WorkerOptions[]
  hasInspector?: boolean
  /** Whether a write waits for the disk of this machine. */
  isOnDisk?: boolean
}

export const COMPATIBILITY_DATE = '2026-11-01'

/** In memory where there is such a place: what the disk of this machine does is not what is measured. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/**
 * Starts a bundle. Requests reach the Worker directly, without miniflare's own Worker in front of it,
 * which production does not have either.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { name, bundle, config, others = [], hasInspector = false, isOnDisk = false } = options
  const storage = scratchFolder(isOnDisk ? tmpdir() : MEMORY)
  const before = new Set(children())
  const miniflare = new Miniflare({
    ...(hasInspector && { inspectorPort: 0 }),
    resourcePersistencePath: storage,
    handleStructuredLogs: ({ level, message }) => {
      if (level === 'error') console.error(`[${name}] ${message}`)
    },
    enableDevRegistry: false,
    workers: [
      {
        config: {
          name,
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: readBundle(bundle),
          ...config,
        },
        dev: { unsafeDirectSockets: [{}] },
      },
      ...others,
    ],
  })
  await miniflare.ready
  const pid = children().find((child) => !before.has(child)) ?? 0
  const url = await miniflare.unsafeGetDirectURL(name)
  const { DB } = await miniflare.getBindings<{ DB: D1Database }>(name)
  return {
    name,
    url: url.origin,
    db: DB,
    inspector: hasInspector ? await miniflare.getInspectorURL() : undefined,
    pid,
    urlOf: async (worker) => (await miniflare.unsafeGetDirectURL(worker)).origin,
    async stop() {
      await miniflare.dispose()
      rmSync(storage, { recursive: true })
    },
  }
}
