import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  actions,
  page,
  patch,
  PATCH_OP,
  refusal,
  resourceOf,
  type Page,
  type Resource,
} from '../../rig/scim.ts'
import { BASE_URL, call, newTenant, type Tenant } from '../../rig/service.ts'

describe('a user', () => {
  it('is created, shown, and deleted', async () => {
    const tenant = await newTenant()
    const created = await tenant.scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'JaneSaoirse',
      externalId: '701984',
      name: { givenName: 'Jane', familyName: 'Saoirse', honorificPrefix: 'Dr' },
      displayName: 'Jane Saoirse',
      preferredLanguage: 'ja',
      emails: [
        { value: 'other@example.com' },
        { value: ' Jane.Saoirse@Example.com ', primary: true, type: 'work' },
      ],
      title: 'ignored',
    })
    expect(created.status).toBe(201)
    const resource = await created.json<Resource>()
    const location = `${BASE_URL}/scim/v2/Users/${resource.id}`
    expect(created.headers.get('Location')).toBe(location)
    expect(resource).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      userName: 'JaneSaoirse',
      externalId: '701984',
      name: { givenName: 'Jane', familyName: 'Saoirse' },
      displayName: 'Jane Saoirse',
      preferredLanguage: 'ja',
      emails: [{ value: 'Jane.Saoirse@Example.com', type: 'work', primary: true }],
      active: true,
      meta: {
        resourceType: 'User',
        created: expect.any(String),
        lastModified: expect.any(String),
        location,
        version: created.headers.get('ETag'),
      },
    })
    expect(await resourceOf(tenant, resource.id)).toEqual(resource)
    const deleted = await tenant.scim('DELETE', `/Users/${resource.id}`)
    expect([deleted.status, await deleted.text()]).toEqual([204, ''])
    expect(await refusal(await tenant.scim('GET', `/Users/${resource.id}`))).toBe('404')
    expect(await refusal(await tenant.scim('DELETE', `/Users/${resource.id}`))).toBe('404')
    expect(await actions(tenant)).toEqual(['user.create', 'user.delete'])
  })

  it('has its user name for an address where it has no other', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', { emails: undefined })
    expect((await resourceOf(tenant, id)).emails).toEqual([
      { value: 'jane@example.com', type: 'work', primary: true },
    ])
    expect(await tenant.newCode('JANE@example.com')).toHaveLength(8)
  })

  it('E1: is unique by user name and by address, in any case of ASCII letters', async () => {
    const tenant = await newTenant()
    await tenant.addUser('jane@example.com', { userName: 'Jane' })
    const post = (userName: string, email: string) =>
      tenant.scim('POST', '/Users', { userName, emails: [{ value: email }] })
    expect(await refusal(await post('jANE', 'other@example.com'))).toBe('409 uniqueness')
    expect(await refusal(await post('other', 'JANE@Example.COM'))).toBe('409 uniqueness')
    expect((await post('other', 'other@example.com')).status).toBe(201)
    const both = await Promise.all(Array.from({ length: 10 }, () => post('twin', 'twin@example.com')))
    expect(both.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(both.filter(({ status }) => status === 409)).toHaveLength(9)
    expect((await page(tenant)).totalResults).toBe(3)
    expect(await actions(tenant)).toHaveLength(3)
  })

  it.each<[string, object]>([
    ['no user name', { emails: [{ value: 'a@example.com' }] }],
    ['an empty user name', { userName: '', emails: [{ value: 'a@example.com' }] }],
    ['a long user name', { userName: 'x'.repeat(256), emails: [{ value: 'a@example.com' }] }],
    ['a user name that is no string', { userName: ['a@example.com'] }],
    ['no address', { userName: 'jane' }],
    ['a bad address', { userName: 'jane', emails: [{ value: 'a,b@example.com' }] }],
    ['a list for an address', { userName: 'jane', emails: [{ value: ['a@example.com'] }] }],
    ['addresses that are no list', { userName: 'jane', emails: 'a@example.com' }],
    ['an address without a value', { userName: 'jane@example.com', emails: [{}] }],
    [
      'a primary that is no boolean',
      { userName: 'jane', emails: [{ value: 'a@example.com', primary: 'yes' }] },
    ],
    ['an active that is no boolean', { userName: 'a@example.com', active: 'no' }],
    ['a name that is no object', { userName: 'a@example.com', name: 'Jane' }],
    ['a long display name', { userName: 'a@example.com', displayName: 'x'.repeat(256) }],
    [
      'a header in the address',
      { userName: 'jane', emails: [{ value: 'a@example.com\r\nBcc: b@example.com' }] },
    ],
  ])('I1: with %s is refused with 400 invalidValue', async (_, user) => {
    const tenant = await newTenant()
    expect(await refusal(await tenant.scim('POST', '/Users', user))).toBe('400 invalidValue')
    expect((await page(tenant)).totalResults).toBe(0)
  })
})

describe('the text of an attribute', () => {
  const userWith = (attribute: string, value: string) => {
    const user = { userName: 'jane', emails: [{ value: 'jane@example.com' }] }
    if (attribute.startsWith('name.')) return { ...user, name: { [attribute.slice(5)]: value } }
    return { ...user, [attribute]: value }
  }

  /** The detail of a refusal. */
  async function detailOf(response: Response): Promise<string> {
    expect(await refusal(response.clone())).toBe('400 invalidValue')
    return (await response.json<{ detail: string }>()).detail
  }

  it('I1: holds no control character, and the refusal names the attribute', async () => {
    const tenant = await newTenant()
    for (const attribute of [
      'userName',
      'externalId',
      'displayName',
      'preferredLanguage',
      'name.formatted',
      'name.givenName',
      'name.familyName',
    ]) {
      for (const control of ['\u0000', '\t', '\n', '\r\n', '\u001b', '\u007f', '\u0085']) {
        const response = await tenant.scim('POST', '/Users', userWith(attribute, `a${control}b`))
        expect(await detailOf(response)).toBe(`${attribute} must hold no control characters.`)
      }
    }
    expect((await page(tenant)).totalResults).toBe(0)
    const emails = [{ value: 'jane\u0000@example.com' }]
    const response = await tenant.scim('POST', '/Users', { userName: 'jane', emails })
    expect(await detailOf(response)).toBe('emails.0.value must hold no control characters.')
  })

  it('I1: holds no half of a character, lest two users have a name that is kept as one', async () => {
    const tenant = await newTenant()
    for (const attribute of ['userName', 'displayName', 'name.givenName']) {
      const response = await tenant.scim('POST', '/Users', userWith(attribute, 'a\ud800'))
      expect(await detailOf(response)).toBe(`${attribute} must be Unicode text.`)
    }
    expect((await tenant.scim('POST', '/Users', userWith('displayName', '\ud83d\ude00'))).status).toBe(201)
  })

  it.each([
    'en',
    'de',
    'en-US',
    'en-us',
    'zh-Hant-TW',
    'es-419',
    'de-CH-1996',
    'en_US',
    'pt_BR',
    'da, en-gb;q=0.8, en;q=0.7',
    'en-US,en;q=0.5,*;q=0.1',
    '*',
    '',
  ])('is a language as clients write it: %j, and is shown as it was sent', async (preferredLanguage) => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', { preferredLanguage })
    expect(await resourceOf(tenant, id)).toMatchObject({ preferredLanguage })
  })

  it.each([
    'Deutsch!',
    'german language',
    'en-',
    '-en',
    'en--US',
    'englischer',
    'en-USUSUSUSU',
    '1n',
    'en;q=2',
    'en;q=0.1234',
    'en;x=1',
    'en,',
    ', en',
    '日本語',
    '<b>',
    'en/US',
  ])('I1: is no language: %j', async (preferredLanguage) => {
    const tenant = await newTenant()
    const user = { userName: 'jane@example.com', preferredLanguage }
    const sentence = 'preferredLanguage must be a language tag such as en or en-US.'
    expect(await detailOf(await tenant.scim('POST', '/Users', user))).toBe(sentence)
    const id = await tenant.addUser('jane@example.com')
    const change = { op: 'replace', path: 'preferredLanguage', value: preferredLanguage }
    expect(await detailOf(await patch(tenant, id, change))).toBe(sentence)
  })

  it('that was stored before it was refused keeps no user from being disabled', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', { userName: 'jane' })
    const attributes = JSON.stringify({ preferredLanguage: 'Deutsch!', displayName: 'Ja\u0000ne' })
    await env.DB.prepare('UPDATE users SET user_name = ?, attributes = ? WHERE id = ?')
      .bind('ja\tne', attributes, id)
      .run()
    const disabled = await patch(tenant, id, { op: 'replace', path: 'active', value: false })
    expect(disabled.status).toBe(200)
    expect(await disabled.json()).toMatchObject({ active: false, preferredLanguage: 'Deutsch!' })
    const worse = { op: 'replace', path: 'preferredLanguage', value: 'Deutsch?' }
    expect(await detailOf(await patch(tenant, id, worse))).toMatch(/^preferredLanguage /)
    const better = { op: 'replace', path: 'preferredLanguage', value: 'de' }
    expect((await patch(tenant, id, better)).status).toBe(200)
  })
})

describe('a search', () => {
  it('finds a user by user name and by address, in any case', async () => {
    const tenant = await newTenant({ users: 2 })
    const id = await tenant.addUser('jane@example.com', { userName: 'JaneSaoirse' })
    for (const filter of [
      'userName eq "JaneSaoirse"',
      'USERNAME EQ "janesaoirse"',
      'emails.value eq "JANE@example.com"',
      'emails eq "jane@example.com"',
      'emails[value eq "jane@example.com"]',
    ]) {
      expect(
        (await page(tenant, { filter })).Resources.map((user) => user.id),
        filter,
      ).toEqual([id])
    }
    for (const filter of [
      'userName eq "jane"',
      'userName eq ""',
      'emails.value eq "x"',
      'emails.value eq "\u212Aane@example.com"',
      `userName eq "' OR 1=1 --"`,
      'userName eq "%"',
    ]) {
      expect(await page(tenant, { filter }), filter).toMatchObject({
        totalResults: 0,
        itemsPerPage: 0,
        Resources: [],
      })
    }
  })

  it.each([
    'x',
    'userName',
    'userName eq',
    'userName eq jane',
    'userName eq 7',
    'userName eq "x" garbage',
    'userName eq "x" userName eq "y"',
    'userName eq "x" "y"',
    'userName eq "x")',
    '__proto__ eq "x"',
    '',
    '('.repeat(900),
    `userName eq "${'x'.repeat(2100)}"`,
  ])('I1: with the filter %s is refused with 400 invalidFilter', async (filter) => {
    const tenant = await newTenant()
    const query = String(new URLSearchParams({ filter }))
    expect(await refusal(await tenant.scim('GET', `/Users?${query}`))).toBe('400 invalidFilter')
  })

  it('answers in pages, counted from 1', async () => {
    const tenant = await newTenant({ users: 5 })
    const emails = ({ Resources }: Page) => Resources.map(({ emails: [email] }) => email?.value)
    const all = await page(tenant)
    expect(all).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 5,
      startIndex: 1,
      itemsPerPage: 5,
    })
    expect(new Set(emails(all))).toEqual(new Set(tenant.emails))
    const second = await page(tenant, { startIndex: '3', count: '2' })
    expect(second).toMatchObject({ totalResults: 5, startIndex: 3, itemsPerPage: 2 })
    expect(emails(second)).toEqual(emails(all).slice(2, 4))
    expect(await page(tenant, { startIndex: '6' })).toMatchObject({ totalResults: 5, itemsPerPage: 0 })
    // RFC 7644 §3.4.2.4: under 1 is 1 for the index, and under 0 is 0 for the count.
    expect(await page(tenant, { startIndex: '-3', count: '1' })).toMatchObject({
      startIndex: 1,
      itemsPerPage: 1,
    })
    expect(await page(tenant, { count: '-1' })).toMatchObject({
      totalResults: 5,
      itemsPerPage: 0,
      Resources: [],
    })
    expect(await page(tenant, { count: '999999999' })).toMatchObject({ itemsPerPage: 5 })
    for (const query of [
      'startIndex=x',
      'count=1.5',
      'count=',
      'startIndex=1e3',
      'count=99999999999999999999',
    ]) {
      expect(await refusal(await tenant.scim('GET', `/Users?${query}`))).toBe('400 invalidValue')
    }
  })
})

describe('what known clients ask for', () => {
  it('Okta: two users from the first, and one user by name in pages of 100', async () => {
    const tenant = await newTenant({ users: 3 })
    expect(await page(tenant, { startIndex: '1', count: '2' })).toMatchObject({
      totalResults: 3,
      startIndex: 1,
      itemsPerPage: 2,
      Resources: [{ userName: expect.any(String) }, { userName: expect.any(String) }],
    })
    const byName = { filter: 'userName eq "user2@example.com"', startIndex: '1', count: '100' }
    expect(await page(tenant, byName)).toMatchObject({
      totalResults: 1,
      startIndex: 1,
      itemsPerPage: 1,
      Resources: [{ userName: 'user2@example.com' }],
    })
    expect(await page(tenant, { ...byName, startIndex: '2' })).toMatchObject({
      totalResults: 1,
      Resources: [],
    })
    expect(await page(tenant, { ...byName, count: '0' })).toMatchObject({ totalResults: 1, Resources: [] })
  })

  it('Entra ID: whether a user is there who is not, without a page', async () => {
    const tenant = await newTenant({ users: 1 })
    const filter = 'userName eq "18b9f3a4-4b0e-4d7e-a0a6-6f6f0d3f0a51"'
    expect(await page(tenant, { filter })).toMatchObject({
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    })
  })
})

describe('a search of more users than a page holds', () => {
  it.each(['count=1000', 'count=101', ''])(
    'I1: answers with 100 of them and says how many there are: %s',
    async (query) => {
      const tenant = await newTenant()
      await env.DB.prepare(
        `INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at)
       SELECT ?1 || value, ?1, value || '@example.com', value || '@example.com', value, value, 'enabled', '{}', 0, 0
       FROM json_each(?2)`,
      )
        .bind(tenant.id, JSON.stringify(Array.from({ length: 101 }, (_, index) => `user${index}`)))
        .run()
      const answer = await (await tenant.scim('GET', `/Users?${query}`)).json<Page>()
      expect(answer).toMatchObject({ totalResults: 101, itemsPerPage: 100 })
      expect(answer.Resources).toHaveLength(100)
    },
  )
})

describe('a user who is disabled or deleted', () => {
  const activity = (tenant: Tenant, id: string, value: boolean) =>
    patch(tenant, id, { op: 'replace', path: 'active', value })

  const idOf = async (tenant: Tenant, email: string) => {
    const { Resources } = await page(tenant, { filter: `emails.value eq "${email}"` })
    return Resources[0]?.id ?? ''
  }

  it('N1: is 1002 for administrators, and like anyone unknown for a code', async () => {
    const tenant = await newTenant({ users: 3 })
    const [enabled = '', disabled = '', deleted = ''] = tenant.emails
    const codes = (await tenant.generate(tenant.emails)).map(({ verify_code: code = '' }) => code)
    await activity(tenant, await idOf(tenant, disabled), false)
    await tenant.scim('DELETE', `/Users/${await idOf(tenant, deleted)}`)

    const gone = [
      { status: 1002, errorMessage: 'User is disabled.' },
      { status: 1002, errorMessage: 'User not found.' },
    ]
    expect(await tenant.generate([disabled, deleted])).toMatchObject(gone)
    expect(await tenant.void([disabled, deleted])).toMatchObject(gone)
    expect((await tenant.validate(enabled, codes[0] ?? '')).status).toBe(200)
    const answer = async (email: string, code = '') => {
      const response = await tenant.validate(email, code)
      return { status: response.status, body: await response.text() }
    }
    const unknown = await answer('nobody@example.com', codes[1])
    expect(unknown.status).toBe(401)
    expect(await answer(disabled, codes[1])).toEqual(unknown)
    expect(await answer(deleted, codes[2])).toEqual(unknown)
  })

  it('R2: has no code when enabled or created again', async () => {
    const tenant = await newTenant({ users: 2 })
    const [one = '', two = ''] = tenant.emails
    const codes = (await tenant.generate(tenant.emails)).map(({ verify_code: code = '' }) => code)
    const [first, second] = [await idOf(tenant, one), await idOf(tenant, two)]
    await activity(tenant, first, false)
    await activity(tenant, first, true)
    await tenant.scim('DELETE', `/Users/${second}`)
    const rows = env.DB.prepare('SELECT count(*) AS codes FROM reset_codes WHERE user_id = ?').bind(second)
    expect(await rows.first('codes')).toBe(0)
    await tenant.addUser(two)
    expect((await tenant.validate(one, codes[0] ?? '')).status).toBe(401)
    expect((await tenant.validate(two, codes[1] ?? '')).status).toBe(401)
    expect((await tenant.validate(one, await tenant.newCode(one))).status).toBe(200)
    expect((await tenant.validate(two, await tenant.newCode(two))).status).toBe(200)
  })

  it('E3: of another tenant is nobody: 404 for every id, and nothing found', async () => {
    const [tenant, other] = [await newTenant({ users: 1 }), await newTenant({ users: 1 })]
    const code = await other.newCode('user1@example.com')
    const { id = '' } = (await page(other)).Resources[0] ?? {}
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'active', value: false }] }],
      ['DELETE', undefined],
    ] as const) {
      expect(await refusal(await tenant.scim(method, `/Users/${id}`, body))).toBe('404')
      // Not by the host of the other tenant either: the token alone says whose users these are.
      const url = `https://${other.host}/scim/v2/Users/${id}`
      expect((await call(url, { method, token: await tenant.token('super-admin'), body })).status).toBe(404)
    }
    expect((await page(tenant)).Resources.map((user) => user.id)).not.toContain(id)
    expect((await page(tenant)).totalResults).toBe(1)
    expect((await other.validate('user1@example.com', code)).status).toBe(200)
    expect(await actions(other)).toEqual(['user.create', 'generate'])
  })
})
