import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { failWrites } from '../rig/fail-writes.ts'
import { call, newTenant, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode, storedCodes } from '../rig/stored-code.ts'

const USER = 'user1@example.com'
const GENERATE = '/users/generateVerifyCode/resetPassword'
const VOID = '/users/voidVerifyCode'
const voidBody = (...emails: string[]) => ({ code_generation_mode: 'PASSWORD_RESET', user_emails: emails })
const activeIs = (active: boolean) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', value: { active } }],
})

type Event = {
  id: string
  occurred_at: number
  access_id: string
  action: string
  mode: string | null
  user_id: string | null
  target: string
  result: string
  source_ip: string
  request_id: string
}

/** The events about codes of a tenant, in the order of their ids. */
async function eventsOf(tenant: Tenant): Promise<Event[]> {
  const { results } = await env.DB.prepare(
    'SELECT * FROM admin_events WHERE tenant_id = ? AND mode IS NOT NULL ORDER BY id',
  )
    .bind(tenant.id)
    .all<Event>()
  return results
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a change and its event are one transaction', () => {
  it.each(['INSERT ON admin_events', 'UPDATE ON reset_codes', 'INSERT ON reset_codes'])(
    'D3: with %s failing, neither a code nor an event of a generate is there',
    async (operation) => {
      const tenant = await newTenant({ users: 2 })
      const [{ verify_code: code = '' } = {}] = await tenant.generate(tenant.emails)
      const before = { codes: await storedCodes(tenant.id), events: await eventsOf(tenant) }
      const repair = await failWrites(tenant, operation)
      const response = await tenant.admin(GENERATE, [{ email: USER }, { email: 'user2@example.com' }])
      await repair()
      expect(response.status).toBe(503)
      expect(response.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/)
      expect(await response.text()).not.toMatch(/disk|SQL|D1|INSERT|verify_code/)
      expect({ codes: await storedCodes(tenant.id), events: await eventsOf(tenant) }).toEqual(before)
      expect((await tenant.validate(USER, code)).status).toBe(200)
    },
  )

  it.each(['INSERT ON admin_events', 'UPDATE ON reset_codes'])(
    'D3: with %s failing, neither the code has ended nor an event of a void is there',
    async (operation) => {
      const tenant = await newTenant({ users: 1 })
      const code = await tenant.newCode(USER)
      const before = { codes: await storedCodes(tenant.id), events: await eventsOf(tenant) }
      const repair = await failWrites(tenant, operation)
      const response = await tenant.admin(VOID, voidBody(USER))
      await repair()
      expect(response.status).toBe(503)
      expect({ codes: await storedCodes(tenant.id), events: await eventsOf(tenant) }).toEqual(before)
      expect((await tenant.validate(USER, code)).status).toBe(200)
      expect(await tenant.void([USER])).toMatchObject([{ status: 1016 }])
    },
  )

  it('D3: a user is not disabled or deleted, nor their code ended, without its event', async () => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    const id = (await storedCode(tenant.id, USER))?.user_id
    const repair = await failWrites(tenant, 'INSERT ON admin_events')
    const disabled = await tenant.scim('PATCH', `/Users/${id}`, activeIs(false))
    const deleted = await tenant.scim('DELETE', `/Users/${id}`)
    await repair()
    expect([disabled.status, deleted.status]).toEqual([503, 503])
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })

  it('D2: a check that cannot count its guess is no answer about the code', async () => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    const repair = await failWrites(tenant, 'UPDATE ON reset_codes')
    const responses = [await tenant.validate(USER, code), await tenant.validate(USER, wrongCode(code))]
    await repair()
    expect(responses.map(({ status }) => status)).toEqual([503, 503])
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })
})

describe('an event', () => {
  it('says who did what, for whom, with what result, when and from where', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant({ users: 1 })
    const headers = { 'CF-Connecting-IP': '10.1.2.3' }
    const generated = await tenant.admin(GENERATE, [{ email: ' User1@Example.com ' }], 'super-admin', headers)
    const generatedAt = Date.now()
    vi.setSystemTime(generatedAt + 60_000)
    const voided = await tenant.admin(VOID, voidBody(USER), 'help-desk', headers)
    const userId = (await storedCode(tenant.id, USER))?.user_id
    const common = {
      tenant_id: tenant.id,
      mode: 'PASSWORD_RESET',
      user_id: userId,
      target: 'u***@example.com',
      source_ip: '10.1.2.3',
      seq: expect.any(Number),
      logged_at: expect.any(Number),
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
    }
    expect(await eventsOf(tenant)).toStrictEqual([
      {
        ...common,
        occurred_at: generatedAt,
        access_id: tenant.keys['super-admin'].accessID,
        action: 'generate',
        result: 'issued',
        channel: 'DISPLAY',
        destination: null,
        reason: null,
        request_id: generated.headers.get('X-Request-Id'),
      },
      {
        ...common,
        occurred_at: generatedAt + 60_000,
        access_id: tenant.keys['help-desk'].accessID,
        action: 'void',
        result: 'voided',
        channel: null,
        destination: null,
        reason: null,
        request_id: voided.headers.get('X-Request-Id'),
      },
    ])
  })

  it('is there for every entry of a generate, and every user of a void, whatever the result', async () => {
    const tenant = await newTenant({ users: 3 })
    const disabled = await tenant.addUser('disabled@example.com')
    await tenant.scim('PATCH', `/Users/${disabled}`, activeIs(false))
    await tenant.admin(GENERATE, [
      { email: USER },
      { email: USER },
      { email: 'user2@example.com', code_validity: '9', validity_time_duration_unit: 'MIN' },
      { email: 'disabled@example.com' },
      { email: 'nobody@example.com' },
      { email: 'no address' },
      {},
    ])
    await tenant.void([USER, 'USER1@example.com', 'user2@example.com', 'disabled@example.com', 'no address'])
    await tenant.void([USER])
    const told = (await eventsOf(tenant)).map(({ action, target, result, user_id: id }) =>
      [action, target, result, id === null ? 'nobody' : 'a user'].join(' '),
    )
    expect(told.toSorted((a, b) => a.localeCompare(b))).toEqual(
      [
        'generate u***@example.com repeated a user',
        'generate u***@example.com issued a user',
        'generate u***@example.com bad-validity a user',
        'generate d***@example.com disabled a user',
        'generate n***@example.com unknown nobody',
        'generate (not an address) unknown nobody',
        'generate (not an address) bad-entry nobody',
        'void u***@example.com voided a user',
        'void u***@example.com none a user',
        'void d***@example.com disabled a user',
        'void (not an address) unknown nobody',
        'void u***@example.com voided-before a user',
      ].toSorted((a, b) => a.localeCompare(b)),
    )
  })

  it('R3: calls at one instant keep to their own events and users', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant({ users: 40 })
    const addresses = Array.from({ length: 40 }, (_, index) => `user${index + 1}@example.com`)
    const issued = await Promise.all([
      tenant.generate(addresses.slice(0, 20)),
      tenant.generate(addresses.slice(20)),
    ])
    const codes = issued.flat().map(({ verify_code: code = '' }) => code)
    const voided = await Promise.all([
      tenant.void(addresses.slice(0, 20)),
      tenant.void(addresses.slice(10, 30)),
    ])
    expect(voided.flat().filter(({ status }) => status === 1016)).toHaveLength(30)
    const statuses = await Promise.all(
      addresses.map(async (address, index) => (await tenant.validate(address, codes[index] ?? '')).status),
    )
    expect(statuses).toEqual(addresses.map((_, index) => (index < 30 ? 401 : 200)))
    const ids = (await eventsOf(tenant)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(80)
  })

  it('D4: masks the address it was about, shows its first symbol alone, and nothing of what is none', async () => {
    const tenant = await newTenant()
    const masks = {
      'Mike.Smith@Example.com': 'm***@example.com',
      'a@b': 'a***@b',
      '用户@example.com': '用***@example.com',
      '😀x@example.com': '😀***@example.com',
      'mike@example.com\r\nBcc: eve@evil.com': '(not an address)',
      'a secret typed into the wrong field': '(not an address)',
    }
    await tenant.generate(Object.keys(masks))
    await tenant.void(Object.keys(masks))
    const targets = (await eventsOf(tenant)).map(({ target }) => target)
    expect(targets).toEqual([...Object.values(masks), ...Object.values(masks)])
  })

  it('is not there for what was refused as a whole', async () => {
    const tenant = await newTenant({ policy: { limits: { void: { perMinute: 1, burst: 1 } } }, users: 1 })
    await tenant.void(['nobody@example.com'])
    const before = await eventsOf(tenant)
    const tooMany = Array.from({ length: 101 }, () => ({ email: USER }))
    const responses = [
      await tenant.admin(GENERATE, tooMany),
      await tenant.admin(VOID, { user_emails: [USER] }),
      await call(`https://${tenant.host}/AdminInterface/restapi/v1${VOID}`, { body: voidBody(USER) }),
      await tenant.admin(VOID, []),
      await tenant.admin(VOID, voidBody(USER)),
    ]
    expect(responses.map(({ status }) => status)).toEqual([400, 400, 401, 400, 429])
    expect(await eventsOf(tenant)).toEqual(before)
  })

  it('E3: is written to the tenant of the token alone', async () => {
    const [one, other] = [await newTenant({ users: 1 }), await newTenant({ users: 1 })]
    await one.newCode(USER)
    await one.void([USER])
    expect(await eventsOf(one)).toHaveLength(2)
    expect(await eventsOf(other)).toEqual([])
  })
})

describe('what is kept and logged', () => {
  it('D4: no event, log line or refusal holds an address, code, digest or token', async () => {
    const lines: string[] = []
    for (const level of ['log', 'info', 'debug', 'warn', 'error', 'trace'] as const) {
      vi.spyOn(console, level).mockImplementation((...texts: unknown[]) => {
        lines.push(texts.map((text) => (text instanceof Error ? String(text.stack) : String(text))).join(' '))
      })
    }
    const tenant = await newTenant({ users: 1 })
    const setUp = lines.length
    const refusals: Response[] = []
    const token = await tenant.token()
    const bad = `${token.slice(0, -8)}AAAAAAAA`
    const code = await tenant.newCode(USER)
    const stored = await storedCode(tenant.id, USER)
    const wrong = wrongCode(code)
    const query = String(new URLSearchParams({ emailAddress: USER, passwordResetCode: wrong }))
    const base = `https://${tenant.host}`
    const validate = `${base}/api/passwordmanagement/validatePasswordResetCode`
    const admin = `${base}/AdminInterface/restapi/v1`
    await tenant.validate(USER, code)
    for (const url of [`${validate}?${query}`, `${base}/${USER}/${code}`, `${validate}/${code}?${query}`]) {
      for (const method of ['POST', 'GET']) refusals.push(await call(url, { method }))
    }
    refusals.push(await tenant.validate(USER, wrong, { 'X-Request-Id': code, 'User-Agent': USER }))
    refusals.push(await call(`${admin}${VOID}`, { token: bad, body: voidBody(USER) }))
    refusals.push(
      await call(`${admin}${VOID}`, {
        token,
        body: `{"user_emails": "${USER}"`,
        headers: { 'Content-Type': 'application/json' },
      }),
    )
    refusals.push(await tenant.admin(VOID, { code_generation_mode: code, user_emails: [USER] }))
    refusals.push(await tenant.scim('POST', '/Users', { userName: USER }))
    const repair = await failWrites(tenant, 'INSERT ON admin_events')
    refusals.push(await tenant.admin(GENERATE, { email: USER }))
    await repair()
    // The library that builds the statements quotes their parameters in its errors.
    const repairAgain = await failWrites(tenant, 'UPDATE ON reset_codes')
    refusals.push(await tenant.validate(USER, code))
    await repairAgain()
    const answered = [tenant.generate([USER, `${code}@example.com`]), tenant.void([USER, code])]
    await Promise.all(answered)

    const secrets = [
      USER,
      'user1@',
      code,
      wrong,
      token,
      token.split('.')[2] ?? '',
      bad,
      stored?.digest ?? '',
      ...env.PEPPERS.split(',').map((pepper) => pepper.split(':')[1] ?? ''),
    ]
    const refused = await Promise.all(
      refusals.map(async (response) => `${await response.text()} ${JSON.stringify([...response.headers])}`),
    )
    expect(refusals.filter(({ ok }) => ok)).toEqual([])
    const events = await env.DB.prepare('SELECT * FROM admin_events WHERE tenant_id = ?')
      .bind(tenant.id)
      .all()
    expect(events.results.length).toBeGreaterThan(4)
    expect(lines.length - setUp).toBe(refusals.length + 4)
    for (const text of [...lines, ...refused, ...events.results.map((event) => JSON.stringify(event))]) {
      const found = secrets.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))
      expect({ text, found }).toEqual({ text, found: [] })
    }
  })
})
