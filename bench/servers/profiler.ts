import { readBundle } from './bundle.ts'

type CallFrame = { functionName: string; url: string; lineNumber: number }

/** A CPU profile as V8 gives it. */
export type CpuProfile = {
  nodes: { id: number; callFrame: CallFrame }[]
  samples: number[]
  /** Microseconds since the sample before. */
  timeDeltas: number[]
}

const SAMPLING_INTERVAL_US = 100

/** Profiles the isolate of one Worker while `work` runs. */
export async function profile(
  inspector: URL,
  worker: string,
  work: () => Promise<unknown>,
): Promise<CpuProfile> {
  const listing = await fetch(`http://${inspector.host}/json`)
  const targets = await listing.json<{ id: string; webSocketDebuggerUrl: string }[]>()
  const target = targets.find(({ id }) => id === `core:user:${worker}`)
  if (target === undefined) throw new Error(`the inspector knows no Worker ${worker}`)
  const session = await Session.open(target.webSocketDebuggerUrl)
  try {
    await session.call('Profiler.enable')
    await session.call('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US })
    await session.call('Profiler.start')
    await work()
    return (await session.call<{ profile: CpuProfile }>('Profiler.stop')).profile
  } finally {
    session.close()
  }
}

/** A connection of the Chrome DevTools protocol. */
class Session {
  readonly #socket: WebSocket
  readonly #pending = new Map<number, (result: never) => void>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result?: never }
      if (id === undefined) return
      // Absent where there is nothing to say.
      this.#pending.get(id)?.(result as never)
      this.#pending.delete(id)
    })
  }

  static async open(url: string): Promise<Session> {
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', () => reject(new Error('the inspector refuses the connection')))
    })
    return new Session(socket)
  }

  call<Result>(method: string, params: object = {}): Promise<Result> {
    this.#lastId += 1
    const id = this.#lastId
    this.#socket.send(JSON.stringify({ id, method, params }))
    return new Promise((resolve) => this.#pending.set(id, resolve))
  }

  close(): void {
    this.#socket.close()
  }
}

/** Time by where the code that ran came from, in milliseconds, without what waits. */
export function originTimes({ nodes, samples, timeDeltas }: CpuProfile, bundle: string): Map<string, number> {
  const origins = originsOfLines(bundle)
  const originOf = new Map(nodes.map(({ id, callFrame }) => [id, origin(callFrame, origins)]))
  const times = new Map<string, number>()
  for (const [index, sample] of samples.entries()) {
    const name = originOf.get(sample)
    if (name === undefined || name === 'idle') continue
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index + 1] ?? 0) / 1000)
  }
  return times
}

function origin({ functionName, url, lineNumber }: CallFrame, origins: readonly string[]): string {
  if (functionName === '(idle)' || functionName === '(root)') return 'idle'
  if (functionName === '(garbage collector)') return 'garbage collector'
  if (url.startsWith('node-internal') || url.startsWith('node:')) return 'node:*'
  if (lineNumber <= 0 || !url.endsWith('.js')) return 'runtime'
  return origins[lineNumber] ?? 'runtime'
}

/** For each line of a bundle the package it is from, by the comments that esbuild puts above a module. */
function originsOfLines(folder: string): string[] {
  const { modules } = readBundle(folder)
  const origins: string[] = []
  let current = 'runtime'
  for (const line of Object.values(modules).flatMap(({ contents }) => contents.split('\n'))) {
    const [, path] = /^\/\/ (\S+\.[cm]?[jt]s)$/.exec(line) ?? []
    if (path !== undefined) {
      current =
        /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? (path.startsWith('src/') ? 'src' : 'other')
    }
    origins.push(current)
  }
  return origins
}
