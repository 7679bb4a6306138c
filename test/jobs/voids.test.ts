import { env } from 'cloudflare:workers'
import { createScheduledController } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { workOn } from '../../src/codes/void-job-store.ts'
import { beginJob, findJob, type VoidJob } from '../../src/codes/void-many-store.ts'
import { issuedBySince } from '../../src/codes/void-request.ts'
import worker from '../../src/local.ts'
import { ask, handle, heldQueue, requestHeld } from '../rig/deliveries.ts'
import { explainingD1 } from '../rig/explaining-d1.ts'
import { JANE, playHook, withHook } from '../rig/password-hook.ts'
import { AUTHENTICATE, meter, passwordCall, userEvents } from '../rig/presenting.ts'
import { call, newTenant, operate, type Tenant } from '../rig/service.ts'
import { storedCode, storedCodes } from '../rig/stored-code.ts'
import {
  GENERATE,
  goodOf,
  issueBy,
  MAILING,
  twoIssuers,
  voidAll,
  voidEvents,
  VOID_MANY,
  voidSome,
  wholeEvents,
  type Job,
} from '../rig/voids.ts'

const SLOW = { timeout: 60_000 }
const CAPS = { attemptsMax: 5, failuresMax: 100 }
const EMAIL = { send: async () => undefined } as unknown as Env['EMAIL']

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const scopeOf = (tenant: Pick<Tenant, 'id'>, now = Date.now()) => ({ db: env.DB, tenantId: tenant.id, now })
const ACTOR = { accessId: 'operator', sourceIp: '192.0.2.1', requestId: 'test' }

/** A job that is begun and not worked on. */
async function begin(tenant: Tenant, issuedBy: string, isDryRun = false): Promise<VoidJob> {
  const scope = scopeOf(tenant)
  const [begun] = await env.DB.batch<VoidJob>(
    beginJob(
      scope,
      ACTOR,
      { ...issuedBySince(issuedBy, undefined, scope.now), isDryRun },
      crypto.randomUUID(),
    ),
  )
  const [job] = begun?.results ?? []
  if (job === undefined) throw new Error('no job')
  return job
}

describe('a void of some codes', () => {
  it('ends those of one issuer and no others, with an event of each and of the whole', async () => {
    const { tenant, mine, issued, others } = await twoIssuers()
    const job = await voidSome(tenant, { issuedBy: mine.accessID })
    expect(job).toMatchObject({ state: 'done', dryRun: false, voided: 3, inUse: 0, issuedBy: mine.accessID })
    expect(job.done).toBe(job.total)
    expect(await goodOf(tenant, issued)).toEqual([])
    expect(await goodOf(tenant, others)).toHaveLength(3)
    expect(await voidEvents(tenant)).toEqual({ voided: 3 })
    expect(await wholeEvents(tenant)).toEqual(['void.some both begun', 'void.some both ended'])
    expect(await userEvents(tenant)).toContain('refused voided x1')
    const shown = await operate('GET', `/tenants/${tenant.id}/void/${job.jobId}`)
    expect([shown.status, await shown.json()]).toEqual([200, job])
  })

  it('ends those of a time, and those of an issuer within it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant, mine, issued, others } = await twoIssuers()
    // The log has the clock of the database.
    await env.DB.prepare('UPDATE admin_events SET logged_at = ? + seq * 1000 WHERE tenant_id = ?')
      .bind(Date.now() - 100_000, tenant.id)
      .run()
    const { results } = await env.DB.prepare(
      "SELECT user_id, logged_at FROM admin_events WHERE tenant_id = ? AND action = 'generate' ORDER BY seq",
    )
      .bind(tenant.id)
      .all<{ logged_at: number }>()
    const at = (nth: number) => new Date(results[nth]?.logged_at ?? 0).toISOString()
    // The last of mine, and the first two of the others.
    const window = { since: at(2), until: at(4) }
    expect(await voidSome(tenant, { ...window, issuedBy: mine.accessID, dryRun: true })).toMatchObject({
      voided: 1,
    })
    expect(await voidSome(tenant, { ...window, dryRun: true })).toMatchObject({ voided: 3 })
    expect(await voidSome(tenant, { ...window, issuedBy: mine.accessID })).toMatchObject({ voided: 1 })
    expect(await goodOf(tenant, issued)).toHaveLength(2)
    expect(await goodOf(tenant, others)).toHaveLength(3)
    expect(await voidSome(tenant, window)).toMatchObject({ voided: 2 })
    expect(await goodOf(tenant, others)).toHaveLength(1)
    expect(await voidSome(tenant, { since: at(0) })).toMatchObject({ voided: 3 })
  })

  it('ends codes that users asked for, by their time and by nobody', async () => {
    const tenant = await newTenant({ policy: MAILING, users: 2 })
    const [first = '', second = ''] = tenant.emails
    await handle([await ask(tenant, first)], { bindings: { EMAIL } })
    const issued = await issueBy(tenant, tenant.keys['help-desk'], [second])
    expect(
      await voidSome(tenant, { issuedBy: tenant.keys['help-desk'].accessID, dryRun: true }),
    ).toMatchObject({ voided: 1 })
    expect(await voidSome(tenant, { since: '2026-01-01T00:00:00Z', mode: 'ENROLLMENT' })).toMatchObject({
      voided: 0,
    })
    expect(await voidSome(tenant, { since: '2026-01-01T00:00:00Z' })).toMatchObject({ voided: 2 })
    expect((await storedCode(tenant.id, first))?.ended_as).toBe('voided')
    expect(await goodOf(tenant, issued)).toEqual([])
  })

  it('R11: drops what was asked for by then and is not issued, and what an issuer has put into the queue', async () => {
    const tenant = await newTenant({ policy: MAILING, users: 2 })
    const [first = '', second = ''] = tenant.emails
    const asked = await ask(tenant, first)
    const body = [{ email: second, code_send_to: 'EMAIL' }]
    const { messages } = await requestHeld(`https://${tenant.host}${GENERATE}`, {
      token: await tenant.token(),
      body,
    })
    expect(await voidSome(tenant, { since: '2026-01-01T00:00:00Z' })).toMatchObject({ voided: 1 })
    const sent: unknown[] = []
    const mailer = { send: async (mail: unknown) => sent.push(mail) } as unknown as Env['EMAIL']
    expect(await handle([asked, ...messages], { bindings: { EMAIL: mailer } })).toEqual(['ack', 'ack'])
    expect(sent).toEqual([])
    expect((await userEvents(tenant)).filter((event) => event.startsWith('delivery-failed'))).toEqual([
      'delivery-failed voided x1',
      'delivery-failed voided x1',
    ])
  })

  it('counts the code that is kept beside another once, and dry, changes nothing', async () => {
    const tenant = await newTenant({ policy: MAILING, users: 2 })
    const [first = ''] = tenant.emails
    await issueBy(tenant, tenant.keys['help-desk'], [first])
    await handle([await ask(tenant, first)], { bindings: { EMAIL } })
    await issueBy(tenant, tenant.keys['super-admin'], tenant.emails.slice(1))
    const before = [await storedCodes(tenant.id), await voidEvents(tenant), await wholeEvents(tenant)]
    const all = { since: '2026-01-01T00:00:00Z' }
    expect(await voidSome(tenant, { ...all, dryRun: true })).toMatchObject({
      voided: 2,
      dryRun: true,
      state: 'done',
    })
    expect(await voidSome(tenant, { scope: 'all', dryRun: true })).toMatchObject({ voided: 2 })
    expect(
      await voidSome(tenant, { issuedBy: tenant.keys['help-desk'].accessID, dryRun: true }),
    ).toMatchObject({
      voided: 1,
    })
    expect([await storedCodes(tenant.id), await voidEvents(tenant), await wholeEvents(tenant)]).toEqual(
      before,
    )
    expect(await voidSome(tenant, all)).toMatchObject({ voided: 2 })
    expect(await voidSome(tenant, { ...all, dryRun: true })).toMatchObject({ voided: 0 })
  })

  it('D4: leaves no full address in an event, should somebody be named by one', async () => {
    const tenant = await newTenant({ policy: MAILING })
    await voidSome(tenant, { issuedBy: 'jane.saoirse@example.com' })
    const { results } = await env.DB.prepare(
      "SELECT target FROM admin_events WHERE tenant_id = ? AND action = 'void.some'",
    )
      .bind(tenant.id)
      .all<{ target: string }>()
    expect(results.map(({ target }) => target)).toEqual(['j***@example.com', 'j***@example.com'])
  })

  it('counts nothing that was voided with everything', async () => {
    const { tenant } = await twoIssuers(2)
    expect(await voidSome(tenant, { scope: 'all', dryRun: true })).toMatchObject({ voided: 2 })
    await voidAll(tenant)
    expect(await voidSome(tenant, { scope: 'all', dryRun: true })).toMatchObject({ voided: 0 })
    expect(await voidSome(tenant, { since: '2026-01-01T00:00:00Z' })).toMatchObject({ voided: 0 })
  })

  it('R3: says which codes a hook was being asked of; such a one dies when the hook fails', async () => {
    const { tenant, code } = await withHook()
    playHook(async () => {
      expect(await voidSome(tenant, { since: '2026-01-01T00:00:00Z', dryRun: true })).toMatchObject({
        voided: 0,
        inUse: 1,
      })
      expect(await voidSome(tenant, { since: '2026-01-01T00:00:00Z' })).toMatchObject({ voided: 0, inUse: 1 })
      return new Response(null, { status: 500 })
    })
    expect(await meter(tenant, AUTHENTICATE, passwordCall(JANE, code))).toMatchObject({ status: 503 })
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ ended_as: 'voided' })
    expect(await voidEvents(tenant)).toEqual({ 'in-use': 1 })
  })

  it('E3: of another tenant is nothing, nor its progress', async () => {
    const { tenant, issued, mine } = await twoIssuers()
    const other = await newTenant({ policy: MAILING })
    expect(await voidSome(other, { issuedBy: mine.accessID })).toMatchObject({ voided: 0 })
    const { jobId } = await voidSome(tenant, { issuedBy: mine.accessID, dryRun: true })
    expect((await operate('GET', `/tenants/${other.id}/void/${jobId}`)).status).toBe(404)
    const url = `https://${other.host}${VOID_MANY}/${jobId}`
    expect((await call(url, { method: 'GET', token: await other.token('super-admin') })).status).toBe(404)
    expect(await goodOf(tenant, issued)).toHaveLength(3)
  })
})

describe('work on a void', () => {
  /** Many codes of one key, made in the database. */
  async function manyIssued(count: number) {
    const tenant = await newTenant({ policy: MAILING })
    const issuedBy = 'somebody'
    const n = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`
    await env.DB.batch([
      env.DB.prepare(
        `${n} INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at)
         SELECT ?1 || i, ?1, i || '@example.com', i || '@example.com', i, i, 'enabled', '{}', 0, 0 FROM n`,
      ).bind(tenant.id),
      env.DB.prepare(
        `${n} INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, mode, user_id, target, result, source_ip, request_id)
         SELECT ?1, 'code' || i, ?2, ?3, 'generate', 'PASSWORD_RESET', ?1 || i, '', 'issued', '', '' FROM n`,
      ).bind(tenant.id, Date.now(), issuedBy),
      env.DB.prepare(
        `${n} INSERT INTO reset_codes (user_id, mode, tenant_id, code_id, digest, pepper_id, issued_at, expires_at)
         SELECT ?1 || i, 'PASSWORD_RESET', ?1, 'code' || i, '', '', ?2, ?2 + 600000 FROM n`,
      ).bind(tenant.id, Date.now()),
    ])
    return { tenant, issuedBy }
  }

  it.each([false, true])(
    'D3: is exact when several do it at once, each code with one event (dry: %s)',
    SLOW,
    async (isDryRun) => {
      const { tenant, issuedBy } = await manyIssued(1_100)
      const job = await begin(tenant, issuedBy, isDryRun)
      const queue = heldQueue()
      const messages = Array.from({ length: 8 }, () => ({ tenantId: tenant.id, jobId: job.id }))
      // Each a batch of its own, as of eight isolates.
      await Promise.all(
        messages.map((message) =>
          handle([message], { queue: 'rescind-jobs', bindings: { JOBS: queue as unknown as Queue } }),
        ),
      )
      let turns = 0
      while ((await findJob(scopeOf(tenant), job.id))?.ended_at === null && turns < 10) {
        turns += 1
        await handle(messages.slice(0, 1), {
          queue: 'rescind-jobs',
          bindings: { JOBS: queue as unknown as Queue },
        })
      }
      expect(await findJob(scopeOf(tenant), job.id)).toMatchObject({ voided: 1_100, in_use: 0 })
      expect(await voidEvents(tenant)).toEqual(isDryRun ? {} : { voided: 1_100 })
      expect(await wholeEvents(tenant)).toEqual(
        isDryRun ? [] : ['void.some both begun', 'void.some both ended'],
      )
    },
  )

  it('D1: goes on where it was when a run is cut off', async () => {
    const { tenant, issuedBy } = await manyIssued(600)
    const job = await begin(tenant, issuedBy)
    const scope = { ...scopeOf(tenant), ...CAPS }
    const next = await workOn(scope, job)
    expect(next).toMatchObject({ voided: 250, ended_at: null })
    // The answer to this was lost: what was made stays made, and is not made again.
    expect(await workOn(scope, job)).toBeUndefined()
    expect(await voidEvents(tenant)).toEqual({ voided: 250 })
    const failing = {
      prepare: (text: string) => env.DB.prepare(text),
      batch: (statements: D1PreparedStatement[]) =>
        env.DB.batch([...statements, env.DB.prepare('INSERT INTO tenants (id) VALUES (NULL)')]),
    } as unknown as D1Database
    await expect(workOn({ ...scope, db: failing }, next as VoidJob)).rejects.toThrow()
    expect(await voidEvents(tenant)).toEqual({ voided: 250 })
    expect(await findJob(scope, job.id)).toEqual(next)
    expect(await handle([{ tenantId: tenant.id, jobId: job.id }], { queue: 'rescind-jobs' })).toEqual(['ack'])
    expect(await findJob(scope, job.id)).toMatchObject({ voided: 600, ended_at: expect.any(Number) })
    expect(await voidEvents(tenant)).toEqual({ voided: 600 })
  })

  it('is bounded, and puts what is left at the end of the queue; another tenant’s does not wait for it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const [{ tenant, issuedBy }, small] = [await manyIssued(1_100), await manyIssued(1)]
    const [job, other] = [await begin(tenant, issuedBy), await begin(small.tenant, small.issuedBy)]
    const queue = heldQueue()
    // Each batch takes longer than half of a run's time.
    const DB = {
      prepare: (text: string) => env.DB.prepare(text),
      batch: async (statements: D1PreparedStatement[]) => {
        const results = await env.DB.batch(statements)
        vi.setSystemTime(Date.now() + 1_100)
        return results
      },
    } as unknown as D1Database
    const messages = [job, other].map(({ tenant_id: tenantId, id: jobId }) => ({ tenantId, jobId }))
    const bindings = { JOBS: queue as unknown as Queue, DB }
    expect(await handle(messages, { queue: 'rescind-jobs', bindings })).toEqual(['ack', 'ack'])
    expect(await findJob(scopeOf(small.tenant), other.id)).toMatchObject({
      voided: 1,
      ended_at: expect.any(Number),
    })
    const large = await findJob(scopeOf(tenant), job.id)
    expect(large?.ended_at).toBe(null)
    expect([250, 500]).toContain(large?.voided)
    expect(queue.messages).toEqual([{ tenantId: tenant.id, jobId: job.id }])
  })

  it('goes on by the cron trigger and by a look at it, when its message is lost', async () => {
    const { tenant, issuedBy } = await manyIssued(3)
    const job = await begin(tenant, issuedBy)
    const queue = heldQueue()
    const bindings = { JOBS: queue as unknown as Queue }
    const look = async () => (await operate('GET', `/tenants/${tenant.id}/void/${job.id}`)).json<Job>()
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), { ...env, ...bindings })
    const mine = () => queue.messages.filter((message) => (message as { jobId: string }).jobId === job.id)
    expect(mine()).toEqual([])
    await env.DB.prepare('UPDATE void_jobs SET worked_at = ? WHERE id = ?')
      .bind(Date.now() - 61_000, job.id)
      .run()
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), { ...env, ...bindings })
    expect(mine()).toEqual([{ tenantId: tenant.id, jobId: job.id }])
    expect(await look()).toMatchObject({ voided: 0, state: 'running' })
    await handle(mine(), { queue: 'rescind-jobs' })
    expect(await look()).toMatchObject({ voided: 3, state: 'done' })
  })

  it('retries after a fault, and says in the log no more than its class', async () => {
    const { tenant, issuedBy } = await manyIssued(1)
    const job = await begin(tenant, issuedBy)
    const logged = vi.spyOn(console, 'log')
    const DB = {
      prepare: () => {
        throw new Error('D1_ERROR: secret words')
      },
    } as unknown as D1Database
    const message = { tenantId: tenant.id, jobId: job.id }
    expect(await handle([message], { queue: 'rescind-jobs', bindings: { DB } })).toEqual([undefined])
    const lines = logged.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('"job"'))
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { event: 'job', ...message, outcome: 'fault', fault: 'Error D1_ERROR' },
    ])
  })

  it('reads each row by a key, and no table through', async () => {
    const { tenant, issuedBy } = await manyIssued(300)
    for (const isDryRun of [false, true]) {
      const job = { ...(await begin(tenant, issuedBy)), is_dry_run: Number(isDryRun) }
      const { db, plans } = explainingD1()
      await workOn({ ...scopeOf(tenant), ...CAPS, db }, job)
      const details = (await Promise.all(plans)).join('; ').split('; ')
      const scans = details.filter((detail) => detail.startsWith('SCAN'))
      expect(scans.filter((detail) => !/found|subquery|json_each|CONSTANT ROW/.test(detail))).toEqual([])
      expect(details).toContain('SEARCH e USING INDEX admin_events_by_seq (tenant_id=? AND seq>? AND seq<?)')
      expect(details.join()).toMatch(/SEARCH reset_codes USING PRIMARY KEY \(user_id=\? AND mode=\?\)/)
    }
  })
})
