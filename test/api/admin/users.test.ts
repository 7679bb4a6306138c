import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worker from '../../../src/local.ts'
import { ask, handle } from '../../rig/deliveries.ts'
import { newMailHook } from '../../rig/mail-hook.ts'
import { call, newTenant, NO_LIMITS, wrongCode, type Tenant } from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'

afterEach(() => {
  vi.useRealTimers()
})

const USER = 'user1@example.com'
const OTHER = 'user2@example.com'
const DAY_MS = 24 * 3_600_000

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

async function admin(
  tenant: Tenant,
  method: string,
  path: string,
  body?: unknown,
  role: 'help-desk' | 'super-admin' = 'super-admin',
): Promise<Response> {
  const url = `https://${tenant.host}/AdminInterface/restapi${path}`
  return call(url, { method, token: await tenant.token(role), body })
}

const lookup = (tenant: Tenant, body: object) => admin(tenant, 'POST', '/v1/users/lookup', body)
const idOf = async (tenant: Tenant, email = USER) =>
  (await (await lookup(tenant, { email })).json<{ id: string }>()).id

/** What the audit says of users, in order. */
async function changes({ id }: Tenant): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT action FROM admin_events WHERE tenant_id = ? AND action LIKE 'user.%' AND action <> 'user.create' ORDER BY id",
  )
    .bind(id)
    .all<{ action: string }>()
  return results.map(({ action }) => action)
}

/** Runs the cron trigger. */
async function maintain(): Promise<void> {
  const context = createExecutionContext()
  await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), env)
  await waitOnExecutionContext(context)
}

describe('looking a user up', () => {
  it('finds them by address or user name, in any case, with the members that clients read', async () => {
    const tenant = await newTenant({ users: 1 })
    const response = await lookup(tenant, { email: ' User1@EXAMPLE.com', searchUnsynched: false })
    const record = await response.json()
    expect([response.status, record]).toEqual([
      200,
      {
        id: expect.any(String),
        emailAddress: USER,
        principalUsername: expect.any(String),
        firstName: null,
        lastName: null,
        creationDate: expect.stringMatching(/^\d{4}-.*Z$/),
        identitySource: 'Rescind',
        userStatus: 'Enabled',
        markDeleted: false,
        markDeletedAt: null,
        markDeletedBy: null,
        highRiskUser: false,
        smsNumber: null,
        voiceNumber: null,
        lastSyncTime: null,
      },
    ])
    const { principalUsername } = record as { principalUsername: string }
    const byName = await lookup(tenant, { username: principalUsername.toUpperCase() })
    expect(await byName.json()).toEqual(record)
    // As clients write it that name every member.
    const byEmail = await lookup(tenant, { email: USER, username: null, searchUnsynched: null })
    expect(await byEmail.json()).toEqual(record)
    const synced = await admin(tenant, 'POST', `/v1/users/${await idOf(tenant)}/sync`, '')
    expect([synced.status, await synced.json()]).toEqual([200, record])
  })

  it.each([
    [{}],
    [{ email: USER, username: 'x' }],
    [{ email: 7 }],
    [{ email: USER, searchUnsynched: 'yes' }],
    [[]],
    ['"x"'],
  ])('I1: %j is refused', async (body) => {
    const tenant = await newTenant({ users: 1 })
    const headers = { 'Content-Type': 'application/json' }
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/lookup`
    const response = await call(url, { token: await tenant.token(), body, headers })
    expect([response.status, await response.json()]).toMatchObject([400, { code: '400 BAD_REQUEST' }])
  })

  it('E3: 404, as Spring words it, for nobody and for the user of another tenant', async () => {
    const [tenant, other] = [await newTenant(), await newTenant({ users: 1 })]
    const id = await idOf(other)
    for (const response of [
      await lookup(tenant, { email: USER }),
      await lookup(tenant, { email: 'no address' }),
      await admin(tenant, 'POST', `/v1/users/${id}/sync`),
      await admin(tenant, 'PUT', `/v1/users/${id}/userStatus`, { userStatus: 'Disabled' }),
      await admin(tenant, 'PUT', `/v1/users/${id}/markDeleted`, { markDeleted: true }),
      await admin(tenant, 'PUT', `/v1/users/${id}/markDeleted`, { markDeleted: false }),
      await admin(tenant, 'DELETE', `/v1/users/${id}`),
    ]) {
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { status: 404, error: 'Not Found', message: 'User not found.' },
      ])
    }
    expect(await changes(other)).toEqual([])
  })
})

describe('searching users', () => {
  const search = (tenant: Tenant, emailLike: unknown, query = '', version = 'v2') =>
    admin(tenant, 'POST', `/${version}/users/search${query}`, { emailLike })
  type Page = { totalPages: number; totalElements: number; elements: { emailAddress: string }[] }

  it('finds a part of the address, to the letter, page by page', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 7 })
    await tenant.addUser('a%b@example.com')
    const pages: string[][] = []
    for (const number of [0, 1, 2]) {
      const response = await search(tenant, 'USER', `?pageSize=3&pageNumber=${number}`)
      const { totalPages, totalElements, elements } = await response.json<Page>()
      expect([totalPages, totalElements]).toEqual([3, 7])
      pages.push(elements.map(({ emailAddress }) => emailAddress.slice(0, 5)))
    }
    expect(pages).toEqual([['user1', 'user2', 'user3'], ['user4', 'user5', 'user6'], ['user7']])
    const percent = await (await search(tenant, '%')).json<Page>()
    expect(percent.elements.map(({ emailAddress }) => emailAddress)).toEqual(['a%b@example.com'])
    const first = await (await search(tenant, 'user', '?pageSize=2', 'v1')).json<Page>()
    expect(first).toMatchObject({ totalElements: 7, elements: [{}, {}] })
  })

  it.each([
    ['', ''],
    [7, ''],
    ['x'.repeat(256), ''],
    ['x', '?pageSize=0'],
    ['x', '?pageSize=26'],
    ['x', '?pageSize=x'],
    ['x', '?pageNumber=-1'],
  ])('I1: %j with %s is refused', async (emailLike, query) => {
    const tenant = await newTenant()
    expect((await search(tenant, emailLike, query)).status).toBe(400)
  })

  it('F2: costs 25 units, since it reads through every address', async () => {
    const tenant = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 60 } } } })
    const statuses: number[] = []
    for (let nth = 0; nth < 3; nth++) statuses.push((await search(tenant, 'x')).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  it('reads the index of addresses alone to find them', async () => {
    const plan = await env.DB.prepare(
      "EXPLAIN QUERY PLAN SELECT count(*) FROM users WHERE tenant_id = 'x' AND instr(email_key, 'y') > 0",
    ).all<{ detail: string }>()
    expect(plan.results.map(({ detail }) => detail).join()).toMatch(/USING COVERING INDEX users_by_email/)
  })
})

describe("a user's status", () => {
  it('R11: disabling ends the codes of the user, and enabling brings none back', async () => {
    const tenant = await newTenant({ users: 1 })
    const [code, id] = [await tenant.newCode(USER), await idOf(tenant)]
    const disabled = await admin(
      tenant,
      'PUT',
      `/v1/users/${id}/userStatus`,
      { userStatus: 'Disabled' },
      'help-desk',
    )
    expect([disabled.status, await disabled.json()]).toEqual([200, { id, userStatus: 'Disabled' }])
    expect((await tenant.validate(USER, code)).status).toBe(401)
    expect(await tenant.generate([USER])).toMatchObject([{ status: 1002, errorMessage: 'User is disabled.' }])
    // Twice is once: a webhook is not told again of what has not happened again.
    const again = await admin(tenant, 'PUT', `/v1/users/${id}/userStatus`, { userStatus: 'Disabled' })
    expect([again.status, await again.json()]).toEqual([200, { id, userStatus: 'Disabled' }])
    await admin(tenant, 'PUT', `/v1/users/${id}/userStatus`, { userStatus: 'Enabled' })
    expect((await tenant.validate(USER, code)).status).toBe(401)
    expect(await changes(tenant)).toEqual(['user.disable', 'user.enable'])
  })

  it.each([[{ userStatus: 'enabled' }], [{ userStatus: 'constructor' }], [{}], [{ userStatus: true }]])(
    'I1: %j is refused',
    async (body) => {
      const tenant = await newTenant({ users: 1 })
      const response = await admin(tenant, 'PUT', `/v1/users/${await idOf(tenant)}/userStatus`, body)
      expect(response.status).toBe(400)
    },
  )
})

describe('a user who is marked as deleted', () => {
  const mark = (tenant: Tenant, id: string, markDeleted: boolean) =>
    admin(tenant, 'PUT', `/v1/users/${id}/markDeleted`, { markDeleted }, 'help-desk')

  it('is hidden at once, everywhere, and comes back as they were, without codes', async () => {
    const tenant = await newTenant({ users: 2 })
    const [code, id] = [await tenant.newCode(USER), await idOf(tenant)]
    const before = await (await lookup(tenant, { email: USER })).json()
    const marked = await mark(tenant, id, true)
    expect([marked.status, await marked.json()]).toEqual([200, { id, markDeleted: true }])
    expect((await mark(tenant, id, true)).status).toBe(200)
    expect((await lookup(tenant, { email: USER })).status).toBe(404)
    expect((await tenant.validate(USER, code)).status).toBe(401)
    expect(await tenant.generate([USER])).toMatchObject([{ status: 1002 }])
    const listed = await (await tenant.scim('GET', '/Users')).json()
    expect(listed).toMatchObject({ totalResults: 1, Resources: [{ emails: [{ value: OTHER }] }] })
    expect((await mark(tenant, id, false)).status).toBe(200)
    expect(await (await lookup(tenant, { email: USER })).json()).toEqual(before)
    expect((await tenant.validate(USER, code)).status).toBe(401)
    expect(await (await tenant.scim('GET', '/Users')).json()).toMatchObject({ totalResults: 2 })
    expect(await changes(tenant)).toEqual(['user.mark-deleted', 'user.restore'])
  })

  it('R11: gets no mail that was asked for before, restored or not', async () => {
    const hook = newMailHook()
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy }, users: 1 })
    const [message, id] = [await ask(tenant, USER), await idOf(tenant)]
    later(1)
    await mark(tenant, id, true)
    expect(await handle([message])).toEqual(['ack'])
    await mark(tenant, id, false)
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
  })

  it('frees the address, and cannot come back while another user has it', async () => {
    const tenant = await newTenant({ users: 1 })
    const id = await idOf(tenant)
    await mark(tenant, id, true)
    const newer = await tenant.addUser(USER)
    const refused = await mark(tenant, id, false)
    expect([refused.status, await refused.json()]).toMatchObject([409, { status: 409 }])
    await admin(tenant, 'DELETE', `/v1/users/${newer}`)
    expect((await mark(tenant, id, false)).status).toBe(200)
    expect(await idOf(tenant)).toBe(id)
  })

  it('is purged after seven days, not before', async () => {
    const tenant = await newTenant({ users: 1 })
    const id = await idOf(tenant)
    await mark(tenant, id, true)
    later(7 * DAY_MS - 60_000)
    await maintain()
    expect((await mark(tenant, id, false)).status).toBe(200)
    await mark(tenant, id, true)
    later(7 * DAY_MS + 1)
    await maintain()
    expect((await mark(tenant, id, false)).status).toBe(404)
  })

  it('can be removed for good at once', async () => {
    const tenant = await newTenant({ users: 1 })
    const id = await idOf(tenant)
    await mark(tenant, id, true)
    expect((await admin(tenant, 'DELETE', `/v1/users/${id}`)).status).toBe(204)
    expect((await admin(tenant, 'DELETE', `/v1/users/${id}`)).status).toBe(404)
    expect((await mark(tenant, id, false)).status).toBe(404)
    expect(await changes(tenant)).toEqual(['user.mark-deleted', 'user.delete'])
  })

  it('D3: comes back once, however often that is asked for at once; a late one ends no code', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    const id = await idOf(tenant)
    await mark(tenant, id, true)
    const all = await Promise.all(Array.from({ length: 10 }, () => mark(tenant, id, false)))
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(await changes(tenant)).toEqual(['user.mark-deleted', 'user.restore'])
    const code = await tenant.newCode(USER)
    expect((await mark(tenant, id, false)).status).toBe(200)
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })

  it.each([[{ markDeleted: 'true' }], [{}]])('I1: %j is refused', async (body) => {
    const tenant = await newTenant({ users: 1 })
    const response = await admin(tenant, 'PUT', `/v1/users/${await idOf(tenant)}/markDeleted`, body)
    expect(response.status).toBe(400)
  })
})

describe('G3: wrong codes stay with the address', () => {
  /** A user with some wrong codes. */
  async function guessed() {
    const hook = newMailHook()
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy }, users: 1 })
    await handle([await ask(tenant, USER)])
    for (let nth = 0; nth < 6; nth++) await tenant.validate(USER, wrongCode(String(hook.calls[0]?.code)))
    const id = await idOf(tenant)
    return { tenant, id }
  }
  const patchOf = (value: object) => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value }],
  })
  async function move(tenant: Tenant, id: string, address: string): Promise<void> {
    const moved = await tenant.scim('PATCH', `/Users/${id}`, patchOf({ emails: [{ value: address }] }))
    expect(moved.status).toBe(200)
  }
  const failures = async (tenant: Tenant) => (await storedCode(tenant.id, USER))?.failures ?? 0

  it.each<[string, (tenant: Tenant, id: string) => Promise<unknown>]>([
    ['deleted', (tenant, id) => admin(tenant, 'DELETE', `/v1/users/${id}`)],
    ['deleted by SCIM', (tenant, id) => tenant.scim('DELETE', `/Users/${id}`)],
    ['marked', (tenant, id) => admin(tenant, 'PUT', `/v1/users/${id}/markDeleted`, { markDeleted: true })],
  ])('of a user who is %s, and created anew', async (_, remove) => {
    const { tenant, id } = await guessed()
    await remove(tenant, id)
    await tenant.addUser(USER)
    expect(await failures(tenant)).toBe(6)
  })

  it('of a user who is restored', async () => {
    const { tenant, id } = await guessed()
    for (const markDeleted of [true, false]) {
      await admin(tenant, 'PUT', `/v1/users/${id}/markDeleted`, { markDeleted })
    }
    expect(await failures(tenant)).toBe(6)
  })

  it('of a user who gets the address afterwards, the more of theirs and of those there', async () => {
    const { tenant, id } = await guessed()
    await admin(tenant, 'DELETE', `/v1/users/${id}`)
    const next = await tenant.addUser('other@example.com')
    const code = await tenant.newCode('other@example.com')
    for (let nth = 0; nth < 2; nth++) await tenant.validate('other@example.com', wrongCode(code))
    await move(tenant, next, USER)
    expect(await failures(tenant)).toBe(6)
    await move(tenant, next, 'other@example.com')
    await tenant.addUser(USER)
    expect(await failures(tenant)).toBe(6)
  })

  it('and a change that is refused takes none of them along', async () => {
    const { tenant, id } = await guessed()
    await admin(tenant, 'DELETE', `/v1/users/${id}`)
    const next = await tenant.addUser('other@example.com', { userName: 'other' })
    await tenant.addUser('third@example.com', { userName: 'third' })
    const value = { userName: 'third', emails: [{ value: USER }] }
    const refused = await tenant.scim('PATCH', `/Users/${next}`, patchOf(value))
    expect(refused.status).toBe(409)
    await tenant.addUser(USER)
    expect(await failures(tenant)).toBe(6)
  })

  it('for 30 days, and at no other address or tenant; no address is kept for it', async () => {
    const { tenant, id } = await guessed()
    await admin(tenant, 'DELETE', `/v1/users/${id}`)
    const other = await newTenant({ users: 1 })
    expect(await failures(other)).toBe(0)
    const rows = env.DB.prepare('SELECT * FROM spent_budgets WHERE tenant_id = ?').bind(tenant.id)
    const kept = await rows.all()
    expect(kept.results).toHaveLength(1)
    expect(JSON.stringify(kept.results)).not.toContain('user1')
    later(30 * DAY_MS + 1)
    await maintain()
    expect((await rows.all()).results).toEqual([])
    await tenant.addUser(USER)
    expect(await failures(tenant)).toBe(0)
  })
})

describe('a user at high risk', () => {
  const put = (tenant: Tenant, action: string, users: unknown) =>
    admin(tenant, 'PUT', '/v1/users/highrisk', { action, users })

  it('is on the list, and gets no code that somebody else sees', async () => {
    const hook = newMailHook()
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy }, users: 2 })
    const id = await idOf(tenant)
    const added = await put(tenant, 'add', [id, id, 'nobody'])
    expect([added.status, await added.json()]).toEqual([
      200,
      {
        users: [
          { id, statusCode: '200' },
          { id: 'nobody', statusCode: '404', error: 'User not found.' },
        ],
      },
    ])
    const listed = await admin(tenant, 'GET', '/v2/users/highrisk')
    expect(await listed.json()).toEqual({
      users: [{ id, email: USER, primaryUsername: expect.any(String), alternateUsername: null }],
    })
    const sentence = { status: 1006, errorMessage: expect.stringContaining('at high risk') }
    expect(await tenant.generate([USER, OTHER])).toMatchObject([sentence, { status: 1000 }])
    const elsewhere = { code_send_to: 'EMAIL', custom_email: 'somebody@example.org' }
    expect(await tenant.generate([USER], elsewhere)).toMatchObject([sentence])
    expect(await tenant.generate([USER], { code_send_to: 'EMAIL' })).toMatchObject([{ status: 1001 }])
    await put(tenant, 'remove', [id])
    expect(await tenant.generate([USER])).toMatchObject([{ status: 1000 }])
    expect(await changes(tenant)).toEqual(['user.high-risk.add', 'user.high-risk.remove'])
  })

  it('is on the list, however many there are', async () => {
    const tenant = await newTenant()
    await env.DB.prepare(
      `INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at,
         updated_at, high_risk_at)
       WITH RECURSIVE nth (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nth WHERE n < 1100)
       SELECT ?1 || n, ?1, n || '@example.com', n || '@example.com', n, n, 'enabled', '{}', 0, 0, 1 FROM nth`,
    )
      .bind(tenant.id)
      .run()
    const listed = await admin(tenant, 'GET', '/v2/users/highrisk')
    expect((await listed.json<{ users: object[] }>()).users).toHaveLength(1_100)
  })

  it('gets codes like everybody where the policy allows it', async () => {
    const tenant = await newTenant({ policy: { code: { highRisk: 'allow' } }, users: 1 })
    await put(tenant, 'add', [await idOf(tenant)])
    expect(await tenant.generate([USER])).toMatchObject([{ status: 1000 }])
  })

  it.each([
    ['add', []],
    ['add', Array.from({ length: 101 }, () => 'x')],
    ['add', 'x'],
    ['add', [7]],
    ['ban', ['x']],
  ])('I1: %s of %j is refused', async (action, users) => {
    const tenant = await newTenant()
    expect((await put(tenant, action, users)).status).toBe(400)
  })

  it('E3: is of one tenant', async () => {
    const [tenant, other] = [await newTenant(), await newTenant({ users: 1 })]
    const id = await idOf(other)
    expect(await (await put(tenant, 'add', [id])).json()).toMatchObject({ users: [{ statusCode: '404' }] })
    expect(await (await lookup(other, { email: USER })).json()).toMatchObject({ highRiskUser: false })
  })
})
