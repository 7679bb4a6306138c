import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clientToken } from '../rig/client-token.ts'
import { codeForm, FORM, meter, VALIDATE } from '../rig/presenting.ts'
import { call, newTenant, operate, SEND, type Tenant } from '../rig/service.ts'
import { from, present, visit } from '../rig/visiting.ts'

/** The clock stands, so that nothing comes back while a test counts. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

const WIDE = { perMinute: 1_000_000, burst: 100_000 }
const tenantWith = (limits: object = {}) =>
  newTenant({ policy: { limits: { validate: WIDE, send: WIDE, recipient: WIDE, ...limits } }, users: 1 })

const guess = (tenant: Tenant, headers: Record<string, string>, path = VALIDATE) =>
  present(tenant, 'nobody@example.com', 'x', headers, path)

/** So many guesses one after another, and how many were admitted. */
async function admitted(tenant: Tenant, headers: Record<string, string>, count: number): Promise<number> {
  let sum = 0
  for (let nth = 0; nth < count; nth++) if ((await guess(tenant, headers)).status === 401) sum += 1
  return sum
}

/** Units that are left of a bucket, as an answer says. */
function left({ headers }: Response, bucket: string): number {
  return Number(new RegExp(`"${bucket}";r=(\\d+)`).exec(headers.get('RateLimit') ?? '')?.[1])
}

describe('F1: one client of a tenant', () => {
  it('gets exactly its burst at once, and what comes back after it', async () => {
    const tenant = await tenantWith()
    expect(await admitted(tenant, from('192.0.2.1'), 100)).toBe(30)
    later(5_000)
    expect(await admitted(tenant, from('192.0.2.1'), 100)).toBe(5)
    const refused = await guess(tenant, from('192.0.2.1'))
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1'])
  })

  it('gets exactly its burst when its requests come all at once', async () => {
    const tenant = await tenantWith()
    const all = await Promise.all(Array.from({ length: 100 }, () => guess(tenant, from('192.0.2.1'))))
    expect(all.filter(({ status }) => status === 401)).toHaveLength(30)
  })

  it('takes nothing from another, nor from the tenant once it is refused', async () => {
    const tenant = await tenantWith({ validate: { perMinute: 1, burst: 1_000 } })
    await admitted(tenant, from('192.0.2.1'), 500)
    // What this isolate has on lease has lapsed.
    later(10_000)
    const other = await guess(tenant, from('192.0.2.2'))
    // 30 requests, their 30 wrong codes, this one, and what was on lease while the client had had little.
    expect([other.status, left(other, 'client')]).toEqual([401, 29])
    expect(1_000 - left(other, 'validate')).toBeGreaterThanOrEqual(61)
    expect(1_000 - left(other, 'validate')).toBeLessThanOrEqual(71)
  })

  it('cannot take what is kept for those who ask for little, alone or with many', async () => {
    const tenant = await tenantWith({ validate: { perMinute: 1, burst: 400 } })
    for (let nth = 1; nth <= 10; nth++) await admitted(tenant, from(`192.0.2.${nth}`), 100)
    const statuses: number[] = []
    for (let nth = 1; nth <= 15; nth++) {
      statuses.push((await guess(tenant, from(`198.51.100.${nth}`))).status)
    }
    expect(statuses).toEqual(Array.from({ length: 15 }, () => 401))
  })

  it('is refused without a call of the object while it floods', async () => {
    const tenant = await tenantWith()
    await admitted(tenant, from('192.0.2.1'), 100)
    const { objects, trips, status } = await meter(
      tenant,
      VALIDATE,
      { ...codeForm('nobody@example.com', 'x'), headers: { ...FORM, ...from('192.0.2.1') } },
      { FLOOD_SHIELD: { limit: async () => ({ success: true }) } },
    )
    expect({ objects, trips, status }).toEqual({ objects: 0, trips: 0, status: 429 })
  })

  it('is an IPv4 address, or the /64 of an IPv6 address, at one tenant', async () => {
    const [tenant, other] = [await tenantWith(), await tenantWith()]
    expect(await admitted(tenant, from('2001:db8::1'), 30)).toBe(30)
    expect(await admitted(tenant, from('2001:db8::ffff:1'), 1)).toBe(0)
    expect(await admitted(tenant, from('2001:db8:0:1::1'), 1)).toBe(1)
    expect(await admitted(other, from('2001:db8::1'), 1)).toBe(1)
  })

  it('has one bucket for everything of the password API', async () => {
    const tenant = await tenantWith({ client: { perMinute: 1, burst: 3 } })
    const post = (path: string) => guess(tenant, from('192.0.2.1'), path)
    const send = () => post(SEND)
    expect([await send(), await post(VALIDATE), await send()].map(({ status }) => status)).toEqual([
      200, 401, 200,
    ])
    expect([await send(), await post(VALIDATE)].map(({ status }) => status)).toEqual([429, 429])
  })

  it('F3: is refused by what its isolate has seen while the limiter is out of reach', async () => {
    const tenant = await tenantWith()
    const answer = () => Promise.reject(new Error('out of reach'))
    const changes = {
      TENANT_LIMITER: { getByName: () => ({ answer }) } as unknown as Env['TENANT_LIMITER'],
      // It would refuse before the client's limit does.
      FALLBACK_LIMITER: { limit: async () => ({ success: true }) },
    }
    const options = { ...codeForm('nobody@example.com', 'x'), headers: { ...FORM, ...from('192.0.2.1') } }
    const statuses: number[] = []
    for (let nth = 0; nth < 40; nth++) statuses.push((await visit(tenant, VALIDATE, options, changes)).status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(30)
  })

  it('cannot be had again by a header that anybody can set', async () => {
    const tenant = await tenantWith()
    await admitted(tenant, from('192.0.2.1'), 30)
    for (const name of ['X-Forwarded-For', 'X-Real-IP', 'True-Client-IP', 'X-Rescind-Client', 'Forwarded']) {
      expect((await guess(tenant, from('192.0.2.1', { [name]: '198.51.100.1' }))).status).toBe(429)
    }
  })
})

describe('the codes that are presented', () => {
  it('weigh two units of the tenant when wrong, and one when right', async () => {
    const tenant = await tenantWith({ validate: { perMinute: 1, burst: 100 } })
    const [email = ''] = tenant.emails
    const code = await tenant.newCode(email)
    const right = () => present(tenant, email, code, from('192.0.2.1'))
    expect(left(await right(), 'validate')).toBe(99)
    expect(left(await right(), 'validate')).toBe(98)
    expect(left(await guess(tenant, from('192.0.2.2')), 'validate')).toBe(97)
    expect(left(await right(), 'validate')).toBe(95)
  })
})

describe("a tenant's own backend", () => {
  it('F1: is no client where its network is trusted', async () => {
    const tenant = await tenantWith({ trustedClients: ['203.0.113.0/28', '2001:db8:5::/48'] })
    expect(await admitted(tenant, from('203.0.113.15'), 31)).toBe(31)
    expect(await admitted(tenant, from('2001:db8:5:1::1'), 31)).toBe(31)
    expect(await admitted(tenant, from('203.0.113.16'), 37)).toBe(30)
  })

  it('F1: has its users counted by themselves when one of its keys names them', async () => {
    const tenant = await tenantWith({ trustedClients: ['203.0.113.7/32'] })
    const named = async (address: string) =>
      from('203.0.113.7', { 'X-Rescind-Client': await clientToken(tenant, address) })
    expect(await admitted(tenant, await named('198.51.100.1'), 40)).toBe(30)
    expect(await admitted(tenant, await named('198.51.100.2'), 1)).toBe(1)
    // The same user, who comes without the backend.
    expect(await admitted(tenant, from('198.51.100.1'), 1)).toBe(0)
  })

  it.each([
    ['for another host', { aud: 'https://elsewhere.example.com/api' }, {}],
    ['for the admin API', { aud: 'https://elsewhere.example.com/AdminInterface/restapi/v1' }, {}],
    ['expired', { iat: 1_700_000_000, exp: 1_700_000_300 }, {}],
    ['without an end', { exp: undefined }, {}],
    ['of another type', {}, { typ: 'JWT' }],
    ['of an unknown key', { sub: crypto.randomUUID() }, {}],
    ['that names no address', { client_ip: 'x' }, {}],
    ['that names nothing', { client_ip: undefined }, {}],
  ])('L4: is not believed by a token %s', async (_, claims, header) => {
    const tenant = await tenantWith()
    await admitted(tenant, from('192.0.2.1'), 30)
    const token = await clientToken(tenant, '198.51.100.1', claims, header)
    expect((await guess(tenant, from('192.0.2.1', { 'X-Rescind-Client': token }))).status).toBe(429)
  })

  it('E3, J5: is not believed by a key of another tenant, or one that is revoked', async () => {
    const [tenant, other] = [await tenantWith(), await tenantWith()]
    await admitted(tenant, from('192.0.2.1'), 30)
    const foreign = await clientToken({ host: tenant.host, keys: other.keys }, '198.51.100.1')
    expect((await guess(tenant, from('192.0.2.1', { 'X-Rescind-Client': foreign }))).status).toBe(429)
    const { accessID } = tenant.keys['help-desk']
    await operate('DELETE', `/tenants/${tenant.id}/keys/${accessID}`)
    const revoked = await clientToken(tenant, '198.51.100.1')
    expect((await guess(tenant, from('192.0.2.1', { 'X-Rescind-Client': revoked }))).status).toBe(429)
  })

  it('J1: is no administrator by such a token', async () => {
    const tenant = await tenantWith()
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`
    const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: tenant.emails }
    for (const claims of [{}, { aud: tenant.keys['help-desk'].adminRestApiUrl }]) {
      const token = await clientToken(tenant, '198.51.100.1', claims)
      expect((await call(url, { token, body })).status).toBe(401)
    }
  })

  it('cannot trust the whole internet', async () => {
    const { id, host } = await newTenant()
    for (const network of ['0.0.0.0/0', '::/0', '192.0.0.0/7', '192.0.2.1', '192.0.2.0/33', 'x/8', '']) {
      const policy = { limits: { trustedClients: [network] } }
      const response = await operate('PUT', `/tenants/${id}`, { name: 'x', hosts: [host], policy })
      expect([network, response.status]).toEqual([network, 400])
    }
  })
})

describe('while codes are tried on many users', () => {
  /** Guesses from ten clients, each within its limit. */
  async function spray(tenant: Tenant, guesses: number): Promise<void> {
    for (let nth = 0; nth < guesses; nth++) await guess(tenant, from(`192.0.2.${nth % 10}`))
  }
  const events = async ({ id }: Tenant) => {
    const query = `SELECT result FROM admin_events WHERE tenant_id = ? AND action = 'tenant.under_attack' ORDER BY occurred_at`
    const { results } = await env.DB.prepare(query).bind(id).all<{ result: string }>()
    return results.map(({ result }) => result)
  }

  it('F1: newcomers meet a sixth of the limit, those who have shown a right code all of theirs', async () => {
    const tenant = await tenantWith()
    const [email = ''] = tenant.emails
    const code = await tenant.newCode(email)
    const right = () => present(tenant, email, code, from('203.0.113.1'))
    expect((await right()).status).toBe(200)
    await spray(tenant, 150)
    for (let nth = 1; nth < 30; nth++) expect((await right()).status).toBe(200)
    expect((await right()).status).toBe(429)
    expect(await admitted(tenant, from('203.0.113.2'), 30)).toBe(5)
  })

  it('D3: an event says so once, and once that it is over', async () => {
    const tenant = await tenantWith()
    await spray(tenant, 180)
    await vi.waitFor(async () => expect(await events(tenant)).toHaveLength(1))
    later(20 * 60_000)
    for (let nth = 0; nth < 3; nth++) await guess(tenant, from('203.0.113.9'))
    await vi.waitFor(async () => expect(await events(tenant)).toEqual(['begun', 'ended']))
    expect(await admitted(tenant, from('203.0.113.2'), 40)).toBe(30)
  })

  it('N1: a wrong code weighs the same, whoever it is presented for', async () => {
    const tenant = await tenantWith({ validate: { perMinute: 1, burst: 100 } })
    const answers: number[] = []
    for (const email of ['nobody@example.com', tenant.emails[0] ?? '', 'no address']) {
      answers.push(left(await present(tenant, email, 'x', {}), 'validate'))
    }
    expect(answers).toEqual([99, 97, 95])
  })
})
