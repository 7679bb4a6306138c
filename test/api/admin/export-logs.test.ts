import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { drizzle } from 'drizzle-orm/d1'
import { describe, expect, it, vi } from 'vitest'
import { ADMIN_ACTIVITIES, USER_ACTIVITIES } from '../../../src/api/admin/event-codes.ts'
import worker from '../../../src/local.ts'
import { adminLog } from '../../../src/audit/event-log-store.ts'
import { recordLimit } from '../../../src/audit/limit-event-store.ts'
import { recordUserEvent } from '../../../src/audit/user-event-store.ts'
import { meteredDb } from '../../rig/metered-d1.ts'
import { call, newTenant, NO_LIMITS, type Tenant } from '../../rig/service.ts'

const USER = 'user1@example.com'
const ACTOR = { accessId: 'x', sourceIp: 'x', requestId: 'x' }

type Entry = Record<string, unknown> & { eventId: string; eventLogDate: string }
type Log = {
  totalPages: number
  totalElements: number
  pageSize: number
  currentPage: number
  elements: Entry[]
  userEventLogExportEntries: Entry[]
}

async function get(tenant: Tenant, path: string, query: Record<string, string> = {}): Promise<Response> {
  const url = `https://${tenant.host}/AdminInterface/restapi/v1${path}?${String(new URLSearchParams(query))}`
  return call(url, { method: 'GET', token: await tenant.token() })
}
const log = async (tenant: Tenant, which: 'adminlog' | 'usereventlog', query: Record<string, string> = {}) =>
  (await get(tenant, `/${which}/exportlogs`, query)).json<Log>()

const numbers = (entries: readonly Entry[]) => entries.map(({ eventId }) => Number(eventId))
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('the log of administrators', () => {
  it('has the members that collectors read, and no others', async () => {
    const tenant = await newTenant({ users: 1 })
    await tenant.generate([USER, 'nobody@example.com'])
    const response = await get(tenant, '/adminlog/exportlogs')
    const { elements, ...page } = await response.json<Log>()
    expect([response.status, page]).toEqual([
      200,
      { totalPages: 1, totalElements: 3, pageSize: 100, currentPage: 0 },
    ])
    expect(elements[1]).toEqual({
      eventId: '2',
      eventLogDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      eventType: 'ADMIN',
      adminUserName: tenant.keys['help-desk'].accessID,
      adminUserRole: null,
      activityKey: 'GENERATE_PASSWORD_RESET_CODE',
      activityCode: 90001,
      result: 'SUCCESS',
      reasonKey: 'issued',
      message: expect.stringContaining('generated a password reset code for u***@example.com: issued.'),
      sourceIPAddress: expect.any(String),
      targetObject1Id: expect.any(String),
      targetObject1Name: 'u***@example.com',
      targetObject1Type: 'USER',
      targetObject2Id: null,
      targetObject2Name: null,
      targetObject2Type: null,
    })
    expect(elements[2]).toMatchObject({ result: 'FAILURE', reasonKey: 'unknown', targetObject1Id: null })
  })

  it('names a limit that refused as the limit, and not as whom a code was for', async () => {
    const tenant = await newTenant({ policy: { limits: { issue: { perHour: 2, perDay: 2 } } } })
    const one = [{ email: USER }]
    for (let nth = 0; nth < 3; nth += 1) await tenant.admin('/users/generateVerifyCode/resetPassword', one)
    const entry = (await log(tenant, 'adminlog')).elements.find(({ reasonKey }) => reasonKey === 'limited')
    expect(entry).toMatchObject({ result: 'FAILURE', targetObject1Name: null, targetObject1Type: null })
    expect(entry?.['message']).toMatch(/: limited\. Limit: issue-(?:hour|day)$/)
  })

  it('D3: numbers events without a gap, also those that are written at once', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 2 })
    await Promise.all(Array.from({ length: 20 }, () => tenant.generate(tenant.emails)))
    const pages: number[] = []
    for (const pageNumber of ['0', '1', '2']) {
      const { totalElements, totalPages, elements } = await log(tenant, 'adminlog', {
        pageNumber,
        pageSize: '20',
      })
      expect([totalElements, totalPages]).toEqual([42, 3])
      pages.push(...numbers(elements))
    }
    expect(pages).toEqual(upTo(42))
    expect((await log(tenant, 'adminlog', { pageNumber: '3', pageSize: '20' })).elements).toEqual([])
  })

  it('neither repeats nor skips an event while others arrive, page by page', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    for (let nth = 0; nth < 6; nth++) await tenant.newCode(USER)
    const read: number[] = []
    for (let page = 0; page < 4; page++) {
      read.push(
        ...numbers((await log(tenant, 'adminlog', { pageNumber: String(page), pageSize: '2' })).elements),
      )
      await tenant.newCode(USER)
    }
    expect(read).toEqual(upTo(8))
  })

  it('windows of time that follow each other have each event once', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    const marks: string[] = [new Date(Date.now() - 60_000).toISOString()]
    for (let nth = 0; nth < 4; nth++) {
      await tenant.newCode(USER)
      await pause(5)
      marks.push(new Date().toISOString())
      await pause(5)
    }
    const read: number[] = []
    for (const [index, startTimeAfter] of marks.slice(0, -1).entries()) {
      const endTimeOnOrBefore = marks[index + 1] ?? ''
      const { elements, totalElements } = await log(tenant, 'adminlog', { startTimeAfter, endTimeOnOrBefore })
      expect(elements).toHaveLength(totalElements)
      for (const { eventLogDate } of elements) {
        expect(eventLogDate > startTimeAfter && eventLogDate <= endTimeOnOrBefore).toBe(true)
      }
      read.push(...numbers(elements))
    }
    expect(read).toEqual(upTo(5))
    const offset = {
      startTimeAfter: '2026-01-01T00:00:00.000+01:00',
      endTimeOnOrBefore: '2999-01-01T00:00:00.000-08:00',
    }
    expect((await log(tenant, 'adminlog', offset)).totalElements).toBe(5)
  })

  it.each([
    { pageSize: '0' },
    { pageSize: '101' },
    { pageNumber: '-1' },
    { pageNumber: 'x' },
    { startTimeAfter: 'yesterday' },
    { startTimeAfter: '2026-11-26T10:00:00.000' },
    { startTimeAfter: '2026-13-45T10:00:00.000Z' },
    { startTimeAfter: '2026-11-26T10:00:00.000Z', endTimeOnOrBefore: '2026-11-25T10:00:00.000Z' },
  ] as Record<string, string>[])('I1: %j is refused', async (query) => {
    const tenant = await newTenant()
    for (const which of ['adminlog', 'usereventlog']) {
      const response = await get(tenant, `/${which}/exportlogs`, query)
      expect([response.status, await response.json()]).toMatchObject([400, { code: '400 BAD_REQUEST' }])
    }
  })

  it('E3: is of one tenant, whose numbers are its own', async () => {
    const [tenant, other] = [await newTenant({ users: 1 }), await newTenant({ users: 3 })]
    expect(numbers((await log(tenant, 'adminlog')).elements)).toEqual([1])
    expect(numbers((await log(other, 'adminlog')).elements)).toEqual([1, 2, 3])
  })

  it('reads and writes no more rows with 2,000 events than with 100', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    const emails = Array.from({ length: 100 }, (_, nth) => `nobody${nth}@example.com`)
    const costOf = async (work: (db: D1Database) => Promise<unknown>) => {
      const db = meteredDb()
      await work(db as unknown as D1Database)
      return db.rows.map(({ read }) => read).reduce((sum, rows) => sum + rows, 0)
    }
    const scope = { tenantId: tenant.id, now: Date.now() }
    const costs = async () => [
      await costOf((db) =>
        adminLog({ ...scope, db }, { after: 0, until: Date.now() }, { number: 0, size: 10 }),
      ),
      await costOf((db) =>
        recordLimit({ ...scope, db, now: Date.now() }, ACTOR, { bucket: crypto.randomUUID(), mode: 'x' }),
      ),
    ]
    await tenant.generate(emails)
    const few = await costs()
    for (let nth = 0; nth < 19; nth++) await tenant.generate(emails)
    const [read = 0, write = 0] = await costs()
    // Five halvings more for each of the two ends, in each of the two statements.
    expect(read - (few[0] ?? 0)).toBeLessThanOrEqual(100)
    expect(write).toBe(few[1])
  })

  it('knows every action that is written', async () => {
    const sources = import.meta.glob<string>('../../../src/**/*.ts', {
      query: '?raw',
      import: 'default',
      eager: true,
    })
    // The types of webhooks' events look like actions.
    const texts = Object.entries(sources).filter(([path]) => !path.endsWith('webhooks/event-type.ts'))
    const text = texts.map(([, source]) => source).join('\n')
    // A word of the password API begins as actions do.
    const actions = [...text.matchAll(/'(user\.(?!password)[a-z.-]+|tenant\.[a-z_]+)'/g)].map(
      ([, action]) => action,
    )
    expect([...new Set(actions)].filter((action) => !(String(action) in ADMIN_ACTIVITIES))).toEqual([])
    const codes = [...Object.values(ADMIN_ACTIVITIES), ...Object.values(USER_ACTIVITIES)].map(
      ({ code }) => code,
    )
    expect(new Set(codes).size).toBe(codes.length)
  })
})

describe('the log of users', () => {
  /** Puts all counted rows of a tenant back by some hours, as if so much time had passed. */
  const hoursPass = ({ id }: Tenant, hours: number) =>
    env.DB.batch([
      env.DB.prepare(
        'UPDATE user_events SET occurred_at = occurred_at - ? WHERE tenant_id = ? AND occurred_at % 3600000 = 0',
      ).bind(hours * 3_600_000, id),
      env.DB.prepare('UPDATE log_marks SET closed_until = closed_until - ? WHERE tenant_id = ?').bind(
        hours * 3_600_000,
        id,
      ),
    ])

  it('has what happens once at once, and what is counted when its hour is over', async () => {
    const tenant = await newTenant({
      policy: { redeem: { kind: 'grant', audience: 'https://app.example.com' } },
      users: 1,
    })
    const code = await tenant.newCode(USER)
    for (let nth = 0; nth < 3; nth++) await tenant.validate(USER, 'wrong')
    const form = String(new URLSearchParams({ emailAddress: USER, passwordResetCode: code }))
    const redeemed = await call(`https://${tenant.host}/api/passwordmanagement/redeemPasswordResetCode`, {
      body: form,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    expect(redeemed.status).toBe(200)
    const first = await log(tenant, 'usereventlog')
    expect(first).toMatchObject({
      totalElements: 1,
      userEventLogExportEntries: [{ eventId: '1', eventCode: '91006', eventLevel: 'INFO' }],
    })
    await hoursPass(tenant, 2)
    const second = await log(tenant, 'usereventlog')
    expect(second).toMatchObject({
      totalElements: 2,
      userEventLogExportEntries: [
        { eventId: '1' },
        {
          eventId: '2',
          eventCode: '91005',
          eventLevel: 'WARN',
          eventDescription: 'Code refused (wrong), 3 times in an hour.',
          userId: expect.any(String),
          tenantId: tenant.id,
        },
      ],
    })
    expect(await log(tenant, 'usereventlog')).toEqual(second)
    const id = second.userEventLogExportEntries[0]?.['userId']
    const history = await (await get(tenant, `/users/${String(id)}/authlogs/`)).json<Entry[]>()
    expect(history.map(({ eventCode }) => eventCode)).toEqual(['91005', '91006'])
    expect((await get(tenant, `/users/${crypto.randomUUID()}/authlogs`)).status).toBe(404)
  })

  it('D3: has what happens once in the millisecond in which an hour begins, also when it is recorded later', async () => {
    const tenant = await newTenant({ users: 1 })
    await log(tenant, 'usereventlog')
    const [orm, now] = [drizzle(env.DB), Date.now()]
    const hour = now - (now % 3_600_000)
    const event = { userId: 'u', action: 'sent', reason: '', subjectId: crypto.randomUUID() } as const
    for (const occurredAt of [hour, hour - 5 * 3_600_000]) {
      await recordUserEvent(orm, { tenantId: tenant.id, now }, { ...event, occurredAt })
    }
    expect(await log(tenant, 'usereventlog')).toMatchObject({
      totalElements: 2,
      userEventLogExportEntries: [{ eventId: '1' }, { eventId: '2' }],
    })
  })

  it('D4: holds no code and no whole address', async () => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    await tenant.validate(USER, code)
    await hoursPass(tenant, 2)
    for (const which of ['adminlog', 'usereventlog'] as const) {
      const text = JSON.stringify(await log(tenant, which))
      expect(text).not.toContain(code)
      expect(text).not.toContain(USER)
    }
  })
})

describe('the retention of events', () => {
  /** As many runs as it takes for every tenant of all tests to have its turn. */
  async function maintain(): Promise<void> {
    const tenants = (await env.DB.prepare('SELECT count(*) AS n FROM tenants').first<number>('n')) ?? 0
    for (let hour = 0; hour < Math.ceil(tenants / 400); hour++) {
      const scheduledTime = Date.now() + hour * 3_600_000
      await worker.scheduled(createScheduledController({ scheduledTime }), env)
    }
  }
  /** Makes all events of a tenant older. */
  const daysPass = ({ id }: Tenant, days: number) =>
    env.DB.prepare('UPDATE admin_events SET logged_at = logged_at - ? WHERE tenant_id = ?')
      .bind(days * 86_400_000, id)
      .run()

  it('removes what is older than the policy says, and numbers go on', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, retention: { eventsDays: 30 } }, users: 1 })
    for (let nth = 0; nth < 4; nth++) await tenant.newCode(USER)
    await daysPass(tenant, 29)
    await maintain()
    expect(numbers((await log(tenant, 'adminlog')).elements)).toEqual([1, 2, 3, 4, 5])
    await daysPass(tenant, 2)
    await tenant.newCode(USER)
    await maintain()
    expect(numbers((await log(tenant, 'adminlog')).elements)).toEqual([6])
    await daysPass(tenant, 99)
    await maintain()
    // The last one stays, so that no number is given twice.
    expect(numbers((await log(tenant, 'adminlog')).elements)).toEqual([6])
    await tenant.newCode(USER)
    expect(numbers((await log(tenant, 'adminlog')).elements)).toEqual([6, 7])
  })

  it('removes more than one batch in a run', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, retention: { eventsDays: 30 } }, users: 1 })
    const emails = Array.from({ length: 100 }, (_, nth) => `nobody${nth}@example.com`)
    for (let nth = 0; nth < 12; nth++) await tenant.generate(emails)
    await daysPass(tenant, 31)
    await tenant.newCode(USER)
    await maintain()
    expect(numbers((await log(tenant, 'adminlog')).elements)).toEqual([1_202])
  })

  it('L2: a long log is removed as far as the run goes, and keeps no other tenant from its turn', async () => {
    const policy = { ...NO_LIMITS, retention: { eventsDays: 30 } }
    const [long, short] = [await newTenant({ policy }), await newTenant({ policy, users: 1 })]
    await env.DB.prepare(
      `INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, target, result, source_ip, request_id)
       WITH RECURSIVE nth (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nth WHERE n < 11000)
       SELECT ?, printf('%05d', n), 0, '', 'user.update', '', 'done', '', '' FROM nth`,
    )
      .bind(long.id)
      .run()
    for (const tenant of [long, short]) await daysPass(tenant, 31)
    await short.newCode(USER)
    await maintain()
    // One call takes 500 of them: more than 20 calls, as many as a run once made for a tenant.
    expect((await log(long, 'adminlog')).totalElements).toBe(1)
    expect(numbers((await log(short, 'adminlog')).elements)).toEqual([2])
  })

  it('D3: a failing database fails the run, after the others were served', async () => {
    const broken = { batch: () => Promise.reject(new Error('D1_ERROR: broken')), prepare: () => ({}) }
    const lines = vi.spyOn(console, 'log')
    const changed = { ...env, DB_BROKEN: broken } as unknown as Env
    await expect(
      worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), changed),
    ).rejects.toThrow('a part of the maintenance failed')
    const events = lines.mock.calls
      .map(([line]) => String(line))
      .filter((line) => line.includes('maintenance'))
    lines.mockRestore()
    expect(events).toHaveLength(5)
    expect(events.filter((line) => line.includes('"fault"'))).toHaveLength(2)
  })
})
