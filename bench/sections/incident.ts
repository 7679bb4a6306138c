import { voidEverything } from '../../src/codes/void-many-store.ts'
import { codeOf, emailOf } from '../load/subjects.ts'
import type { Load } from '../load/load.ts'
import { decimal, median } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { addUsers, migrate, strideOf } from '../seed.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { consumers, makeTenant, POLICY, startRescind, TENANT_ID } from '../servers/rescind.ts'
import type { Server } from '../servers/server.ts'
import { rowsOf, recordTemplates, type Rows } from './growth.ts'

const CODES = 3_000_000
/** Codes of one issuer, which are voided in the background. */
const ISSUED = 50_000
const ISSUER = 'a stolen key'
const CHECKS = 300
/** Checks between two looks at a void. */
const CHECKS_BETWEEN = 10
const VOIDS = 20
const VOID_ROWS_WRITTEN_MOST = 10
const EXTRA_ROWS_MOST = 1
const VOID_MANY = '/AdminInterface/restapi/v1/codes/void'

type Job = { jobId: string; state: string; voided: number }
type Found = {
  checks: { name: string; tookMs: number[]; rows: Rows }[]
  voids: number[]
  voidRows: Rows
  job: { voided: number; seconds: number; besideMs: number[] }
}

/** What voids cost that are about all codes, or very many. */
export async function incident(load: Load, say: (line: string) => void): Promise<Section> {
  const templates = await recordTemplates(load, [{ call: 'validate' }])
  const template = templates.get('validate') ?? []
  const { folder } = await bundleWorker(['--env', ''])
  const server = await startRescind({
    name: 'rescind-incident',
    bundle: folder,
    config: { triggers: consumers() },
  })
  try {
    await migrate(server.db)
    const { token } = await makeTenant(server, POLICY)
    await addUsers(server.db, CODES, (rows) => {
      if (rows % 500_000 === 0) say(`${decimal(rows)} of ${decimal(CODES)} codes`)
    })
    const before = await checks(server, 'before any void', 200)
    const rowsBefore = await rowsOf(server, template, CODES)
    await addIssues(server.db)
    const job = await voidByIssuer(server, token, say)
    const voids: number[] = []
    for (let nth = 0; nth < VOIDS; nth++)
      voids.push(await timed(() => ask(server, token, { scope: 'all' }, 200)))
    say(`void of everything: ${decimal(median(voids), 1)} ms`)
    const after = await checks(server, 'after a void of everything', 401)
    const rowsAfter = await rowsOf(server, template, CODES)
    return sectionOf({
      checks: [
        { ...before, rows: rowsBefore },
        { ...after, rows: rowsAfter },
      ],
      voids,
      voidRows: await rowsOfVoid(server.db),
      job,
    })
  } finally {
    await server.stop()
  }
}

/** The events of the issues of some codes: after these the codes are named. */
async function addIssues(db: D1Database): Promise<void> {
  const trigger = await db
    .prepare("SELECT sql FROM sqlite_master WHERE name = 'admin_events_numbered'")
    .first<{ sql: string }>()
  // It numbers one event after the other, which takes long for so many.
  await db.prepare('DROP TRIGGER admin_events_numbered').run()
  await db.prepare('DELETE FROM admin_events').run()
  await db
    .prepare(
      `INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, mode, user_id, target, result,
         source_ip, request_id, seq, logged_at)
       SELECT tenant_id, code_id, ?1, ?2, 'generate', mode, user_id, '', 'issued', '', '', row_number() OVER (), ?1
       FROM (SELECT * FROM reset_codes WHERE tenant_id = ?3 AND code_id <> '' LIMIT ?4)`,
    )
    .bind(Date.now(), ISSUER, TENANT_ID, ISSUED)
    .run()
  await db.prepare(trigger?.sql ?? '').run()
}

/** Voids what one has issued, in the background, and checks codes of others meanwhile. */
async function voidByIssuer(
  server: Server,
  token: string,
  say: (line: string) => void,
): Promise<Found['job']> {
  const startedAt = performance.now()
  let job = (await ask(server, token, { issuedBy: ISSUER }, 202)) as Job
  const besideMs: number[] = []
  while (job.state !== 'done') {
    for (let nth = 0; nth < CHECKS_BETWEEN; nth++) {
      besideMs.push(await check(server, besideMs.length % CHECKS, undefined))
    }
    const response = await fetch(`${server.url}${VOID_MANY}/${job.jobId}`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    job = await response.json<Job>()
  }
  const seconds = (performance.now() - startedAt) / 1_000
  say(`void of ${decimal(job.voided)} codes of one issuer: ${decimal(seconds, 1)} s`)
  return { voided: job.voided, seconds, besideMs }
}

async function checks(server: Server, name: string, status: number) {
  const tookMs: number[] = []
  for (let nth = 0; nth < CHECKS; nth++) tookMs.push(await check(server, nth, status))
  return { name, tookMs }
}

/** Checks the right code of a user, from all over the database. */
function check({ url }: Server, nth: number, status: number | undefined): Promise<number> {
  const user = nth * strideOf(CODES) * 50
  const form = new URLSearchParams({ emailAddress: emailOf(user), passwordResetCode: codeOf(user) })
  return timed(async () => {
    const response = await fetch(`${url}/api/passwordmanagement/validatePasswordResetCode`, {
      method: 'POST',
      body: form,
    })
    await response.text()
    if (status !== undefined && response.status !== status) throw new Error(`validate: ${response.status}`)
  })
}

async function ask({ url }: Server, token: string, body: object, status: number): Promise<unknown> {
  const response = await fetch(url + VOID_MANY, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (response.status !== status) throw new Error(`void: ${response.status} ${await response.text()}`)
  return response.json()
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return performance.now() - startedAt
}

async function rowsOfVoid(db: D1Database): Promise<Rows> {
  const actor = { accessId: 'bench', sourceIp: '', requestId: '' }
  const scope = { db, tenantId: TENANT_ID, now: Date.now() }
  const results = await db.batch(
    voidEverything(scope, actor, ['PASSWORD_RESET', 'ENROLLMENT'], crypto.randomUUID()),
  )
  const sum = (key: 'rows_read' | 'rows_written') => results.reduce((total, { meta }) => total + meta[key], 0)
  return { read: sum('rows_read'), written: sum('rows_written') }
}

function sectionOf({ checks, voids, voidRows, job }: Found): Section {
  const [before, after] = checks
  return {
    name: 'incident',
    title: 'When something is wrong',
    text: `A tenant with ${decimal(CODES)} live codes: void of everything by a super-admin, ${VOIDS} times; void of the ${decimal(job.voided)} codes of one issuer, which the queue works off while codes of others are checked; and what a check of a code costs before and after, ${CHECKS} one after another, of users from all over. Rows are D1's own count (\`meta\`).`,
    tables: [
      {
        head: ['call', 'median, ms', 'p95, ms', 'rows read', 'rows written'],
        rows: [
          ['void of everything', ...figures(voids), decimal(voidRows.read), decimal(voidRows.written)],
          ...checks.map(({ name, tookMs, rows }) => [
            `validate, ${name}`,
            ...figures(tookMs),
            decimal(rows.read),
            decimal(rows.written),
          ]),
          ['validate, while codes of an issuer are voided', ...figures(job.besideMs), '', ''],
        ],
      },
      {
        head: ['void in the background', 'codes', 'seconds', 'codes a second'],
        rows: [
          ['of one issuer', decimal(job.voided), decimal(job.seconds, 1), decimal(job.voided / job.seconds)],
        ],
      },
    ],
    targets: [
      {
        what: 'void of everything, rows written',
        value: voidRows.written,
        most: VOID_ROWS_WRITTEN_MOST,
        unit: '',
        digits: 0,
      },
      {
        what: 'validate after a void of everything, rows more to read',
        value: (after?.rows.read ?? NaN) - (before?.rows.read ?? NaN),
        most: EXTRA_ROWS_MOST,
        unit: '',
        digits: 0,
      },
    ],
    isPlotted: false,
  }
}

function figures(tookMs: readonly number[]): [string, string] {
  const p95 = tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length * 0.95)] ?? NaN
  return [decimal(median(tookMs), 1), decimal(p95, 1)]
}
