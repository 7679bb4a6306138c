import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import security from '../../SECURITY.md?raw'
import { recordLimit } from '../../src/audit/limit-event-store.ts'
import { addKey, adminToken, call, newTenant, NO_LIMITS, type Tenant, type TestKey } from '../rig/service.ts'

/** The clock stands, so that nothing comes back while a test counts. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const HOUR_MS = 3_600_000
const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

const nobodies = (count: number) => Array.from({ length: count }, (_, index) => `nobody${index}@example.com`)

/** One key of a tenant at work, for users of whom the tenant has none. */
function desk(tenant: Tenant, key: TestKey = tenant.keys['help-desk']) {
  const post = async (path: string, body: unknown) =>
    call(`https://${tenant.host}/AdminInterface/restapi/v1/users/${path}`, {
      token: await adminToken(key),
      body,
    })
  return {
    generate: (users: number, options: object = {}) =>
      post(
        'generateVerifyCode/resetPassword',
        nobodies(users).map((email) => ({ email, ...options })),
      ),
    void: (users: number) =>
      post('voidVerifyCode', { code_generation_mode: 'PASSWORD_RESET', user_emails: nobodies(users) }),
  }
}

const statusOf = async (answer: Promise<Response>) => (await answer).status

async function statusesOf(count: number, ask: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = []
  for (let nth = 0; nth < count; nth += 1) statuses.push(await statusOf(ask()))
  return statuses
}

const limitsOf = (limits: object) => newTenant({ policy: { limits: { ...NO_LIMITS.limits, ...limits } } })

describe('the limits of a key', () => {
  it('count users: a call for 100 costs what 100 calls cost', async () => {
    const rate = { perMinute: 60, burst: 100 }
    const { generate, void: voidCodes } = desk(await limitsOf({ admin: rate, void: rate }))
    for (const ask of [generate, voidCodes]) {
      expect(await statusOf(ask(100))).toBe(200)
      const refused = await ask(1)
      expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1'])
      const many = await ask(40)
      expect([many.status, many.headers.get('Retry-After')]).toEqual([429, '40'])
    }
  })

  it('count every entry once, a user listed twice or unknown too, and no more', async () => {
    const { generate } = desk(await limitsOf({ admin: { perMinute: 60, burst: 100 } }))
    const left = async (users: number) =>
      (await generate(users, { email: 'same@example.com' })).headers.get('RateLimit')
    expect(await left(30)).toContain('"admin";r=70;t=30')
    expect(await left(7)).toContain('"admin";r=63;t=37')
  })

  it('L1: a call for more users than the burst waits for the full bucket, and is paid in full', async () => {
    const rate = { perMinute: 60, burst: 10 }
    const { void: voidCodes } = desk(await limitsOf({ void: rate }))
    expect(await statusOf(voidCodes(1))).toBe(200)
    expect((await voidCodes(50)).headers.get('Retry-After')).toBe('1')
    later(1_000)
    expect(await statusOf(voidCodes(50))).toBe(200)
    expect((await voidCodes(1)).headers.get('Retry-After')).toBe('41')
    later(41_000)
    expect(await statusesOf(2, () => voidCodes(1))).toEqual([200, 429])
  })

  it('L3: a refused call for many users holds no call for fewer', async () => {
    const { void: voidCodes } = desk(await limitsOf({ void: { perMinute: 60, burst: 100 } }))
    expect(await statusOf(voidCodes(60))).toBe(200)
    expect((await voidCodes(100)).headers.get('Retry-After')).toBe('60')
    expect(await statusesOf(3, () => voidCodes(10))).toEqual([200, 200, 200])
  })

  it('F2: one key’s flood of calls stops neither another key’s void nor its generate', async () => {
    const rate = { perMinute: 60, burst: 100 }
    const tenant = await limitsOf({ admin: rate, void: rate })
    const stolen = desk(tenant)
    const other = desk(tenant, await addKey(tenant.id, 'help-desk'))
    for (const flood of [stolen.generate, stolen.void]) {
      expect(await statusesOf(22, () => flood(100))).toEqual([200, ...Array(21).fill(429)])
    }
    expect(await statusesOf(22, () => other.void(4))).toEqual(Array(22).fill(200))
    expect(await statusesOf(22, () => other.generate(4))).toEqual(Array(22).fill(200))
  })

  it('F2: nothing but a key’s voids empties its bucket of voids', async () => {
    const tenant = await limitsOf({
      admin: { perMinute: 1, burst: 100 },
      void: { perMinute: 1, burst: 100 },
      issue: { perHour: 200, perDay: 200 },
      validate: { perMinute: 1, burst: 1 },
      send: { perMinute: 1, burst: 1 },
    })
    const { generate, void: voidCodes } = desk(tenant, tenant.keys['super-admin'])
    expect(await statusesOf(2, () => generate(100))).toEqual([200, 429])
    const others = [
      () => tenant.scim('GET', '/Users'),
      () => tenant.validate('x@example.com', 'x'),
      () => tenant.send('x@example.com'),
      () => tenant.send('x@example.com'),
      () => tenant.validate('x@example.com', 'x'),
    ]
    for (const other of others) await other()
    expect(await statusOf(tenant.scim('GET', '/Users'))).toBe(429)
    expect(await statusOf(tenant.send('y@example.com'))).toBe(429)
    expect(await statusOf(voidCodes(100))).toBe(200)
  })

  it('I4: a whole-request fault costs nothing', async () => {
    const tenant = await limitsOf({ void: { perMinute: 1, burst: 1 }, admin: { perMinute: 1, burst: 1 } })
    const { generate, void: voidCodes } = desk(tenant)
    for (const ask of [generate, voidCodes]) {
      expect(await statusesOf(3, () => ask(101))).toEqual([400, 400, 400])
      expect(await statusesOf(3, () => ask(0))).toEqual([400, 400, 400])
      expect(await statusesOf(2, () => ask(1))).toEqual([200, 429])
    }
  })
})

describe('the limits of what a key may be shown', () => {
  const mail = { from: 'reset@example.com' }
  const withMail = (issue: object) => newTenant({ policy: { mail, limits: { ...NO_LIMITS.limits, issue } } })
  const toEmail = { code_send_to: 'EMAIL' }
  const elsewhere = { ...toEmail, custom_email: 'else@example.com' }

  it.each([
    ['shown', {}],
    ['mailed to another address', elsewhere],
  ])('counts codes that are %s, and no others', async (_, options) => {
    const { generate } = desk(await withMail({ perHour: 20, perDay: 1000 }))
    expect(await statusesOf(3, () => generate(30, toEmail))).toEqual([200, 200, 200])
    expect(await statusesOf(3, () => generate(30, { ...options, code_validity: 'x' }))).toEqual([
      200, 200, 200,
    ])
    expect(await statusOf(generate(10, options))).toBe(200)
    const refused = await generate(1, options)
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '360'])
    // The user's own mailbox is no harvest.
    expect(await statusOf(generate(30, toEmail))).toBe(200)
  })

  it('F2: is each key’s own', async () => {
    const tenant = await withMail({ perHour: 20, perDay: 1000 })
    expect(await statusesOf(2, () => desk(tenant).generate(10))).toEqual([200, 429])
    const other = desk(tenant, await addKey(tenant.id, 'help-desk'))
    expect(await statusesOf(2, () => other.generate(10))).toEqual([200, 429])
  })

  it.each([
    ['hour', { perHour: 20, perDay: 1000 }, 360],
    ['day', { perHour: 1000, perDay: 20 }, 24 * 360],
  ])('L3: Retry-After is true for the %s, however often it is asked', async (_, issue, waitS) => {
    const { generate } = desk(await withMail(issue))
    expect(await statusOf(generate(10))).toBe(200)
    // An isolate asks again every 30 seconds; what it says meanwhile must be true as well.
    for (const elapsedS of [0, 1, 31, 32, 62]) {
      vi.setSystemTime(Date.UTC(2027, 0, 1) + elapsedS * 1000)
      const refused = await generate(1)
      expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, String(waitS - elapsedS)])
      const many = await generate(2)
      expect([many.status, many.headers.get('Retry-After')]).toEqual([429, String(2 * waitS - elapsedS)])
    }
    vi.setSystemTime(Date.UTC(2027, 0, 1) + waitS * 1000)
    expect(await statusesOf(2, () => generate(1))).toEqual([200, 429])
  })

  it('refuses what could never be admitted at once as a fault of the request, at no cost', async () => {
    const { generate } = desk(await withMail({ perHour: 20, perDay: 1000 }))
    const refused = await generate(11)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toEqual({
      code: '400 BAD_REQUEST',
      description:
        'Number of codes to show or to mail elsewhere (11) in request exceeds maximum allowed (10)',
    })
    expect(await statusesOf(2, () => generate(10))).toEqual([200, 429])
  })

  it('writes one event per key and hour, however often it refuses', async () => {
    const tenant = await withMail({ perHour: 2, perDay: 1000 })
    const { generate } = desk(tenant)
    const events = async () => {
      const rows = env.DB.prepare(
        "SELECT * FROM admin_events WHERE tenant_id = ? AND result = 'limited' ORDER BY id",
      ).bind(tenant.id)
      return (await rows.all()).results
    }
    expect(await statusesOf(5, () => generate(1))).toEqual([200, 429, 429, 429, 429])
    const [event, ...others] = await events()
    expect(others).toEqual([])
    expect(event).toMatchObject({
      occurred_at: Date.now(),
      access_id: tenant.keys['help-desk'].accessID,
      action: 'generate',
      mode: 'PASSWORD_RESET',
      user_id: null,
      target: 'issue-hour',
      source_ip: 'unknown',
    })
    expect(event?.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/)
    later(HOUR_MS)
    expect(await statusesOf(3, () => generate(1))).toEqual([200, 429, 429])
    expect(await events()).toHaveLength(2)
    // The isolate knows that it is written: what is refused after that costs no round trip.
    await env.DB.prepare('DELETE FROM admin_events WHERE tenant_id = ?').bind(tenant.id).run()
    expect(await statusesOf(2, () => generate(1))).toEqual([429, 429])
    expect(await events()).toEqual([])
  })

  it('writes it once, whichever isolates refuse', async () => {
    const now = Date.UTC(2027, 0, 1)
    const tenantId = crypto.randomUUID()
    const record = (at: number, accessId: string, bucket: string) =>
      recordLimit(
        { db: env.DB, tenantId, now: at },
        { accessId, sourceIp: 'unknown', requestId: crypto.randomUUID() },
        { bucket, mode: 'PASSWORD_RESET' },
      )
    for (const at of [now, now + 1, now + HOUR_MS - 1]) await record(at, 'one', 'issue-hour')
    await record(now, 'one', 'issue-day')
    await record(now, 'other', 'issue-hour')
    await record(now + HOUR_MS, 'one', 'issue-hour')
    const rows = env.DB.prepare(
      'SELECT access_id, target, occurred_at FROM admin_events WHERE tenant_id = ? ORDER BY 3, 1, 2',
    ).bind(tenantId)
    expect((await rows.raw()).map((row) => row.join(' '))).toEqual([
      `one issue-day ${now}`,
      `one issue-hour ${now}`,
      `other issue-hour ${now}`,
      `one issue-hour ${now + HOUR_MS}`,
    ])
  })

  it('F2: a stolen key harvests under the default policy what SECURITY.md says, and no more', async () => {
    const tenant = await newTenant()
    const { generate } = desk(tenant)
    let codes = 0
    const harvest = async () => {
      for (const users of [100, 10, 1]) {
        // Bounded, so that a limit that is not there fails the test rather than hang it.
        while (codes < 5_000 && (await statusOf(generate(users))) === 200) codes += users
      }
    }
    const [, hour = '', day = ''] =
      /shows whoever steals it at most (\d+) codes in any hour and ([\d,]+) in any day/.exec(security) ?? []
    await harvest()
    later(HOUR_MS)
    await harvest()
    expect(codes).toBe(Number(hour))
    for (let nth = 2; nth <= 24; nth += 1) {
      later(HOUR_MS)
      await harvest()
    }
    expect(codes).toBe(Number(day.replace(',', '')))
  })
})
