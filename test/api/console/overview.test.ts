import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { anomaliesOf } from '../../../src/api/console/anomalies.ts'
import { readOverview } from '../../../src/audit/event-count-store.ts'
import { countingD1 } from '../../rig/counting-d1.ts'
import { helen, newConsoleTenant, sam, type Browser } from '../../rig/console.ts'
import { expectStatus, NO_LIMITS, wrongCode, type Tenant } from '../../rig/service.ts'

/** What the console shows of what has happened: counted once, exactly, whoever asks and how often. */

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

type Step = { at: string; refused: Record<string, number>; notGenerated: Record<string, number> } & Record<
  string,
  number
>
type Overview = {
  from: string
  to: string
  step: string
  isComplete: boolean
  series: Step[]
  agents: { id: string; name: string | null; generated: number; voided: number }[]
  anomalies: object[]
  limits: object
}

async function overview(browser: Browser, query = ''): Promise<Overview> {
  const response = await browser.fetch('GET', `/console/overview${query}`)
  await expectStatus(200, response)
  return response.json<Overview>()
}

/** The sum of a measure over all steps. */
const total = ({ series }: Overview, measure: string) =>
  series.reduce((sum, step) => sum + (step[measure] ?? 0), 0)

describe('an overview', () => {
  it('counts what has happened by its kind, refusals by their true cause, and names who did it', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 3)
    const { browser } = await helen(tenant)
    const code = await tenant.newCode('user1@example.com')
    await tenant.newCode('user2@example.com')
    await tenant.newCode('user3@example.com')
    await tenant.generate(['nobody@example.com'])
    await tenant.void(['user2@example.com', 'nobody@example.com'])
    await tenant.validate('user1@example.com', code)
    await tenant.validate('user1@example.com', wrongCode(code))
    await tenant.validate('user1@example.com', wrongCode(code))
    await tenant.validate('user2@example.com', wrongCode(code))
    const shown = await overview(browser)
    expect(['generated', 'voided', 'signIns', 'validated'].map((each) => total(shown, each))).toEqual([
      3, 1, 1, 1,
    ])
    const last = shown.series.at(-1)
    expect(last?.refused).toEqual({ wrong: 2, voided: 1 })
    expect(last?.notGenerated).toEqual({ unknown: 1 })
    expect(shown.agents).toEqual([
      { id: tenant.keys['help-desk'].accessID, name: null, generated: 3, voided: 1 },
    ])
    expect(shown).toMatchObject({ step: 'hour', isComplete: true, limits: { issue: { perHour: 1_000_000 } } })
  })

  it('counts each event once, however many ask at once and how often', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 5)
    const { browser } = await sam(tenant)
    for (let round = 1; round <= 3; round += 1) {
      await tenant.generate(tenant.emails)
      const all = await Promise.all(Array.from({ length: 10 }, () => overview(browser)))
      for (const each of all) expect(total(each, 'generated')).toBe(5 * round)
    }
  })

  it('reads a bounded part of a long log at a time, says so, and reads none of it twice', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS)
    await seedEvents(tenant, 60_000)
    const scope = { db: env.DB, tenantId: tenant.id, now: Date.now() }
    const hour = scope.now - (scope.now % HOUR_MS)
    const window = { from: hour - 3 * HOUR_MS, until: hour + HOUR_MS, stepMs: HOUR_MS }
    const issued = ({ counts }: Awaited<ReturnType<typeof readOverview>>) =>
      counts.filter(({ action }) => action === 'generate').reduce((sum, { count }) => sum + count, 0)
    const first = await readOverview(scope, window)
    expect([first.isComplete, issued(first)]).toEqual([false, 50_000])
    const second = await readOverview(scope, window)
    expect([second.isComplete, issued(second)]).toEqual([true, 60_000])
    // From now on, a portion finds nothing: one trip, and one to read.
    const db = countingD1(env.DB)
    expect(issued(await readOverview({ ...scope, db }, window))).toBe(60_000)
    expect(db.trips).toBe(2)
  })

  it('counts on where old events were purged meanwhile', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 1)
    const { browser } = await sam(tenant)
    await overview(browser)
    await seedEvents(tenant, 30)
    await env.DB.prepare('DELETE FROM admin_events WHERE tenant_id = ? AND seq < 20').bind(tenant.id).run()
    await tenant.generate(tenant.emails)
    expect(await overview(browser)).toMatchObject({ isComplete: true })
    expect(await overview(browser)).toMatchObject({ isComplete: true })
  })

  it('tells a window of up to two days by the hour and a longer one by the day, whole steps of it', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await helen(tenant)
    const now = Date.now()
    const at = (ms: number) => new Date(now - ms).toISOString()
    const hours = await overview(browser, `?from=${at(2 * DAY_MS)}&to=${at(0)}`)
    expect([hours.step, hours.series.length]).toEqual(['hour', now % HOUR_MS === 0 ? 48 : 49])
    const days = await overview(browser, `?from=${at(31 * DAY_MS)}&to=${at(0)}`)
    expect([days.step, days.series.length]).toEqual(['day', 32])
    expect(new Set(days.series.map((step) => step.at.slice(10)))).toEqual(new Set(['T00:00:00.000Z']))
    expect(total(days, 'signIns')).toBe(1)
  })

  it.each([
    '?from=yesterday',
    '?to=2026-13-01T00:00:00Z',
    '?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z',
    `?from=${new Date(Date.now() - 32 * DAY_MS).toISOString()}`,
    `?from=${new Date().toISOString()}&to=${new Date(Date.now() - HOUR_MS).toISOString()}`,
    `?to=${new Date(Date.now() + 3 * DAY_MS).toISOString()}`,
  ])('I1: of %s is 400', async (query) => {
    const { browser } = await helen(await newConsoleTenant())
    expect((await browser.fetch('GET', `/console/overview${query}`)).status).toBe(400)
  })

  it('E3: shows nothing of another tenant', async () => {
    const [one, other] = [await newConsoleTenant(NO_LIMITS, 1), await newConsoleTenant()]
    await one.newCode('user1@example.com')
    const { browser } = await sam(other)
    const shown = await overview(browser)
    expect([total(shown, 'generated'), shown.agents]).toEqual([0, []])
  })

  it('costs five units of the person', async () => {
    const { browser } = await helen(
      await newConsoleTenant({ limits: { admin: { perMinute: 1, burst: 11 } } }),
    )
    const status = async () => (await browser.fetch('GET', '/console/overview')).status
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
  })
})

/** Events of an agent, as many as that, in the hours before this one. */
async function seedEvents({ id, keys }: Tenant, many: number): Promise<void> {
  const hour = Date.now() - (Date.now() % HOUR_MS)
  for (let done = 0; done < many; done += 10_000) {
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT ?3 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?4)
       INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, target, result, source_ip, request_id)
       SELECT ?1, printf('%012x-seed', i), ?2 - 3600000 * (i % 2), ?5, 'generate', '', 'issued', '', '' FROM n`,
    )
      .bind(id, hour, done, Math.min(many, done + 10_000), keys['help-desk'].accessID)
      .run()
  }
}

describe('what stands out', () => {
  it('is an agent far above the others, and a user who was asked for again and again', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 30)
    const { browser } = await helen(tenant)
    const email = 'user1@example.com'
    for (let count = 0; count < 5; count += 1) await tenant.newCode(email)
    await expectStatus(
      200,
      await browser.fetch(
        'POST',
        '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword',
        tenant.emails.map((each) => ({ email: each })),
      ),
    )
    const { anomalies } = await overview(browser)
    expect(anomalies).toEqual([
      {
        kind: 'agent',
        id: expect.stringMatching(/^prs_/) as string,
        name: 'Helen Desk',
        dayAt: `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`,
        count: 30,
        typical: 5,
      },
      { kind: 'user', userId: expect.any(String) as string, count: 6 },
    ])
  })

  const day = (id: string, dayAt: number, count: number) => ({ id, name: null, dayAt: dayAt * DAY_MS, action: 'generate', count }) // oxfmt-ignore

  it.each([
    ['nobody who does what all do', [day('a', 9, 50), day('b', 9, 40), day('c', 9, 60)], []],
    ['nobody for a few codes', [day('a', 9, 19), day('b', 9, 1)], []],
    ['who does five times what others do', [day('a', 9, 50), day('b', 9, 10), day('c', 9, 9)], ['a 9']],
    ['an agent alone by its own other days', [day('a', 9, 100), day('a', 8, 10), day('a', 7, 12)], ['a 9']],
    ['not an agent alone that is always so busy', [day('a', 9, 100), day('a', 8, 90), day('a', 7, 120)], []],
    ['not by what others did weeks ago', [day('a', 30, 100), day('b', 3, 1), day('b', 30, 90)], []],
  ] as const)('names %s', (_, agents, expected) => {
    const found = anomaliesOf(agents, []).map((each) =>
      'dayAt' in each ? `${each.id} ${each.dayAt / DAY_MS}` : '',
    )
    expect(found).toEqual(expected)
  })
})
