import { env } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { app } from '../../../src/local.ts'
import { config } from '../../../src/config.ts'
import { changeUsers, findKnown, type Change } from '../../../src/users/user-bulk-store.ts'
import { findUser } from '../../../src/users/user-store.ts'
import { countingD1 } from '../../rig/counting-d1.ts'
import { explainingD1 } from '../../rig/explaining-d1.ts'
import { accessToken, addClient, clientKey } from '../../rig/oauth.ts'
import { actions, page, PATCH_OP, refusal, resourceOf, type Resource } from '../../rig/scim.ts'
import { call, newTenant, NO_LIMITS, operate, wrongCode, type Tenant } from '../../rig/service.ts'

const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const JANE = 'jane@example.com'

type Answer = {
  method: string
  bulkId?: string
  location?: string
  version?: string
  status: string
  response?: { status: string; scimType?: string; detail: string }
}

const bodyOf = (Operations: unknown[], more: object = {}) => ({ schemas: [BULK], ...more, Operations })

async function bulk(tenant: Tenant, Operations: unknown[], more: object = {}): Promise<Answer[]> {
  const response = await tenant.scim('POST', '/Bulk', bodyOf(Operations, more))
  expect(response.status).toBe(200)
  const body = await response.json<{ schemas: string[]; Operations: Answer[] }>()
  expect(body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:BulkResponse'])
  return body.Operations
}

const post = (email: string, bulkId = email, more: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { userName: email, ...more },
})
const patchOf = (id: string, ...Operations: object[]) => ({
  method: 'PATCH',
  path: `/Users/${id}`,
  data: { schemas: [PATCH_OP], Operations },
})
const rename = (id: string, value: string) => patchOf(id, { op: 'replace', path: 'displayName', value })
const remove = (id: string) => ({ method: 'DELETE', path: `/Users/${id}` })
const statuses = (answers: Answer[]) =>
  answers.map(({ status, response }) => [status, response?.scimType].filter(Boolean).join(' '))
const versionOf = ({ meta }: Resource) => (meta as { version?: string }).version
const newWide = (users = 0) => newTenant({ policy: NO_LIMITS, users })

describe('a bulk request', () => {
  it('adds, replaces, changes and removes users in the order given, and says what became of each', async () => {
    const tenant = await newWide()
    const gone = await tenant.addUser('gone@example.com')
    const answers = await bulk(tenant, [
      post(JANE, 'one', { displayName: 'Jane' }),
      rename('bulkId:one', 'J'),
      { method: 'PUT', path: '/Users/bulkId:one', data: { userName: JANE, externalId: '7' } },
      remove(gone),
      post('gone@example.com', 'two'),
      { ...remove('bulkId:two'), method: 'delete', path: 'Users/bulkId:two' },
      post('gone@example.com', 'three', { active: false }),
    ])
    expect(statuses(answers)).toEqual(['201', '200', '200', '204', '201', '204', '201'])
    expect(answers.map(({ bulkId }) => bulkId)).toEqual([
      'one',
      undefined,
      undefined,
      undefined,
      'two',
      undefined,
      'three',
    ])
    const id = answers[0]?.location?.split('/').at(-1) ?? ''
    expect(answers.slice(0, 3).every(({ location }) => location?.endsWith(`/scim/v2/Users/${id}`))).toBe(true)
    const jane = await tenant.scim('GET', `/Users/${id}`)
    expect(jane.headers.get('ETag')).toBe(answers[2]?.version)
    const resource = await jane.json<object>()
    expect(resource).toMatchObject({ id, userName: JANE, externalId: '7', active: true })
    expect(Object.keys(resource)).not.toContain('displayName')
    const third = answers[6]?.location?.split('/').at(-1) ?? ''
    expect(await resourceOf(tenant, third)).toMatchObject({ userName: 'gone@example.com', active: false })
    expect(await page(tenant)).toMatchObject({ totalResults: 2 })
    expect(await actions(tenant)).toEqual([
      'user.create',
      'user.create',
      'user.update',
      'user.update',
      'user.delete',
      'user.create',
      'user.delete',
      'user.create',
    ])
    const events = env.DB.prepare(
      'SELECT seq, target, access_id, user_id FROM admin_events WHERE tenant_id = ? ORDER BY seq',
    ).bind(tenant.id)
    const rows = (await events.all<{ seq: number; target: string; access_id: string; user_id: string }>())
      .results
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(rows.filter(({ user_id }) => user_id === id).map(({ target }) => target)).toEqual(
      Array.from({ length: 3 }, () => 'j***@example.com'),
    )
    expect(new Set(rows.map(({ access_id }) => access_id)).size).toBe(1)
  })

  it('I4: no bad entry hurts another', async () => {
    const tenant = await newWide(1)
    const { id = '' } = (await page(tenant)).Resources[0] ?? {}
    const answers = await bulk(tenant, [
      post('a@example.com'),
      post('no address'),
      post('A@example.com', 'again'),
      post('user1@example.com'),
      post('b@example.com', 'a@example.com'),
      { method: 'POST', path: '/Users', data: { userName: 'c@example.com' } },
      { ...post('c@example.com'), path: '/Groups' },
      { ...post('c@example.com'), path: `/Users/${id}` },
      { method: 'GET', path: `/Users/${id}` },
      { ...remove(''), path: '/Users' },
      remove(crypto.randomUUID()),
      remove('bulkId:nobody'),
      rename('bulkId:again', 'x'),
      { ...rename(id, 'x'), version: 'W/"1"' },
      { method: 'PATCH', path: `/Users/${id}` },
      { method: 'PUT', path: `/Users/${id}`, data: { userName: 'a@example.com' } },
      null,
      'x',
      { method: 'PATCH', path: `/Users/${id}`, data: JSON.parse('{"__proto__": {"x": 1}}') as object },
      rename(id, 'last'),
    ])
    expect(statuses(answers)).toEqual([
      '201',
      '400 invalidValue',
      '409 uniqueness',
      '409 uniqueness',
      '400 invalidSyntax',
      '400 invalidSyntax',
      '400 invalidSyntax',
      '400 invalidSyntax',
      '400 invalidSyntax',
      '400 invalidSyntax',
      '404',
      '409',
      '409',
      '412',
      '400 invalidSyntax',
      '409 uniqueness',
      '400 invalidSyntax',
      '400 invalidSyntax',
      '400 invalidSyntax',
      '200',
    ])
    for (const { response } of answers.filter(({ status }) => status >= '400')) {
      expect(response?.detail).toMatch(/^.{15,}\.$/)
    }
    expect(await resourceOf(tenant, id)).toMatchObject({ displayName: 'last' })
    expect(await actions(tenant)).toEqual(['user.create', 'user.create', 'user.update'])
  })

  it('stops behind the errors that the client accepts, and leaves the rest untried', async () => {
    const tenant = await newWide()
    const operations = [
      post('a@example.com'),
      post('x'),
      post('b@example.com'),
      post('y'),
      post('c@example.com'),
    ]
    expect(statuses(await bulk(tenant, operations, { failOnErrors: 2 }))).toEqual([
      '201',
      '400 invalidValue',
      '201',
      '400 invalidValue',
    ])
    expect((await page(tenant)).totalResults).toBe(2)
    expect(statuses(await bulk(tenant, operations, { failOnErrors: 1 }))).toEqual(['409 uniqueness'])
    expect(await bulk(tenant, operations)).toHaveLength(5)
  })

  it('gives a name on within one request, and round in a circle', async () => {
    const tenant = await newWide(2)
    const [one = '', two = ''] = (await page(tenant)).Resources.map(({ id }) => id)
    const [first, second] = [await resourceOf(tenant, one), await resourceOf(tenant, two)]
    const call = (id: string, name: string) =>
      patchOf(id, { op: 'replace', value: { userName: name, 'emails[type eq "work"].value': name } })
    const answers = await bulk(tenant, [
      call(one, 'aside@example.com'),
      call(two, first.userName),
      call(one, second.userName),
    ])
    expect(statuses(answers)).toEqual(['200', '200', '200'])
    expect(await resourceOf(tenant, one)).toMatchObject({ userName: second.userName })
    expect(await resourceOf(tenant, two)).toMatchObject({ userName: first.userName })
  })

  it.each<[string, unknown, string]>([
    ['no schema', { Operations: [post(JANE)] }, '400 invalidSyntax'],
    ['no operation', bodyOf([]), '400 invalidSyntax'],
    ['operations that are no list', { schemas: [BULK], Operations: {} }, '400 invalidSyntax'],
    ['a failOnErrors of 0', bodyOf([post(JANE)], { failOnErrors: 0 }), '400 invalidValue'],
    ['a failOnErrors of no number', bodyOf([post(JANE)], { failOnErrors: '1' }), '400 invalidValue'],
    ['1,001 operations', bodyOf(Array.from({ length: 1001 }, () => null)), '413'],
    ['a body over a mebibyte', bodyOf([{ ...post(JANE), x: 'x'.repeat(1024 * 1024) }]), '413'],
  ])('I1: with %s is refused whole', async (_, body, expected) => {
    const tenant = await newWide()
    expect(await refusal(await tenant.scim('POST', '/Bulk', body))).toBe(expected)
    expect((await page(tenant)).totalResults).toBe(0)
  })

  it('I1: of nobody is not read', async () => {
    let chunks = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks += 1
        controller.enqueue(new Uint8Array(65_536))
        if (chunks === 15) controller.close()
      },
    })
    const request = new Request('http://scim.localhost/scim/v2/Bulk', {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
      body,
    })
    expect((await app.fetch(request, env, createExecutionContext())).status).toBe(401)
    expect(chunks).toBeLessThanOrEqual(1)
  })

  it('I2: of up to a mebibyte is read, and nothing else is', async () => {
    const tenant = await newWide()
    const large = bodyOf([{ ...post(JANE), x: 'x'.repeat(1_000_000) }])
    expect((await tenant.scim('POST', '/Bulk', large)).status).toBe(200)
    expect((await tenant.scim('POST', '/Users', large)).status).toBe(413)
    const many = { a: Array.from({ length: 300_000 }, () => 1) }
    expect(
      statuses(await bulk(tenant, [{ ...post('b@example.com'), data: { userName: 'b@example.com', many } }])),
    ).toEqual(['201'])
  })

  it('E3: is about users of the token alone', async () => {
    const [tenant, other] = [await newWide(), await newWide(1)]
    const { id = '' } = (await page(other)).Resources[0] ?? {}
    expect(statuses(await bulk(tenant, [rename(id, 'x'), remove(id), post('user1@example.com')]))).toEqual([
      '404',
      '404',
      '201',
    ])
    expect(await actions(other)).toEqual(['user.create'])
  })

  it('changes no version by an operation that changes nothing, but for one that builds upon another', async () => {
    const tenant = await newWide()
    const id = await tenant.addUser(JANE, { displayName: 'J' })
    const before = await resourceOf(tenant, id)
    const answers = await bulk(tenant, [
      rename(id, 'J'),
      { method: 'PUT', path: `/Users/${id}`, data: before },
    ])
    expect(answers.map(({ status, version }) => [status, version])).toEqual([
      ['200', versionOf(before)],
      ['200', versionOf(before)],
    ])
    expect(await resourceOf(tenant, id)).toEqual(before)
    expect(await actions(tenant)).toEqual(['user.create'])
    expect(statuses(await bulk(tenant, [rename(id, 'K'), rename(id, 'K')]))).toEqual(['200', '200'])
    expect(await resourceOf(tenant, id)).toMatchObject({ displayName: 'K' })
    expect(await actions(tenant)).toEqual(['user.create', 'user.update', 'user.update'])
  })
})

describe('a right', () => {
  it('to write users is not one to delete them', async () => {
    const tenant = await newWide(1)
    const { id = '' } = (await page(tenant)).Resources[0] ?? {}
    const url = `https://${tenant.host}/scim/v2/Bulk`
    const token = await accessToken(
      tenant,
      await addClient(tenant, await clientKey('ES256'), ['rsa.user.local.manage']),
    )
    const body = bodyOf([rename(id, 'x'), remove(id), post(JANE)])
    const response = await call(url, { token, body })
    expect(statuses((await response.json<{ Operations: Answer[] }>()).Operations)).toEqual([
      '200',
      '403',
      '201',
    ])
    expect(await resourceOf(tenant, id)).toMatchObject({ displayName: 'x' })
    const both = await accessToken(
      tenant,
      await addClient(tenant, await clientKey('ES256'), ['rsa.user.local.manage', 'rsa.user.delete']),
    )
    const deleting = await call(url, { token: both, body: bodyOf([remove(id)]) })
    expect(statuses((await deleting.json<{ Operations: Answer[] }>()).Operations)).toEqual(['204'])
    expect((await tenant.scim('POST', '/Bulk', bodyOf([post('b@example.com')]), 'help-desk')).status).toBe(
      403,
    )
  })

  it('of a SCIM token is all of it', async () => {
    const tenant = await newWide()
    const added = await operate('POST', `/tenants/${tenant.id}/scim-tokens`, {})
    const { token } = await added.json<{ token: string }>()
    const body = bodyOf([post(JANE, 'one'), remove('bulkId:one')])
    const response = await call(`https://${tenant.host}/scim/v2/Bulk`, { token, body })
    expect(statuses((await response.json<{ Operations: Answer[] }>()).Operations)).toEqual(['201', '204'])
  })

  it('F2: a request costs a unit for each operation, at once', async () => {
    const tenant = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 5 } } } })
    const send = async (size: number) =>
      (await tenant.scim('POST', '/Bulk', bodyOf(Array.from({ length: size }, (_, nth) => post(`u${nth}`)))))
        .status
    expect([await send(4), await send(2), await send(1), await send(1)]).toEqual([200, 429, 200, 429])
  })
})

describe('codes', () => {
  it('R11, E1: of whom a bulk request moves, disables or removes end, and others stay', async () => {
    const tenant = await newWide(4)
    const emails = [...tenant.emails]
    const ids = new Map((await page(tenant)).Resources.map(({ userName, id }) => [userName, id]))
    const idOf = (nth: number) => ids.get(emails[nth] ?? '') ?? ''
    const codes = (await tenant.generate(emails)).map(({ verify_code }) => verify_code ?? '')
    const answers = await bulk(tenant, [
      patchOf(idOf(0), { op: 'replace', path: 'emails[type eq "work"].value', value: 'thief@example.com' }),
      patchOf(idOf(1), { op: 'replace', value: { active: false } }),
      patchOf(idOf(1), { op: 'replace', value: { active: true } }),
      remove(idOf(2)),
      post(emails[2] ?? ''),
      rename(idOf(3), 'x'),
      post(emails[0] ?? '', 'x', { userName: 'other', emails: [{ value: emails[0] }] }),
    ])
    expect(statuses(answers)).toEqual(['200', '200', '200', '204', '201', '200', '201'])
    const isGood = async (email: string, code = '') => (await tenant.validate(email, code)).status === 200
    expect(await isGood('thief@example.com', codes[0])).toBe(false)
    for (const nth of [0, 1, 2]) expect(await isGood(emails[nth] ?? '', codes[nth])).toBe(false)
    expect(await isGood(emails[3] ?? '', codes[3])).toBe(true)
    expect((await actions(tenant)).filter((action) => action.startsWith('user.')).slice(4)).toEqual([
      'user.address',
      'user.disable',
      'user.enable',
      'user.delete',
      'user.create',
      'user.update',
      'user.create',
    ])
    const moved = env.DB.prepare(
      "SELECT target, destination FROM admin_events WHERE tenant_id = ? AND action = 'user.address'",
    ).bind(tenant.id)
    expect(await moved.first()).toEqual({ target: 'u***@example.com', destination: 't***@example.com' })
  })

  it('D3: of whom is moved and disabled, or enabled, at once has two events', async () => {
    const tenant = await newWide(1)
    const [{ id } = { id: '' }] = (await page(tenant)).Resources
    const value = (email: string, active: boolean) => ({ emails: [{ value: email }], active })
    await bulk(tenant, [patchOf(id, { op: 'replace', value: value('a@example.com', false) })])
    await bulk(tenant, [patchOf(id, { op: 'replace', value: value('b@example.com', true) })])
    const { results } = await env.DB.prepare(
      'SELECT action, target, destination FROM admin_events WHERE tenant_id = ? ORDER BY seq',
    )
      .bind(tenant.id)
      .all()
    expect(results.slice(1)).toEqual([
      { action: 'user.address', target: 'u***@example.com', destination: 'a***@example.com' },
      { action: 'user.disable', target: 'u***@example.com', destination: null },
      { action: 'user.address', target: 'a***@example.com', destination: 'b***@example.com' },
      { action: 'user.enable', target: 'a***@example.com', destination: null },
    ])
  })

  it('G3: wrong ones go with an address that is removed, added anew and moved in one request', async () => {
    const tenant = await newWide()
    const id = await tenant.addUser(JANE)
    const code = await tenant.newCode(JANE)
    for (let nth = 0; nth < 3; nth += 1) await tenant.validate(JANE, wrongCode(code))
    const failuresOf = (email: string) =>
      env.DB.prepare(
        `SELECT coalesce(max(failures), 0) AS n FROM reset_codes JOIN users ON users.id = user_id
         WHERE users.tenant_id = ? AND email_key = ? AND mode = 'PASSWORD_RESET'`,
      )
        .bind(tenant.id, email)
        .first('n')
    expect(await failuresOf(JANE)).toBe(3)
    await bulk(tenant, [remove(id), post(JANE, 'again')])
    expect(await failuresOf(JANE)).toBe(3)
    await bulk(tenant, [
      post('new@example.com', 'n'),
      ...(await page(tenant, { filter: `userName eq "${JANE}"` })).Resources.map(({ id }) =>
        patchOf(id, { op: 'replace', path: 'emails', value: [{ value: 'moved@example.com' }] }),
      ),
      post(JANE, 'third', { userName: 'third', emails: [{ value: JANE }] }),
    ])
    expect([await failuresOf(JANE), await failuresOf('new@example.com')]).toEqual([3, 0])
  })
})

describe('D3: a change', () => {
  it('that meets another user than expected is not made, nor recorded, and hurts no other', async () => {
    const tenant = await newWide(3)
    const scope = {
      db: env.DB,
      tenantId: tenant.id,
      now: Date.now() + 60_000,
      peppers: config(env).peppers,
      attemptsMax: 5,
      failuresMax: 100,
    }
    const users = await Promise.all((await page(tenant)).Resources.map(({ id }) => findUser(scope, id)))
    const [one, two, three] = users.filter((user) => user !== undefined)
    if (!one || !two || !three) throw new Error('three users')
    const codes = (await tenant.generate([one.email, two.email])).map(({ verify_code }) => verify_code ?? '')
    const stage: Change[] = [
      { tag: 'update', number: 0, before: { ...one, updatedAt: 1 }, after: { ...one, status: 'disabled' } },
      {
        tag: 'update',
        number: 1,
        before: two,
        after: { ...two, emailKey: three.emailKey, email: three.email },
      },
      { tag: 'create', number: 2, after: { ...three, id: crypto.randomUUID() } },
      { tag: 'delete', number: 3, before: { ...three, updatedAt: 1 } },
      { tag: 'update', number: 4, before: three, after: { ...three, attributes: '{"displayName":"made"}' } },
    ]
    const made = await changeUsers(scope, { accessId: 'a', sourceIp: '', requestId: 'r' }, [stage])
    expect([...made]).toEqual([4])
    expect((await actions(tenant)).slice(3)).toEqual(['generate', 'generate', 'user.update'])
    expect((await tenant.validate(one.email, codes[0] ?? '')).status).toBe(200)
    expect((await tenant.validate(two.email, codes[1] ?? '')).status).toBe(200)
    expect(await page(tenant)).toMatchObject({ totalResults: 3 })
    expect(await resourceOf(tenant, three.id)).toMatchObject({ displayName: 'made' })
  })

  it('E1: of parallel requests that add the same users, each user is added once', async () => {
    const tenant = await newWide()
    const operations = Array.from({ length: 20 }, (_, nth) => post(`u${nth}@example.com`))
    const all = (await Promise.all(Array.from({ length: 5 }, () => bulk(tenant, operations)))).flat()
    expect(all.filter(({ status }) => status === '201')).toHaveLength(20)
    expect(statuses(all.filter(({ status }) => status !== '201'))).toEqual(
      Array.from({ length: 80 }, () => '409 uniqueness'),
    )
    expect(await actions(tenant)).toHaveLength(20)
  })

  it('of a user beside which others are made is made all the same', async () => {
    const tenant = await newWide(1)
    const { id = '' } = (await page(tenant)).Resources[0] ?? {}
    const all = await Promise.all([
      bulk(tenant, [rename(id, 'x')]),
      tenant.scim('PATCH', `/Users/${id}`, patchOf(id, { op: 'replace', path: 'active', value: false }).data),
    ])
    expect(statuses(all[0])).toEqual(['200'])
    expect(await resourceOf(tenant, id)).toMatchObject({ active: false, displayName: 'x' })
  })
})

describe('the plan of a bulk request', () => {
  it('uses an index in every statement', async () => {
    const tenant = await newWide(2)
    const { db, plans } = explainingD1()
    const { peppers } = config(env)
    const scope = { db, tenantId: tenant.id, now: Date.now(), peppers, attemptsMax: 5, failuresMax: 100 }
    const ids = (await page(tenant)).Resources.map(({ id }) => id)
    const { users } = await findKnown(scope, { ids, userNameKeys: ['x'], emailKeys: ['x'] })
    const [one, two] = users
    if (!one || !two) throw new Error('two users')
    const after = { ...one, email: JANE, emailKey: JANE, status: 'disabled' as const }
    const created = { ...one, id: crypto.randomUUID(), userNameKey: 'new', emailKey: 'new@example.com' }
    const stage: Change[] = [
      { tag: 'create', number: 0, after: created },
      { tag: 'update', number: 1, before: one, after },
      { tag: 'delete', number: 2, before: two },
    ]
    expect((await changeUsers(scope, { accessId: 'a', sourceIp: '', requestId: 'r' }, [stage])).size).toBe(3)
    const known = await Promise.all(plans)
    expect(known).toHaveLength(3 + 5 + 8 + 4)
    for (const plan of known) {
      expect(plan).not.toMatch(/SCAN (?:users|other|admin_events|reset_codes|spent|spent_budgets)/)
      expect(plan).not.toMatch(/AUTOMATIC/)
    }
  })
})

describe('round trips to the database', () => {
  async function tripsOf(tenant: Tenant, operations: unknown[]): Promise<[number, string]> {
    const db = countingD1(env.DB)
    const request = {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${await tenant.token('super-admin')}`,
        'Content-Type': 'application/scim+json',
      },
      body: JSON.stringify(bodyOf(operations)),
    }
    const url = `https://${tenant.host}/scim/v2/Bulk`
    const response = await app.request(url, request, { ...env, DB: db }, createExecutionContext())
    const { Operations } = await response.json<{ Operations: Answer[] }>()
    return [db.trips, [...new Set(statuses(Operations))].join()]
  }

  it('are two, whatever a request does to a thousand users', async () => {
    const tenant = await newWide()
    // The key of the token is known by then.
    await page(tenant)
    const emails = Array.from({ length: 1_000 }, (_, nth) => `u${nth}@example.com`)
    expect(
      await tripsOf(
        tenant,
        emails.map((email) => post(email)),
      ),
    ).toEqual([2, '201'])
    const ids: string[] = []
    for (let startIndex = 1; startIndex < 1_000; startIndex += 100) {
      ids.push(...(await page(tenant, { startIndex: String(startIndex) })).Resources.map(({ id }) => id))
    }
    expect(
      await tripsOf(
        tenant,
        ids.map((id) => rename(id, 'x')),
      ),
    ).toEqual([2, '200'])
    const mixed = ids.slice(0, 500).flatMap((id, nth) => [remove(id), post(`n${nth}@example.com`)])
    expect(await tripsOf(tenant, mixed)).toEqual([2, '204,201'])
  })

  it('are bounded where each operation builds upon the one before it', async () => {
    const tenant = await newWide(1)
    const { id = '' } = (await page(tenant)).Resources[0] ?? {}
    const chain = Array.from({ length: 1_000 }, (_, nth) => rename(id, `x${nth}`))
    const [trips, status] = await tripsOf(tenant, chain)
    expect(status).toBe('200,413')
    expect(trips).toBe(2)
    expect(await resourceOf(tenant, id)).toMatchObject({ displayName: 'x49' })
  })

  it('I4: hold no list that D1 would not take, however much is kept of the users', async () => {
    const tenant = await newWide()
    const sizes: number[] = []
    const prepare = (text: string) => {
      const statement = env.DB.prepare(text)
      const bind = (...values: unknown[]) => {
        sizes.push(...values.map((value) => new TextEncoder().encode(String(value)).length))
        return statement.bind(...values)
      }
      return { bind }
    }
    const db = { prepare, batch: env.DB.batch.bind(env.DB) } as unknown as D1Database
    const { peppers } = config(env)
    const scope = { db, tenantId: tenant.id, now: Date.now(), peppers, attemptsMax: 5, failuresMax: 100 }
    const attributes = JSON.stringify({ displayName: '\u6f22'.repeat(1_200) })
    const stage = Array.from({ length: 1_000 }, (_, number): Change => {
      const name = `user${number}@example.com`
      const keys = { email: name, emailKey: name, userName: name, userNameKey: name }
      const times = { createdAt: 1, updatedAt: 1, highRiskAt: null, frozenUntil: null }
      const after = { id: crypto.randomUUID(), ...keys, status: 'enabled' as const, attributes, ...times }
      return { tag: 'create', number, after }
    })
    const made = await changeUsers(scope, { accessId: 'a', sourceIp: '', requestId: 'r' }, [stage])
    expect([made.size, (await page(tenant)).totalResults]).toEqual([1_000, 1_000])
    expect(Math.max(...sizes)).toBeGreaterThan(1_000_000)
    expect(Math.max(...sizes)).toBeLessThan(2_000_000)
  })
})

describe('10,000 users', () => {
  it('are provisioned by ten requests without an error, and found', async () => {
    const tenant = await newWide()
    for (let part = 0; part < 10; part += 1) {
      const operations = Array.from({ length: 1_000 }, (_, nth) => {
        const name = `u${part * 1_000 + nth}`
        return post(`${name}@example.com`, name, {
          externalId: `x-${name}`,
          displayName: `User ${name}`,
          name: { givenName: 'User', familyName: name, formatted: `User ${name}` },
          preferredLanguage: 'en-US',
        })
      })
      expect(new Set(statuses(await bulk(tenant, operations)))).toEqual(new Set(['201']))
    }
    expect((await page(tenant, { count: '0' })).totalResults).toBe(10_000)
    expect(await page(tenant, { filter: 'externalId eq "x-u9999"' })).toMatchObject({ totalResults: 1 })
    expect(await page(tenant, { filter: 'displayName ew "999"' })).toMatchObject({ totalResults: 10 })
    const events = env.DB.prepare(
      'SELECT count(*) AS events, min(seq) AS first, max(seq) AS last FROM admin_events WHERE tenant_id = ?',
    ).bind(tenant.id)
    expect(await events.first()).toEqual({ events: 10_000, first: 1, last: 10_000 })
  }, 30_000)
})
