import type { Load } from '../load/load.ts'
import { decimal, median } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { addUsers, migrate } from '../seed.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { makeTenant, NO_LIMITS, startRescind, TENANT_ID } from '../servers/rescind.ts'
import type { Server } from '../servers/server.ts'

const USERS = 100_000
const EVENTS = 3_000_000
const CHUNK_ROWS = 250_000
/** Milliseconds between two events of the log. */
const EVENT_MS = 1_000
const ROUNDS = 200
const P95_MS_MAX = 50

type Request = { name: string; ask: (round: number) => { path: string; body?: object } }

/** What an administrator and a collector wait for, in a large directory and a long log. */
export async function directory(_: Load, say: (line: string) => void): Promise<Section> {
  const { folder } = await bundleWorker(['--env', ''])
  const server = await startRescind({ name: 'rescind-directory', bundle: folder })
  try {
    await migrate(server.db)
    const { token } = await makeTenant(server, { limits: NO_LIMITS })
    await addUsers(server.db, USERS)
    const startedAt = await addEvents(server.db)
    const rows: { name: string; tookMs: number[] }[] = []
    for (const { name, ask } of requests(startedAt)) {
      const tookMs: number[] = []
      for (let round = 0; round < ROUNDS; round++) tookMs.push(await timed(server, token, ask(round)))
      rows.push({ name, tookMs })
      say(`${name}: ${decimal(median(tookMs), 1)} ms, p95 ${decimal(percentile95(tookMs), 1)} ms`)
    }
    return sectionOf(rows)
  } finally {
    await server.stop()
  }
}

/** Events of one administrator, a second apart. Returns the time of the first. */
async function addEvents(db: D1Database): Promise<number> {
  const startedAt = Date.now() - EVENTS * EVENT_MS
  // It numbers one event after the other, which takes minutes for so many.
  await db.prepare('DROP TRIGGER admin_events_numbered').run()
  await db.prepare('DELETE FROM admin_events').run()
  for (let from = 0; from < EVENTS; from += CHUNK_ROWS) {
    await db
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
         INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, mode, user_id, target, result,
           source_ip, request_id, seq, logged_at)
         SELECT ?3, printf('%012x-7', i), ?4 + i * ${EVENT_MS}, 'bench', 'generate', 'PASSWORD_RESET', NULL,
           'u***@bench.example', 'issued', '127.0.0.1', 'bench', i + 1, ?4 + i * ${EVENT_MS} FROM n`,
      )
      .bind(from, Math.min(EVENTS, from + CHUNK_ROWS), TENANT_ID, startedAt)
      .run()
  }
  return startedAt
}

function requests(startedAt: number): Request[] {
  const admin = '/AdminInterface/restapi'
  const userOf = (round: number) => `u${(round * 7_919) % USERS}@bench.example`
  const at = (event: number) => encodeURIComponent(new Date(startedAt + event * EVENT_MS).toISOString())
  return [
    {
      name: 'lookup',
      ask: (round) => ({ path: `${admin}/v1/users/lookup`, body: { email: userOf(round) } }),
    },
    {
      name: 'search for a part of an address',
      ask: (round) => ({ path: `${admin}/v2/users/search?pageSize=25`, body: { emailLike: `${round}7@` } }),
    },
    {
      name: 'SCIM, one user by filter',
      ask: (round) => ({
        path: `/scim/v2/Users?filter=${encodeURIComponent(`userName eq "${userOf(round)}"`)}`,
      }),
    },
    {
      name: 'SCIM, a part of a user name',
      ask: (round) => ({
        path: `/scim/v2/Users?count=25&filter=${encodeURIComponent(`userName co "${round}7@"`)}`,
      }),
    },
    {
      name: 'SCIM, a page of 100',
      ask: (round) => ({ path: `/scim/v2/Users?startIndex=${((round * 7_919) % USERS) + 1}&count=100` }),
    },
    {
      name: 'log, any page of all events',
      ask: (round) => ({
        path: `${admin}/v1/adminlog/exportlogs?pageSize=100&pageNumber=${(round * 7_919) % (EVENTS / 100)}`,
      }),
    },
    {
      name: 'log, a window of time',
      ask: (round) => {
        const event = (round * 104_729) % EVENTS
        const window = `startTimeAfter=${at(event)}&endTimeOnOrBefore=${at(event + 3_600)}`
        return { path: `${admin}/v1/adminlog/exportlogs?pageSize=100&pageNumber=2&${window}` }
      },
    },
  ]
}

async function timed(
  { url }: Server,
  token: string,
  { path, body }: { path: string; body?: object },
): Promise<number> {
  const startedAt = performance.now()
  const response = await fetch(url + path, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const tookMs = performance.now() - startedAt
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`)
  return tookMs
}

function percentile95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? NaN
}

function sectionOf(rows: readonly { name: string; tookMs: readonly number[] }[]): Section {
  return {
    name: 'directory',
    title: 'A large directory and a long log',
    text: `A tenant with ${decimal(USERS)} users and ${decimal(EVENTS)} events of administrators, ${ROUNDS} requests of each kind one after another, to users, pages and times from all over.`,
    tables: [
      {
        head: ['request', 'median, ms', 'p95, ms'],
        rows: rows.map(({ name, tookMs }) => [
          name,
          decimal(median(tookMs), 1),
          decimal(percentile95(tookMs), 1),
        ]),
      },
    ],
    targets: rows.map(({ name, tookMs }) => ({
      what: `${name}, p95`,
      value: percentile95(tookMs),
      most: P95_MS_MAX,
      unit: ' ms',
      digits: 1,
    })),
    isPlotted: false,
  }
}
