import { abortAllDurableObjects, evictAllDurableObjects } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { parseList } from 'structured-headers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { call, newTenant, operate, wrongCode, type Tenant } from '../rig/service.ts'

/** The clock stands, so that nothing comes back while a test counts. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

const limitedTo = (burst: number, perMinute = 60) =>
  newTenant({
    policy: {
      limits: {
        admin: { burst, perMinute },
        void: { burst, perMinute },
        validate: { burst, perMinute },
      },
    },
  })

/** One unit of the bucket of voids. */
async function spend(tenant: Tenant, headers: Record<string, string> = {}): Promise<Response> {
  const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`
  const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: ['nobody@example.com'] }
  return call(url, { token: await tenant.token(), body, headers })
}

const statuses = async (calls: Promise<Response>[]) =>
  (await Promise.all(calls)).map(({ status }) => status).toSorted((a, b) => a - b)

const many = <Value>(count: number, each: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => each(index))

describe('the limits of a tenant', () => {
  it('L1: of any number of parallel requests exactly the burst is admitted', async () => {
    const tenant = await limitedTo(7)
    const answers = await statuses(many(40, () => spend(tenant)))
    expect(answers).toEqual([...many(7, () => 200), ...many(33, () => 429)])
  })

  it('L1: nothing comes back when the objects are evicted or killed', async () => {
    const tenant = await limitedTo(4)
    expect(await statuses(many(3, () => spend(tenant)))).toEqual([200, 200, 200])
    await evictAllDurableObjects()
    expect(await statuses(many(9, () => spend(tenant)))).toEqual([200, ...many(8, () => 429)])
    await abortAllDurableObjects()
    expect(await statuses(many(9, () => spend(tenant)))).toEqual(many(9, () => 429))
    later(2_000)
    expect(await statuses(many(9, () => spend(tenant)))).toEqual([200, 200, ...many(7, () => 429)])
  })

  it.each([
    [60, 1],
    [30, 2],
    [1, 60],
  ])(
    'L3: at %i a minute a caller is refused until Retry-After has passed, and admitted then',
    async (perMinute, seconds) => {
      const tenant = await limitedTo(2, perMinute)
      expect(await statuses([spend(tenant), spend(tenant)])).toEqual([200, 200])
      const refused = await spend(tenant)
      expect(refused.status).toBe(429)
      expect(refused.headers.get('Retry-After')).toBe(String(seconds))
      later(seconds * 1000 - 1)
      const early = await spend(tenant)
      expect([early.status, early.headers.get('Retry-After')]).toEqual([429, '1'])
      later(1)
      expect((await spend(tenant)).status).toBe(200)
      expect((await spend(tenant)).status).toBe(429)
    },
  )

  it('L3: Retry-After is rounded so that waiting that long is enough', async () => {
    const tenant = await limitedTo(1, 7)
    expect((await spend(tenant)).status).toBe(200)
    expect((await spend(tenant)).headers.get('Retry-After')).toBe('9')
    later(9_000)
    expect((await spend(tenant)).status).toBe(200)
  })

  it('L3: refused calls cost the caller nothing, neither in the bucket nor in guesses', async () => {
    const tenant = await newTenant({
      policy: { code: { attemptsMax: 1 }, limits: { validate: { burst: 2, perMinute: 60 } } },
      users: 1,
    })
    const [email = ''] = tenant.emails
    const code = await tenant.newCode(email)
    const validate = (presented: string) => tenant.validate(email, presented)
    expect(await statuses([validate(code), validate(code)])).toEqual([200, 200])
    expect(await statuses(many(30, () => validate(wrongCode(code))))).toEqual(many(30, () => 429))
    later(1_000)
    expect((await validate(code)).status).toBe(200)
  })

  it('L3: RateLimit and RateLimit-Policy are structured fields, and true', async () => {
    const tenant = await limitedTo(3, 30)
    const fields = ({ headers }: Response) =>
      ['RateLimit-Policy', 'RateLimit'].map((name) =>
        parseList(headers.get(name) ?? '').map(([item, parameters]) => [
          item,
          Object.fromEntries(parameters),
        ]),
      )
    const policy = [['void', { q: 3, w: 6 }]]
    expect(fields(await spend(tenant))).toEqual([policy, [['void', { r: 2, t: 2 }]]])
    expect(fields(await spend(tenant))).toEqual([policy, [['void', { r: 1, t: 4 }]]])
    expect(fields(await spend(tenant))).toEqual([policy, [['void', { r: 0, t: 6 }]]])
    expect(fields(await spend(tenant))).toEqual([policy, [['void', { r: 0, t: 6 }]]])
    later(2_500)
    expect(fields(await spend(tenant))).toEqual([policy, [['void', { r: 0, t: 6 }]]])
    expect(fields(await tenant.scim('GET', '/Users'))).toEqual([
      [['admin', { q: 3, w: 6 }]],
      [['admin', { r: 2, t: 2 }]],
    ])
    expect(fields(await tenant.validate('x@example.com', 'x'))).toEqual([
      [['validate', { q: 3, w: 6 }]],
      [['validate', { r: 2, t: 2 }]],
    ])
  })

  it('L3: a refusal is in the shape of its dialect', async () => {
    const tenant = await limitedTo(1)
    await Promise.all([spend(tenant), tenant.scim('GET', '/Users'), tenant.validate('x@example.com', 'x')])
    const description = 'Too many requests. Try again in 1 second.'
    expect(await (await spend(tenant)).json()).toEqual({ code: '429 TOO_MANY_REQUESTS', description })
    const fault = await tenant.validate('x@example.com', 'x')
    expect(fault.headers.get('Retry-After')).toBe('1')
    expect(await fault.json()).toEqual({ faultcode: 'Client', faultstring: description })
    const scim = await tenant.scim('GET', '/Users')
    expect(scim.headers.get('Content-Type')).toBe('application/scim+json')
    expect(await scim.json()).toMatchObject({ status: '429', detail: description })
  })

  it('L4: X-Forwarded-For and its kin change nothing', async () => {
    const tenant = await limitedTo(1)
    const names = [
      'X-Forwarded-For',
      'X-Real-IP',
      'True-Client-IP',
      'Forwarded',
      'X-Client-IP',
      'Client-IP',
      'Via',
    ]
    const spoofed = (index: number) => Object.fromEntries(names.map((name) => [name, `198.51.100.${index}`]))
    expect((await spend(tenant, { 'CF-Connecting-IP': '192.0.2.1', ...spoofed(0) })).status).toBe(200)
    const answers = many(9, (index) =>
      spend(tenant, { ...spoofed(index), 'CF-Connecting-IP': `192.0.2.${index}` }),
    )
    expect(await statuses(answers)).toEqual(many(9, () => 429))
    const events = env.DB.prepare('SELECT source_ip FROM admin_events WHERE tenant_id = ?').bind(tenant.id)
    expect((await events.all()).results).toEqual([{ source_ip: '192.0.2.1' }])
  })

  it('L4: X-Forwarded-Host names no tenant', async () => {
    const tenant = await newTenant()
    const path =
      '/api/passwordmanagement/validatePasswordResetCode?emailAddress=x%40example.com&passwordResetCode=x'
    const headers = {
      'X-Forwarded-Host': tenant.host,
      Forwarded: `host=${tenant.host}`,
      'X-Host': tenant.host,
    }
    expect((await call(`https://${tenant.host}${path}`)).status).toBe(401)
    expect((await call(`https://unknown.example.com${path}`, { headers })).status).toBe(404)
  })

  it('L2: a tenant in overload leaves every other its whole burst', async () => {
    const [loud, quiet] = [await limitedTo(3), await limitedTo(3)]
    const [, quietly] = await Promise.all([
      statuses(many(50, () => spend(loud))),
      statuses(many(3, () => spend(quiet))),
    ])
    expect(quietly).toEqual([200, 200, 200])
    expect((await spend(loud)).status).toBe(429)
  })

  it('L2: one bucket of a tenant leaves the other alone', async () => {
    const tenant = await limitedTo(2)
    expect(await statuses(many(9, () => spend(tenant)))).toEqual([200, 200, ...many(7, () => 429)])
    // Each wrong code costs two units, the second of them with the next request.
    expect(await statuses(many(3, () => tenant.validate('x@example.com', 'x')))).toEqual([401, 401, 429])
  })

  it('E3: what is not authenticated touches no quota', async () => {
    const tenant = await limitedTo(2)
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`
    const good = await tenant.token()
    const other = await (await newTenant()).token()
    for (const token of [undefined, 'x', `${good}x`, good.replace(/\.[^.]*$/, '.AAAA')]) {
      for (let round = 0; round < 5; round += 1) {
        const response = await call(url, { ...(token && { token }), body: {} })
        expect(response.status).toBe(401)
        expect(response.headers.get('RateLimit')).toBeNull()
      }
    }
    // A good token of another tenant is charged to that tenant, whatever the host.
    for (let round = 0; round < 5; round += 1)
      expect((await call(url, { token: other, body: {} })).status).toBe(400)
    // Without the right, the call is not charged either.
    expect((await tenant.scim('POST', '/Users', {}, 'help-desk')).status).toBe(403)
    expect(await statuses(many(3, () => spend(tenant)))).toEqual([200, 200, 429])
  })

  it.each([
    ['that is remembered', () => undefined],
    ['that storage remembers', evictAllDurableObjects],
  ])('a raised limit frees a drained bucket %s at once', async (_, forget) => {
    // Drained for ten minutes.
    const tenant = await newTenant({ policy: { limits: { void: { burst: 10, perMinute: 1 } } } })
    expect(await statuses(many(11, () => spend(tenant)))).toEqual([...many(10, () => 200), 429])
    await forget()
    // Leases have lapsed meanwhile.
    later(2_000)
    const policy = { limits: { void: { burst: 13, perMinute: 600 } } }
    const body = { name: 'A tenant', hosts: [tenant.host], policy }
    expect((await operate('PUT', `/tenants/${tenant.id}`, body)).status).toBe(200)
    // As many units are used as before: nothing comes back but what the new limit adds.
    expect(await statuses(many(4, () => spend(tenant)))).toEqual([200, 200, 200, 429])
    later(100)
    expect(await statuses(many(2, () => spend(tenant)))).toEqual([200, 429])
  })

  it('a changed policy holds for the bucket as it stands', async () => {
    const tenant = await limitedTo(2)
    expect(await statuses(many(3, () => spend(tenant)))).toEqual([200, 200, 429])
    const body = {
      name: 'A tenant',
      hosts: [tenant.host],
      policy: { limits: { void: { burst: 5, perMinute: 60 } } },
    }
    expect((await operate('PUT', `/tenants/${tenant.id}`, body)).status).toBe(200)
    expect(await statuses(many(4, () => spend(tenant)))).toEqual([200, 200, 200, 429])
  })
})
