import { DECISIONS } from '../limiter/decisions.ts'
import type { Done, Load } from '../load/load.ts'
import { decimal, median, quotients, spread } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { interleave, type Measured } from '../rounds.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { installPeers } from '../servers/peers.ts'
import { startRescind } from '../servers/rescind.ts'
import { startServer, type Server } from '../servers/server.ts'

const CONNECTIONS = 4
const ROUNDS = 5
const OVERLOAD = 20
/** Requests of a round in overload, and what of their decisions the limit lets through. */
const OVERLOAD_COUNT = 600
const OVERLOAD_LIMIT = (OVERLOAD_COUNT * DECISIONS) / OVERLOAD

const LOADS = [
  { name: 'below the limit', least: 3, limit: 1_000_000, countMax: 400, isOverload: false },
  {
    name: `${OVERLOAD}× the limit`,
    least: 20,
    limit: OVERLOAD_LIMIT,
    countMax: OVERLOAD_COUNT,
    isOverload: true,
  },
]

type Result = { load: (typeof LOADS)[number]; ours: Measured; theirs: Measured }

/** Rescind's limiter against hono-rate-limiter's Durable Object store. */
export async function limiter(load: Load, say: (line: string) => void): Promise<Section> {
  const servers = await startServers()
  try {
    const results: Result[] = []
    for (const kind of LOADS) {
      const contenders = servers.map(({ name, url, pid }) => {
        const context = { key: '', limit: kind.limit }
        let turn = 0
        return {
          name,
          url,
          pid,
          context,
          countMax: kind.countMax,
          plan: kind.isOverload ? ('limiter/overload' as const) : ('limiter/below' as const),
          ...(kind.isOverload && { check: checkAdmitted }),
          // Each round has a bucket of its own, full at its start.
          async before() {
            turn += 1
            context.key = `${kind.name} ${turn}`
          },
        }
      })
      const roundMs = kind.isOverload ? 60_000 : 1_000
      const rounds = { connections: CONNECTIONS, rounds: ROUNDS, roundMs }
      const [ours, theirs] = await interleave(load, contenders, rounds)
      if (ours === undefined || theirs === undefined) throw new Error('two contenders, two results')
      results.push({ load: kind, ours, theirs })
      say(`${kind.name}: ${spread(quotients(ours.rates, theirs.rates), 1)}`)
    }
    return sectionOf(results)
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

async function startServers(): Promise<Server[]> {
  await installPeers()
  const ourBundle = await bundleWorker(['--config', 'bench/limiter/wrangler.toml'])
  const theirBundle = await bundleWorker(['--config', 'bench/peers/hono-rate-limiter.toml'])
  return [
    await startRescind({ name: 'limiter', bundle: ourBundle.folder, isOnDisk: true }),
    await startServer({
      name: 'hono-rate-limiter',
      bundle: theirBundle.folder,
      isOnDisk: true,
      config: {
        exports: { DurableObjectRateLimiter: { type: 'durable-object', storage: 'sqlite' } },
        env: {
          CACHE: {
            type: 'durable-object',
            worker: 'hono-rate-limiter',
            exportName: 'DurableObjectRateLimiter',
          },
        },
      },
    }),
  ]
}

/** In overload, that neither let through less than its limit, nor more than came back meanwhile. */
function checkAdmitted({ statuses, elapsedMs }: Done): void {
  const admitted = statuses['200'] ?? 0
  const most = OVERLOAD_LIMIT * (1 + elapsedMs / 60_000) + 1
  if (admitted > most || admitted < OVERLOAD_LIMIT * 0.95) {
    throw new Error(`${admitted} admitted against a limit of ${OVERLOAD_LIMIT}`)
  }
}

function sectionOf(results: readonly Result[]): Section {
  const perSecond = ({ rates }: Measured) => spread(rates.map((rate) => rate * DECISIONS))
  return {
    name: 'limiter',
    title: 'The limiter',
    text: `Rescind's limiter against \`@hono-rate-limiter/cloudflare\`'s Durable Object store, each alone in a Worker, for one key. Each request of the load makes ${DECISIONS} decisions at once, as the middleware of either would before as many requests, so that decisions are measured rather than HTTP. In overload a round is ${decimal(OVERLOAD_COUNT * DECISIONS)} decisions against a limit of ${decimal(OVERLOAD_LIMIT)} a minute, and what was admitted is checked. Storage is on disk for both, since waiting for durable writes is what a limiter in a Durable Object spends its time on.`,
    tables: [
      {
        head: ['decisions per second', 'Rescind', 'hono-rate-limiter', 'factor'],
        rows: results.map(({ load, ours, theirs }) => [
          load.name,
          perSecond(ours),
          perSecond(theirs),
          spread(quotients(ours.rates, theirs.rates), 1),
        ]),
      },
    ],
    targets: results.map(({ load, ours, theirs }) => ({
      what: `decisions ${load.name}, Rescind ÷ hono-rate-limiter`,
      value: median(quotients(ours.rates, theirs.rates)),
      least: load.least,
      unit: '×',
      digits: 1,
    })),
    isPlotted: true,
  }
}
