import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../load/load.ts'
import { decimal, median, quotients, spread } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { interleave, type Measured } from '../rounds.ts'
import { addUsers, migrate, strideOf } from '../seed.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { makeTenant, startRescind } from '../servers/rescind.ts'
import type { Server } from '../servers/server.ts'

const USERS = 300_000
const PAGE = 100
/** As many as a tenant's key may ask for by default, `limits.admin`. */
const PAUSE_MS = 100
const QUOTIENT_MOST = 1.5
const ROUNDS = 9

/** What validate takes while one key pages through a large directory in the same database. */
export async function pages(load: Load, say: (line: string) => void): Promise<Section> {
  const { folder } = await bundleWorker(['--env', ''])
  const server = await startRescind({ name: 'rescind-pages', bundle: folder })
  try {
    await migrate(server.db)
    const { token } = await makeTenant(server)
    await addUsers(server.db, USERS)
    const pager = new Pager(server, token)
    const contender = {
      url: server.url,
      pid: server.pid,
      plan: 'rescind/validate',
      context: { stride: strideOf(USERS) },
      countMax: 2_000,
      after: () => pager.stop(),
    } as const
    const contenders = [
      { ...contender, name: 'alone', before: () => pager.stop() },
      { ...contender, name: 'beside pages', before: () => pager.start() },
    ]
    const options = { connections: 1, rounds: ROUNDS, roundMs: 3_000 }
    const [alone, beside] = await interleave(load, contenders, options)
    say(
      `validate ${spread(alone?.latenciesMs ?? [], 2)} ms alone, ${spread(beside?.latenciesMs ?? [], 2)} beside`,
    )
    return sectionOf(alone, beside, pager.tookMs)
  } finally {
    await server.stop()
  }
}

/** One key that asks for pages from all over the directory, one after another, for as long as it is let. */
class Pager {
  /** How long each page took. */
  readonly tookMs: number[] = []
  readonly #server: Server
  readonly #token: string
  #isRunning = false
  #ended: Promise<void> = Promise.resolve()

  constructor(server: Server, token: string) {
    this.#server = server
    this.#token = token
  }

  async start(): Promise<void> {
    this.#isRunning = true
    this.#ended = this.#run()
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#ended
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      // A step that shares no divisor with the number of pages, so that every depth comes in turn.
      const number = (this.tookMs.length * 1_153) % (USERS / PAGE)
      const startedAt = performance.now()
      await this.#ask(number * PAGE + 1)
      this.tookMs.push(performance.now() - startedAt)
      await sleep(PAUSE_MS)
    }
  }

  async #ask(startIndex: number): Promise<void> {
    const url = `${this.#server.url}/scim/v2/Users?startIndex=${startIndex}&count=${PAGE}`
    const response = await fetch(url, { headers: { Authorization: `Bearer ${this.#token}` } })
    const { totalResults, itemsPerPage } = await response.json<Record<string, number>>()
    if (totalResults === USERS && itemsPerPage === PAGE) return
    throw new Error(`page ${startIndex}: ${response.status}, ${itemsPerPage} of ${totalResults}`)
  }
}

function sectionOf(
  alone: Measured | undefined,
  beside: Measured | undefined,
  pageMs: readonly number[],
): Section {
  const latencies = [alone, beside].map((measured) => measured?.latenciesMs ?? [])
  const [before = [], during = []] = latencies
  return {
    name: 'pages',
    title: 'A directory that is paged through',
    text: `Validate on one connection, in a database of ${decimal(USERS)} users, alone and while one key asks for pages of ${PAGE} from all over it, as fast as the default policy lets it. A page took ${spread(pageMs, 1)} ms.`,
    tables: [
      {
        head: ['validate', 'median latency, ms'],
        rows: [
          ['alone', spread(before, 2)],
          ['while pages are asked for', spread(during, 2)],
        ],
      },
    ],
    targets: [
      {
        what: 'validate, while a key pages through 300,000 users ÷ alone',
        value: median(quotients(during, before)),
        most: QUOTIENT_MOST,
        unit: '×',
        digits: 2,
      },
    ],
    isPlotted: true,
  }
}
