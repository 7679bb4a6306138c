import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { readUser } from '../../../src/api/scim/scim-user.ts'
import { config } from '../../../src/config.ts'
import { updateUser } from '../../../src/users/user-store.ts'
import { ask, handle } from '../../rig/deliveries.ts'
import { newMailHook } from '../../rig/mail-hook.ts'
import { actions, page, patch, PATCH_OP, refusal, resourceOf } from '../../rig/scim.ts'
import { call, newTenant, NO_LIMITS, operate, type Tenant } from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'

/** What identity providers send, as they document it. */

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const JANE = 'jane@example.com'

const put = (tenant: Tenant, id: string, body: object, headers: Record<string, string> = {}) =>
  scim(tenant, 'PUT', `/Users/${id}`, body, headers)

async function scim(
  tenant: Tenant,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const url = `https://${tenant.host}/scim/v2${path}`
  return call(url, { method, token: await tenant.token('super-admin'), body, headers })
}

describe('I5: a repeated POST', () => {
  const keyed = (tenant: Tenant, key: string, userName = JANE) =>
    scim(tenant, 'POST', '/Users', { userName, displayName: 'Jane' }, { 'Idempotency-Key': key })

  it('gets the same answer, headers and all, and makes one user, also of twenty at once', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const all = await Promise.all(Array.from({ length: 20 }, () => keyed(tenant, 'k')))
    const answers = await Promise.all(
      all.map(async (each) => [
        each.status,
        await each.text(),
        each.headers.get('ETag'),
        each.headers.get('Location'),
      ]),
    )
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(answers[0]?.[0]).toBe(201)
    expect(all.filter(({ headers }) => headers.get('Idempotency-Replayed') === null)).toHaveLength(1)
    expect(await actions(tenant)).toEqual(['user.create'])
    const { id } = JSON.parse(String(answers[0]?.[1])) as { id: string }
    await patch(tenant, id, { op: 'replace', path: 'displayName', value: 'Janet' })
    expect(await (await keyed(tenant, 'k')).text()).toBe(answers[0]?.[1])
    await scim(tenant, 'DELETE', `/Users/${id}`)
    expect(await (await keyed(tenant, 'k')).text()).toBe(answers[0]?.[1])
    expect((await page(tenant)).totalResults).toBe(0)
  })

  it('is 422 for another user, 409 without the key, and keeps no refusal', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const { id } = await (await keyed(tenant, 'k')).json<{ id: string }>()
    const other = await keyed(tenant, 'k', 'john@example.com')
    expect([other.status, await other.json()]).toMatchObject([422, { status: '422' }])
    expect((await keyed(tenant, 'another')).status).toBe(409)
    expect((await page(tenant)).totalResults).toBe(1)
    await scim(tenant, 'DELETE', `/Users/${id}`)
    expect((await keyed(tenant, 'another')).status).toBe(201)
  })
})

describe('Okta', () => {
  it('creates a user, finds them, replaces them whole, and deactivates them without a path', async () => {
    const tenant = await newTenant()
    expect(await page(tenant, { startIndex: '1', count: '2' })).toMatchObject({
      totalResults: 0,
      Resources: [],
    })
    expect(
      await page(tenant, { filter: `userName eq "${JANE}"`, startIndex: '1', count: '100' }),
    ).toMatchObject({
      totalResults: 0,
    })
    const user = {
      schemas: [CORE],
      userName: JANE,
      name: { givenName: 'Jane', familyName: 'Saoirse' },
      emails: [{ primary: true, value: JANE, type: 'work' }],
      displayName: 'Jane Saoirse',
      locale: 'en-US',
      externalId: '00ujl29u0le5T6Aj10h7',
      groups: [],
      password: '1mz050nq',
      active: true,
    }
    const created = await scim(tenant, 'POST', '/Users', user)
    expect(created.status).toBe(201)
    const { id, ...resource } = await created.json<{ id: string }>()
    expect(JSON.stringify(resource)).not.toContain('1mz050nq')
    const replaced = await put(tenant, id, {
      ...user,
      id,
      name: { givenName: 'Jane', middleName: '', familyName: 'Doe' },
      meta: { resourceType: 'User' },
    })
    expect([replaced.status, await replaced.json()]).toMatchObject([
      200,
      { id, name: { givenName: 'Jane', familyName: 'Doe' }, active: true },
    ])
    const off = await patch(tenant, id, { op: 'replace', value: { active: false } })
    expect([off.status, await off.json()]).toMatchObject([200, { active: false }])
    // Disabled users are listed, so that they can be activated again.
    expect(await page(tenant, { filter: `userName eq "${JANE}"` })).toMatchObject({ totalResults: 1 })
    expect(await actions(tenant)).toEqual(['user.create', 'user.update', 'user.disable'])
  })
})

describe('Entra ID', () => {
  const filterOf = (filter: string) => ({ filter })

  it.each([
    'userName eq "jane@example.com"',
    'USERNAME eq "Jane@Example.com"',
    'externalId eq "701984"',
    'externalid eq "701984"',
    'emails[type eq "work"].value eq "JANE@example.com"',
    `${CORE}:userName eq "jane@example.com"`,
    'emails.value eq "jane@example.com"',
  ])('finds a user by %s', async (filter) => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { userName: JANE, externalId: '701984' })
    expect(await page(tenant, filterOf(filter))).toMatchObject({ totalResults: 1, Resources: [{ id }] })
    expect(await page(tenant, filterOf(filter.replace(/"[^"]*"$/, '"x"')))).toMatchObject({
      totalResults: 0,
      Resources: [],
    })
  })

  it('finds a user by id', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE)
    expect(await page(tenant, filterOf(`id eq "${id}"`))).toMatchObject({ totalResults: 1 })
  })

  it.each<[string, object, object]>([
    ['Add', { op: 'Add', path: 'displayName', value: 'J' }, { displayName: 'J' }],
    ['Replace with "False"', { op: 'Replace', path: 'active', value: 'False' }, { active: false }],
    ['a name in another case', { op: 'Replace', path: 'DisplayName', value: 'J' }, { displayName: 'J' }],
    ['a name with its schema', { op: 'Add', path: `${CORE}:displayName`, value: 'J' }, { displayName: 'J' }],
    [
      'dotted names without a path',
      { op: 'Add', value: { displayName: 'J', 'name.familyName': 'S', 'name.givenName': 'G' } },
      { displayName: 'J', name: { familyName: 'S', givenName: 'G' } },
    ],
    [
      'an extension that is not kept',
      { op: 'Add', value: { displayName: 'J', [`${ENTERPRISE}:department`]: 'x' } },
      { displayName: 'J' },
    ],
    [
      'the address of work',
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'new@example.com' },
      { emails: [{ value: 'new@example.com', type: 'work', primary: true }] },
    ],
    [
      'the address of work where there is none',
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'new@example.com' },
      { emails: [{ value: 'new@example.com', type: 'work', primary: true }] },
    ],
    [
      'another address, which is not kept',
      { op: 'Add', path: 'emails[type eq "other"].value', value: 'other@example.com' },
      { emails: [{ value: JANE, type: 'work', primary: true }] },
    ],
    [
      'an address for home, which is kept beside it',
      { op: 'Add', path: 'emails', value: [{ value: 'other@example.com', type: 'home' }] },
      {
        emails: [
          { value: JANE, type: 'work', primary: true },
          { value: 'other@example.com', type: 'home', primary: false },
        ],
      },
    ],
  ])('patches by %s', async (_, operation, expected) => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { userName: 'jane' })
    const patched = await patch(tenant, id, operation)
    expect([patched.status, await patched.json()]).toMatchObject([200, expected])
    expect(await resourceOf(tenant, id)).toMatchObject(expected)
  })
})

describe('a user whose address changes', () => {
  const move = (tenant: Tenant, id: string, value: string) =>
    patch(tenant, id, { op: 'replace', path: 'emails[type eq "work"].value', value })

  it('R11, E1: has no live code any more, and no code comes to the new address or stays at the old one', async () => {
    const hook = newMailHook()
    const notify = { issued: false, voided: false }
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy, notify } })
    const id = await tenant.addUser(JANE, { userName: 'jane' })
    const shown = await tenant.newCode(JANE)
    const queued = await ask(tenant, JANE)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await move(tenant, id, 'thief@example.com')).status).toBe(200)
    expect(await handle([queued])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
    for (const email of [JANE, 'thief@example.com']) {
      expect((await tenant.validate(email, shown)).status).toBe(401)
    }
    // Somebody else at the old address has none either.
    await tenant.addUser(JANE, { userName: 'another' })
    expect((await tenant.validate(JANE, shown)).status).toBe(401)
    expect(await handle([queued])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
  })

  it('D3: is an event that says from where to where, masked', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE)
    await move(tenant, id, 'new@example.org')
    const event = await env.DB.prepare(
      "SELECT target, destination, user_id FROM admin_events WHERE tenant_id = ? AND action = 'user.address'",
    )
      .bind(tenant.id)
      .first()
    expect(event).toEqual({ target: 'j***@example.com', destination: 'n***@example.org', user_id: id })
  })

  it('G3: keeps their wrong codes, and leaves them at the old address too', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const id = await tenant.addUser(JANE, { userName: 'jane' })
    await tenant.newCode(JANE)
    for (let nth = 0; nth < 3; nth++) await tenant.validate(JANE, 'wrong')
    await move(tenant, id, 'new@example.org')
    await tenant.addUser(JANE, { userName: 'another' })
    expect(await storedCode(tenant.id, 'new@example.org')).toMatchObject({ failures: 3 })
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ failures: 3 })
  })

  it('is refused the address or the name of another, and nothing changes', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { userName: 'jane' })
    await tenant.addUser('other@example.com', { userName: 'other' })
    const code = await tenant.newCode(JANE)
    const before = await resourceOf(tenant, id)
    expect(await refusal(await move(tenant, id, 'OTHER@example.com'))).toBe('409 uniqueness')
    const renamed = await patch(tenant, id, { op: 'replace', path: 'userName', value: 'Other' })
    expect(await refusal(renamed)).toBe('409 uniqueness')
    expect(await resourceOf(tenant, id)).toEqual(before)
    expect((await tenant.validate(JANE, code)).status).toBe(200)
    expect(await actions(tenant)).not.toContain('user.address')
  })

  it('keeps a live code when only the name or the case of the address changes', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { userName: 'jane' })
    const code = await tenant.newCode(JANE)
    expect((await patch(tenant, id, { op: 'replace', path: 'userName', value: 'JaneSaoirse' })).status).toBe(
      200,
    )
    expect((await move(tenant, id, 'Jane@Example.com')).status).toBe(200)
    expect(await resourceOf(tenant, id)).toMatchObject({
      userName: 'JaneSaoirse',
      emails: [{ value: 'Jane@Example.com' }],
    })
    expect((await tenant.validate(JANE, code)).status).toBe(200)
  })
})

describe('PUT', () => {
  it('drops what it does not name, but enables nobody by silence', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { displayName: 'J', externalId: 'x', active: false })
    const response = await put(tenant, id, { schemas: [CORE], userName: JANE, emails: [{ value: JANE }] })
    const resource = await response.json<object>()
    expect([response.status, resource]).toMatchObject([200, { userName: JANE, active: false }])
    expect(Object.keys(resource)).not.toContain('displayName')
    expect(await put(tenant, id, { userName: JANE, active: true })).toMatchObject({ status: 200 })
    expect(await resourceOf(tenant, id)).toMatchObject({ active: true })
  })

  it('takes names in any case, and disables a user by "Active"', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE)
    const emails = [{ Value: 'j@example.com', Type: 'work' }]
    const body = {
      userName: JANE,
      Active: false,
      DISPLAYNAME: 'J',
      Name: { GivenName: 'Jane' },
      Emails: emails,
    }
    const response = await put(tenant, id, body)
    const expected = { active: false, displayName: 'J', name: { givenName: 'Jane' } }
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { ...expected, emails: [{ value: 'j@example.com' }] },
    ])
    const other = { op: 'replace', path: 'emails', value: [{ Value: 'k@example.com', Primary: 'True' }] }
    const patched = await patch(tenant, id, other, { op: 'replace', value: { NAME: { FamilyName: 'S' } } })
    expect([patched.status, await patched.json()]).toMatchObject([
      200,
      { emails: [{ value: 'k@example.com' }], name: { givenName: 'Jane', familyName: 'S' } },
    ])
    expect(readUser({ USERNAME: JANE, EMAILS: null })).toMatchObject({ userName: JANE, email: JANE })
  })

  it('I1: with one name in two cases is refused, since it could mean either', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE)
    const both = { userName: JANE, active: true, Active: false }
    expect(await refusal(await put(tenant, id, both))).toBe('400 invalidSyntax')
    expect(await refusal(await tenant.scim('POST', '/Users', both))).toBe('400 invalidSyntax')
    expect(await refusal(await patch(tenant, id, { op: 'replace', value: both }))).toBe('400 invalidSyntax')
    expect(await resourceOf(tenant, id)).toMatchObject({ active: true })
  })

  it('I1, I3: with a wrong body, an unknown id or prototype keys is refused or ignored', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE)
    for (const body of [{}, { userName: '' }, { userName: 'no address' }, [] as object]) {
      expect(await refusal(await put(tenant, id, body))).toBe('400 invalidValue')
    }
    expect(await refusal(await put(tenant, crypto.randomUUID(), { userName: JANE }))).toBe('404')
    const text = `{"userName": "${JANE}", "__proto__": {"active": false}}`
    const url = `https://${tenant.host}/scim/v2/Users/${id}`
    const headers = { 'Content-Type': 'application/scim+json' }
    const polluting = await call(url, {
      method: 'PUT',
      token: await tenant.token('super-admin'),
      body: text,
      headers,
    })
    expect([polluting.status, await polluting.json()]).toMatchObject([200, { active: true }])
  })
})

describe('versions', () => {
  it('stay where a change changes nothing (RFC 7644 §3.5.2.1), and there is no event', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { displayName: 'J' })
    const before = await resourceOf(tenant, id)
    const rename = { op: 'replace', path: 'displayName', value: 'J' }
    const patched = await patch(tenant, id, rename, { op: 'add', path: 'active', value: true })
    expect([patched.status, await patched.json()]).toEqual([200, before])
    const replaced = await put(tenant, id, { ...before, title: 'ignored' })
    expect([replaced.status, await replaced.json()]).toEqual([200, before])
    expect(await resourceOf(tenant, id)).toEqual(before)
    expect(await actions(tenant)).toEqual(['user.create'])
  })

  it('are told, and a change of another version is refused with 412', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE)
    const read = await scim(tenant, 'GET', `/Users/${id}`)
    const version = read.headers.get('ETag') ?? ''
    expect(version).toMatch(/^W\/"\d+"$/)
    const again = await scim(tenant, 'GET', `/Users/${id}`, undefined, { 'If-None-Match': version })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const body = { userName: JANE, displayName: 'J' }
    const changed = await put(tenant, id, body, { 'If-Match': version })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('ETag')).not.toBe(version)
    expect(await refusal(await put(tenant, id, body, { 'If-Match': version }))).toBe('412')
    expect((await put(tenant, id, { userName: JANE }, { 'If-Match': '*' })).status).toBe(200)
    const deleted = await scim(tenant, 'DELETE', `/Users/${id}`, undefined, { 'If-Match': version })
    expect(await refusal(deleted)).toBe('412')
    expect(await actions(tenant)).toEqual(['user.create', 'user.update', 'user.update'])
  })

  it('D3: a change that comes too late ends no code, and moves no wrong codes', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const id = await tenant.addUser(JANE)
    const code = await tenant.newCode(JANE)
    await tenant.validate(JANE, 'wrong')
    const scope = { db: env.DB, tenantId: tenant.id, now: Date.now(), peppers: config(env).peppers }
    const caps = { attemptsMax: 10, failuresMax: 100 }
    const actor = { accessId: 'a', sourceIp: '', requestId: 'r' }
    const moved = { from: JANE, to: 'new@example.org' }
    for (const [changes, ...rest] of [
      [{ status: 'disabled' as const }],
      [{ email: moved.to, emailKey: moved.to }, moved],
    ] as const) {
      const target = { id, version: 1 }
      expect(await updateUser({ ...scope, ...caps }, actor, target, changes, ...rest)).toEqual({
        tag: 'unknown',
      })
    }
    expect((await tenant.validate(JANE, code)).status).toBe(200)
    const kept = env.DB.prepare('SELECT count(*) AS n FROM spent_budgets WHERE tenant_id = ?').bind(tenant.id)
    expect(await kept.first('n')).toBe(0)
    expect(await actions(tenant)).toEqual(['user.create', 'generate'])
  })

  it('D1: of parallel patches without a version, none that is answered 200 is lost', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const paths = ['displayName', 'externalId', 'preferredLanguage', 'name.givenName', 'name.familyName']
    for (let round = 0; round < 3; round++) {
      const id = await tenant.addUser(`jane${round}@example.com`)
      const all = await Promise.all(paths.map((path) => patch(tenant, id, { op: 'add', path, value: 'da' })))
      const made = all.filter(({ status }) => status === 200).length
      expect(all.filter(({ status }) => status === 409)).toHaveLength(paths.length - made)
      expect(made).toBeGreaterThanOrEqual(3)
      const user = JSON.stringify(await resourceOf(tenant, id))
      expect(user.split('"da"')).toHaveLength(made + 1)
    }
  })

  it('of parallel changes of one version exactly one is made', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const id = await tenant.addUser(JANE)
    const version = (await scim(tenant, 'GET', `/Users/${id}`)).headers.get('ETag') ?? ''
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, nth) =>
        put(tenant, id, { userName: JANE, displayName: `J${nth}` }, { 'If-Match': version }),
      ),
    )
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 412),
    ])
  })
})

describe('what may be found out', () => {
  it('is what is there', async () => {
    const tenant = await newTenant()
    const get = async (path: string) => (await scim(tenant, 'GET', path)).json()
    expect(await get('/ServiceProviderConfig')).toMatchObject({
      patch: { supported: true },
      etag: { supported: true },
      filter: { supported: true, maxResults: 100 },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 1_048_576 },
      sort: { supported: true },
      pagination: { cursor: true, index: true, maxPageSize: 100, cursorTimeout: 3600 },
    })
    expect(await get('/ResourceTypes')).toMatchObject({
      totalResults: 1,
      Resources: [{ endpoint: '/Users' }],
    })
    expect(await get('/ResourceTypes/User')).toMatchObject({ schema: CORE })
    expect(await get(`/Schemas/${CORE}`)).toMatchObject({ id: CORE, name: 'User' })
    expect(await get('/Schemas')).toMatchObject({ Resources: [{ id: CORE }] })
    for (const path of ['/ResourceTypes/Group', '/Schemas/x']) {
      expect(await refusal(await scim(tenant, 'GET', path))).toBe('404')
    }
  })

  it.each(['/Schemas', '/ResourceTypes'])(
    'is not filtered: 403 for a filter of %s (RFC 7644 §4)',
    async (path) => {
      const tenant = await newTenant()
      expect(await refusal(await tenant.scim('GET', `${path}?filter=id%20eq%20%22User%22`))).toBe('403')
      expect((await tenant.scim('GET', `${path}?count=1&startIndex=9`)).status).toBe(200)
    },
  )

  it('names every attribute that a user has', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, {
      displayName: 'J',
      externalId: 'x',
      preferredLanguage: 'en',
      name: { formatted: 'J S', givenName: 'J', familyName: 'S' },
      phoneNumbers: [{ value: '1', type: 'mobile' }],
    })
    type Schema = { attributes: { name: string; subAttributes?: { name: string }[] }[] }
    const { attributes } = await (await scim(tenant, 'GET', `/Schemas/${CORE}`)).json<Schema>()
    const {
      schemas: _,
      id: __,
      meta: ___,
      ...kept
    } = (await resourceOf(tenant, id)) as unknown as Record<string, unknown> & {
      schemas: unknown
      id: unknown
      meta: unknown
    }
    expect(attributes.map(({ name }) => name).toSorted()).toEqual(Object.keys(kept).toSorted())
  })
})

describe('an answer', () => {
  it('has the attributes that are asked for', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { displayName: 'J' })
    const keysOf = async (query: string) =>
      Object.keys(await (await scim(tenant, 'GET', `/Users/${id}?${query}`)).json<object>()).toSorted()
    expect(await keysOf('attributes=userName,name.familyName')).toEqual(['id', 'schemas', 'userName'])
    expect(await keysOf('excludedAttributes=meta,EMAILS')).not.toContain('emails')
    const read = async (query: string) => (await scim(tenant, 'GET', `/Users/${id}?${query}`)).json()
    const name = { givenName: 'Jane', familyName: 'S' }
    await patch(tenant, id, { op: 'add', path: 'name', value: name })
    expect(await read(`attributes=${CORE}:name.familyName,emails.value`)).toEqual({
      schemas: [CORE],
      id,
      name: { familyName: 'S' },
      emails: [{ value: JANE }],
    })
    expect(await read('excludedAttributes=NAME.FAMILYNAME,emails[type eq "work"].type,meta')).toMatchObject({
      name: { givenName: 'Jane' },
      emails: [{ value: JANE, primary: true }],
    })
    expect(JSON.stringify(await read('excludedAttributes=name.familyName,emails.type'))).not.toMatch(
      /"S"|"work"/,
    )
    const [found] = (await page(tenant, { attributes: 'displayName' })).Resources
    expect(Object.keys(found ?? {}).toSorted()).toEqual(['displayName', 'id', 'schemas'])
  })

  it.each([
    ['POST', '/Users', { userName: 'new@example.com' }],
    ['PUT', '/Users/{id}', { userName: JANE, displayName: 'K' }],
    ['PATCH', '/Users/{id}', { schemas: [PATCH_OP], Operations: [{ op: 'remove', path: 'displayName' }] }],
  ])('to %s has them too, and the version (RFC 7644 §3.9)', async (method, path, body) => {
    const tenant = await newTenant()
    const id = await tenant.addUser(JANE, { displayName: 'J' })
    const url = `${path.replace('{id}', id)}?attributes=userName`
    const response = await scim(tenant, method, url, body)
    expect(response.headers.get('ETag')).toMatch(/^W\/"\d+"$/)
    expect(Object.keys(await response.json<object>()).toSorted()).toEqual(['id', 'schemas', 'userName'])
  })
})

describe('POST /Users/.search', () => {
  const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

  it('finds what GET finds', async () => {
    const tenant = await newTenant({ users: 3 })
    const found = await scim(tenant, 'POST', '/Users/.search', {
      schemas: [SEARCH],
      filter: 'emails.value eq "user2@example.com"',
      attributes: ['userName'],
      startIndex: 1,
      count: 10,
    })
    expect([found.status, await found.json()]).toMatchObject([200, { totalResults: 1, itemsPerPage: 1 }])
    const all = await scim(tenant, 'POST', '/Users/.search', { schemas: [SEARCH], count: 2 })
    expect(await all.json()).toMatchObject({ totalResults: 3, itemsPerPage: 2 })
  })

  it.each([[{}], [{ schemas: [PATCH_OP] }], [[]], [{ schemas: [SEARCH], filter: { a: 1 } }]])(
    'I1: %j is refused',
    async (body) => {
      const tenant = await newTenant()
      expect(await refusal(await scim(tenant, 'POST', '/Users/.search', body))).toMatch(/^400 invalid/)
    },
  )
})

describe('a search by what an identity provider calls its users', () => {
  it('E3: uses an index, and finds nobody of another tenant', async () => {
    const plan = await env.DB.prepare(
      "EXPLAIN QUERY PLAN SELECT id FROM users WHERE tenant_id = 'x' AND attributes ->> 'externalId' = 'y' LIMIT 100",
    ).all<{ detail: string }>()
    expect(plan.results.map(({ detail }) => detail).join()).toMatch(/USING INDEX users_by_external_id/)
    const [tenant, other] = [await newTenant(), await newTenant()]
    await other.addUser(JANE, { externalId: '7' })
    expect(await page(tenant, { filter: 'externalId eq "7"' })).toMatchObject({ totalResults: 0 })
  })

  it('a SCIM token does all of it', async () => {
    const tenant = await newTenant()
    const added = await operate('POST', `/tenants/${tenant.id}/scim-tokens`, { description: 'Okta' })
    const { token } = await added.json<{ token: string }>()
    const url = `https://${tenant.host}/scim/v2/Users`
    const created = await call(url, { token, body: { userName: JANE, externalId: '7' } })
    expect(created.status).toBe(201)
    const { id } = await created.json<{ id: string }>()
    expect((await call(`${url}/${id}`, { method: 'DELETE', token })).status).toBe(204)
  })
})
