import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worker from '../../../src/local.ts'
import { requestHeld } from '../../rig/deliveries.ts'
import { explainingD1 } from '../../rig/explaining-d1.ts'
import { newMailHook } from '../../rig/mail-hook.ts'
import { accessToken, addClient, clientKey } from '../../rig/oauth.ts'
import { meter } from '../../rig/presenting.ts'
import { call, newTenant, NO_LIMITS, operate, type Call, type Tenant } from '../../rig/service.ts'
import { storedCode, storedCodes } from '../../rig/stored-code.ts'

afterEach(() => {
  vi.useRealTimers()
})

const GENERATE = '/users/generateVerifyCode/resetPassword'
const VOID = '/users/voidVerifyCode'
const newWide = (users = 2) => newTenant({ policy: NO_LIMITS, users })
const entries = (tenant: Tenant & { emails: string[] }) => tenant.emails.map((email) => ({ email }))
const generate = (tenant: Tenant, key: string, body: unknown, path = GENERATE) =>
  tenant.admin(path, body, 'help-desk', { 'Idempotency-Key': key })
const events = async ({ id }: Tenant, action: string) =>
  env.DB.prepare('SELECT count(*) AS n FROM admin_events WHERE tenant_id = ? AND action = ?')
    .bind(id, action)
    .first<number>('n')

describe('I5: a repeated generate', () => {
  it('gets the same answer to the byte, the same codes included, and issues nothing', async () => {
    const tenant = await newWide()
    const first = await generate(tenant, 'a-key', entries(tenant))
    const text = await first.text()
    const before = await storedCodes(tenant.id)
    const again = await generate(tenant, 'a-key', entries(tenant))
    expect([again.status, await again.text()]).toEqual([200, text])
    expect([first, again].map(({ headers }) => headers.get('Idempotency-Replayed'))).toEqual([null, 'true'])
    expect(await storedCodes(tenant.id)).toEqual(before)
    expect(await events(tenant, 'generate')).toBe(2)
    const [{ verify_code: code = '' } = {}] = JSON.parse(text) as { verify_code?: string }[]
    expect((await tenant.validate(tenant.emails[0] ?? '', code)).status).toBe(200)
  })

  it('has one effect when twenty come at once', async () => {
    const tenant = await newWide()
    const all = await Promise.all(Array.from({ length: 20 }, () => generate(tenant, 'k', entries(tenant))))
    const texts = await Promise.all(all.map((response) => response.text()))
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(new Set(texts).size).toBe(1)
    expect(all.filter(({ headers }) => headers.get('Idempotency-Replayed') === null)).toHaveLength(1)
    expect(await events(tenant, 'generate')).toBe(2)
  })

  it('repeats what was refused too, entry by entry', async () => {
    const tenant = await newWide(1)
    const body = [
      ...entries(tenant),
      { email: 'nobody@example.com' },
      { email: tenant.emails[0], code_validity: '5', validity_time_duration_unit: 'MIN' },
      7,
    ]
    const first = await (await generate(tenant, 'k', body)).text()
    expect(JSON.parse(first)).toMatchObject([
      { status: 1000 },
      { status: 1002 },
      { status: 1003 },
      { status: 1002 },
    ])
    expect(await (await generate(tenant, 'k', body)).text()).toBe(first)
  })

  it('is 422 for another request with the key, and changes nothing', async () => {
    const tenant = await newWide()
    await generate(tenant, 'k', entries(tenant))
    const before = await storedCodes(tenant.id)
    for (const [path, body] of [
      [GENERATE, entries(tenant).slice(1)],
      [GENERATE, entries(tenant)[0]],
      ['/users/generateVerifyCode/enroll', entries(tenant)],
      [VOID, { code_generation_mode: 'PASSWORD_RESET', user_emails: tenant.emails }],
    ] as const) {
      const refused = await generate(tenant, 'k', body, path)
      expect([refused.status, await refused.json()]).toMatchObject([
        422,
        { code: '422 UNPROCESSABLE_CONTENT' },
      ])
    }
    expect(await storedCodes(tenant.id)).toEqual(before)
  })

  it('E3: is of one key of one tenant: others have keys of their own', async () => {
    const [tenant, other] = [await newWide(), await newWide()]
    const code = async (response: Response) =>
      (await response.json<{ verify_code: string }[]>()).map(({ verify_code }) => verify_code)
    const client = await addClient(tenant, await clientKey('ES256'), ['rsa.user.manage'])
    const token = await accessToken(tenant, client)
    const codes = [
      await code(await generate(tenant, 'k', entries(tenant))),
      await code(await generate(other, 'k', entries(other))),
      await code(await tenant.admin(GENERATE, entries(tenant), 'super-admin', { 'Idempotency-Key': 'k' })),
      await code(
        await call(`https://${tenant.host}/AdminInterface/restapi/v1${GENERATE}`, {
          token,
          body: entries(tenant),
          headers: { 'Idempotency-Key': 'k' },
        }),
      ),
    ].flat()
    expect(new Set(codes).size).toBe(8)
  })

  it.each([
    ['alphabet and length', {}, { code: { alphabet: 'digits', length: 8 } }],
    ['life', {}, { code: { ttlMinutes: 30 } }],
    ['link', {}, { mail: { resetUrl: 'https://app.example.com/reset' } }],
    [
      'rule for other addresses',
      { code_send_to: 'EMAIL', custom_email: 'x@example.org' },
      { code: { customEmail: 'off' } },
    ],
  ])('is the same when the policy has another %s since', async (_, more, changed) => {
    const { policy } = newMailHook()
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...policy }, users: 1 })
    const body = [{ email: tenant.emails[0], ...more }]
    const first = await (await generate(tenant, 'k', body)).text()
    const mail = { ...policy.mail, ...('mail' in changed ? changed.mail : {}) }
    const put = await operate('PUT', `/tenants/${tenant.id}`, {
      name: 'A tenant',
      hosts: [tenant.host],
      policy: { ...NO_LIMITS, ...policy, ...changed, mail },
    })
    expect(put.status).toBe(200)
    for (let nth = 0; nth < 2; nth++) {
      expect(await (await generate(tenant, 'k', body)).text()).toBe(first)
    }
  })

  describe('whose mails were not put on their way', () => {
    const broken = (send: () => Promise<never>) => ({ send, sendBatch: send }) as unknown as Queue
    async function mailed() {
      const hook = newMailHook()
      const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy }, users: 1 })
      const body = [{ email: tenant.emails[0], code_send_to: 'EMAIL' }]
      const options: Call = { token: await tenant.token(), body, headers: { 'Idempotency-Key': 'k' } }
      const again = async (bindings: Partial<Env> = {}) => {
        const { response, messages } = await requestHeld(
          `https://${tenant.host}/AdminInterface/restapi/v1${GENERATE}`,
          options,
          bindings,
        )
        const retryAfter = response.headers.get('Retry-After')
        const answer = await response.json<[{ status: number }]>()
        return { status: response.status, users: answer, mails: messages.length, retryAfter }
      }
      return { tenant, again }
    }

    it('sends them, once: the queue had failed', async () => {
      const { tenant, again } = await mailed()
      const down = broken(() => Promise.reject(new Error('down')))
      expect(await again({ DELIVERIES: down })).toMatchObject({ users: [{ status: 1006 }], mails: 0 })
      expect(await again({ DELIVERIES: down })).toMatchObject({ users: [{ status: 1006 }], mails: 0 })
      const all = await Promise.all(Array.from({ length: 10 }, () => again()))
      expect(all.reduce((sum, { mails }) => sum + mails, 0)).toBe(1)
      expect(all.map(({ status }) => status).filter((status) => ![200, 409].includes(status))).toEqual([])
      expect(await again()).toMatchObject({ status: 200, users: [{ status: 1001 }], mails: 0 })
      expect(await events(tenant, 'generate')).toBe(1)
    })

    it('is 409 while they may be, and sends them when they cannot be any more', async () => {
      const { again } = await mailed()
      vi.useFakeTimers({ toFake: ['Date'] })
      const isAsked = Promise.withResolvers<null>()
      const never = () => {
        isAsked.resolve(null)
        return new Promise<never>(() => null)
      }
      void again({ DELIVERIES: broken(never) })
      await isAsked.promise
      expect(await again()).toMatchObject({ status: 409, mails: 0, retryAfter: '60' })
      vi.setSystemTime(Date.now() + 60_000)
      expect(await again()).toMatchObject({ status: 200, users: [{ status: 1001 }], mails: 1 })
      expect(await again()).toMatchObject({ status: 200, users: [{ status: 1001 }], mails: 0 })
    })
  })

  it('R2: is another call a day later, with other codes', async () => {
    const tenant = await newWide(1)
    const first = await (await generate(tenant, 'k', entries(tenant))).json<{ verify_code: string }[]>()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 + 1_000 })
    const later = await generate(tenant, 'k', entries(tenant))
    expect(later.headers.get('Idempotency-Replayed')).toBeNull()
    expect((await later.json<{ verify_code: string }[]>())[0]?.verify_code).not.toBe(first[0]?.verify_code)
    vi.setSystemTime(Date.now() + 25 * 3_600_000)
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), env)
    const rows = env.DB.prepare('SELECT count(*) AS n FROM idempotent_calls WHERE tenant_id = ?').bind(
      tenant.id,
    )
    expect(await rows.first('n')).toBe(0)
  })

  it('L2: forgets two calls whose day is over, so that no flood of calls outgrows the cron trigger', async () => {
    const tenant = await newWide(1)
    const old = env.DB.prepare(
      `INSERT INTO idempotent_calls (tenant_id, key_digest, part, request_digest, nonce, pepper_id, event_id_prefix,
         expires_at) SELECT ?, 'old' || value, 0, '', '', '', '', value FROM json_each('[1, 2, 3, 4, 5]')`,
    )
    await old.bind(tenant.id).run()
    const left = async () => {
      const rows = env.DB.prepare(
        'SELECT key_digest FROM idempotent_calls WHERE tenant_id = ? AND expires_at < 10',
      )
      const { results } = await rows.bind(tenant.id).all<{ key_digest: string }>()
      return results.map(({ key_digest: key }) => key).toSorted()
    }
    await generate(tenant, 'k', entries(tenant))
    expect(await left()).toEqual(['old3', 'old4', 'old5'])
    // A repetition changes nothing.
    await generate(tenant, 'k', entries(tenant))
    expect(await left()).toEqual(['old3', 'old4', 'old5'])
    await generate(tenant, 'l', entries(tenant))
    expect(await left()).toEqual(['old5'])
    const { db, plans } = explainingD1()
    const options = {
      body: entries(tenant),
      headers: { 'Idempotency-Key': 'm' },
      token: await tenant.token(),
    }
    expect(await meter(tenant, `/AdminInterface/restapi/v1${GENERATE}`, options, { DB: db })).toMatchObject({
      status: 200,
    })
    const plan = (await Promise.all(plans)).find((each) => each.includes('idempotent_calls_by_time'))
    expect(plan).toContain(
      'SEARCH idempotent_calls USING PRIMARY KEY (tenant_id=? AND key_digest=? AND part=?)',
    )
  })

  it('D4: leaves no code and no key in the database', async () => {
    const tenant = await newWide(1)
    const key = `secret-${crypto.randomUUID()}`
    const text = await (await generate(tenant, key, entries(tenant))).text()
    const [{ verify_code: code = '' } = {}] = JSON.parse(text) as { verify_code?: string }[]
    for (const table of ['idempotent_calls', 'admin_events', 'reset_codes']) {
      const { results } = await env.DB.prepare(`SELECT * FROM ${table} WHERE tenant_id = ?`)
        .bind(tenant.id)
        .all()
      expect(results.length).toBeGreaterThan(0)
      const stored = JSON.stringify(results)
      expect([table, stored.includes(code), stored.includes(key)]).toEqual([table, false, false])
    }
  })

  it('mails once, and tells once', async () => {
    const hook = newMailHook()
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy }, users: 1 })
    const body = [{ email: tenant.emails[0], code_send_to: 'EMAIL' }]
    const url = `https://${tenant.host}/AdminInterface/restapi/v1${GENERATE}`
    const options: Call = { token: await tenant.token(), body, headers: { 'Idempotency-Key': 'k' } }
    const calls: number[] = []
    for (let nth = 0; nth < 3; nth++) calls.push((await requestHeld(url, options)).messages.length)
    expect(calls).toEqual([1, 0, 0])
  })

  it('makes one round trip, and a second one only where it is a repetition', async () => {
    const tenant = await newWide(1)
    const options: Call = {
      token: await tenant.token(),
      body: entries(tenant),
      headers: { 'Idempotency-Key': 'k' },
    }
    await tenant.newCode(tenant.emails[0] ?? '')
    const trips: number[] = []
    for (let nth = 0; nth < 2; nth++) {
      trips.push((await meter(tenant, `/AdminInterface/restapi/v1${GENERATE}`, options)).trips)
    }
    expect(trips).toEqual([1, 2])
  })

  it('D2: keeps nothing of a call that failed', async () => {
    const tenant = await newWide(1)
    const failing = {
      prepare: (text: string) => env.DB.prepare(text),
      batch: () => Promise.reject(new Error('D1_ERROR: broken')),
    }
    const options: Call = {
      token: await tenant.token(),
      body: entries(tenant),
      headers: { 'Idempotency-Key': 'k' },
    }
    const path = `/AdminInterface/restapi/v1${GENERATE}`
    const failed = await meter(tenant, path, options, { DB: failing as unknown as D1Database })
    expect(failed.status).toBe(503)
    const retried = await generate(tenant, 'k', entries(tenant))
    expect(retried.headers.get('Idempotency-Replayed')).toBeNull()
    expect(await retried.json()).toMatchObject([{ status: 1000 }])
  })

  it.each(['""', '"', 'a b', 'a, b', '', 'x'.repeat(256), `"${'x'.repeat(256)}"`, 'é', '"a" "b"'])(
    'I1: with the key %s is refused',
    async (key) => {
      const tenant = await newWide(1)
      const refused = await generate(tenant, key, entries(tenant))
      expect([refused.status, await storedCode(tenant.id, tenant.emails[0] ?? '')]).toEqual([400, null])
    },
  )

  it('takes a quoted key and a bare one for the same', async () => {
    const tenant = await newWide(1)
    await generate(tenant, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', entries(tenant))
    const again = await generate(tenant, '8e03978e-40d5-43dd-bc93-6894a57f9324', entries(tenant))
    expect(again.headers.get('Idempotency-Replayed')).toBe('true')
  })
})

describe('I5: a repeated void', () => {
  it('gets the same answer, and voids nothing that was issued since', async () => {
    const tenant = await newWide()
    const [email = ''] = tenant.emails
    await tenant.newCode(email)
    const body = {
      code_generation_mode: 'PASSWORD_RESET',
      user_emails: [...tenant.emails, 'user3@example,com', email],
    }
    const first = await (await generate(tenant, 'v', body, VOID)).text()
    expect(JSON.parse(first)).toMatchObject({
      results: [{ status: 1016 }, { status: 1015 }, { status: 1002 }, { status: 1016 }],
    })
    const newer = await tenant.newCode(email)
    const again = await generate(tenant, 'v', body, VOID)
    expect([again.headers.get('Idempotency-Replayed'), await again.text()]).toEqual(['true', first])
    expect((await tenant.validate(email, newer)).status).toBe(200)
  })
})
