import { describe, expect, it } from 'vitest'
import { actions, patch, PATCH_OP, refusal, resourceOf } from '../../rig/scim.ts'
import { newTenant } from '../../rig/service.ts'

describe('a patch', () => {
  it.each<[string, object]>([
    ['a path', { op: 'replace', path: 'active', value: false }],
    ['a capital letter and no path', { op: 'Replace', value: { active: false } }],
    ['the text "False"', { op: 'Replace', path: 'active', value: 'False' }],
    ['the text "false" and no path', { op: 'replace', value: { active: 'false' } }],
    ['op add', { op: 'Add', path: 'active', value: false }],
    [
      'the schema in its path',
      { op: 'replace', path: 'urn:ietf:params:scim:schemas:core:2.0:User:active', value: false },
    ],
    [
      'attributes that are not taken',
      { op: 'replace', value: { active: false, title: 'Dr', id: 'x', 'urn:x:y': { z: 1 } } },
    ],
  ])('disables and enables a user with %s', async (_, operation) => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com')
    const response = await patch(tenant, id, operation)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ id, active: false })
    expect(await resourceOf(tenant, id)).toMatchObject({ active: false, userName: 'jane@example.com' })
    expect((await patch(tenant, id, { op: 'replace', path: 'active', value: 'True' })).status).toBe(200)
    expect(await resourceOf(tenant, id)).toMatchObject({ active: true })
    expect(await actions(tenant)).toEqual(['user.create', 'user.disable', 'user.enable'])
  })

  it('changes and removes attributes, and several at once', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', { displayName: 'Jane', name: { givenName: 'Jane' } })
    const code = await tenant.newCode('jane@example.com')
    const response = await patch(
      tenant,
      id,
      { op: 'replace', path: 'name.familyName', value: 'Saoirse' },
      { op: 'add', value: { preferredLanguage: 'de', 'name.formatted': 'Jane Saoirse', nickName: 'J' } },
      { op: 'remove', path: 'displayName' },
      { op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '1' },
    )
    const patched = await response.json<Record<string, unknown>>()
    expect(patched).toMatchObject({
      preferredLanguage: 'de',
      name: { givenName: 'Jane', familyName: 'Saoirse', formatted: 'Jane Saoirse' },
    })
    expect(Object.keys(patched)).not.toContain('displayName')
    expect(await resourceOf(tenant, id)).toEqual(patched)
    expect((await tenant.validate('jane@example.com', code)).status).toBe(200)
  })

  it.each<[string, unknown]>([
    ['no schema', { Operations: [{ op: 'replace', path: 'active', value: false }] }],
    ['another schema', { schemas: ['x'], Operations: [{ op: 'replace', path: 'active', value: false }] }],
    ['no operation', { schemas: [PATCH_OP], Operations: [] }],
    ['operations that are no list', { schemas: [PATCH_OP], Operations: { op: 'replace' } }],
    ['an operation that is null', { schemas: [PATCH_OP], Operations: [null] }],
    [
      'an op that is none',
      { schemas: [PATCH_OP], Operations: [{ op: 'move', path: 'active', value: false }] },
    ],
    [
      'a path that is no string',
      { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: ['active'], value: false }] },
    ],
    [
      'a good operation before a bad one',
      { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'active', value: false }, { op: 'x' }] },
    ],
    ['a list', []],
  ])('I1: with %s is refused with 400 invalidSyntax, and nothing changes', async (_, body) => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com')
    expect(await refusal(await tenant.scim('PATCH', `/Users/${id}`, body))).toBe('400 invalidSyntax')
    expect(await resourceOf(tenant, id)).toMatchObject({ active: true })
    expect(await actions(tenant)).toEqual(['user.create'])
  })
})

describe('a patch as RFC 7644 §3.5.2 has it', () => {
  const user = {
    userName: 'jane',
    emails: [{ value: 'Jane@example.com' }],
    externalId: '7',
    displayName: 'Jane',
    preferredLanguage: 'en',
    name: { givenName: 'Jane', familyName: 'Doe', formatted: 'Jane Doe' },
  }
  const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
  const mail = (value: string) => ({ emails: [{ value, type: 'work', primary: true }] })
  const both = (home: string) => ({
    emails: [...mail('Jane@example.com').emails, { value: home, type: 'home', primary: false }],
  })

  it.each<[object, object]>([
    [{ op: 'add', path: 'externalId', value: '8' }, { externalId: '8' }],
    [{ op: 'replace', path: 'NAME.givenname', value: 'J' }, { name: { ...user.name, givenName: 'J' } }],
    [{ op: 'add', path: 'name', value: { GivenName: 'J' } }, { name: { ...user.name, givenName: 'J' } }],
    [{ op: 'replace', path: 'name', value: { givenName: 'J' } }, { name: { ...user.name, givenName: 'J' } }],
    [{ op: 'replace', value: { name: { familyName: 'D' } } }, { name: { ...user.name, familyName: 'D' } }],
    [{ op: 'remove', path: 'name.formatted' }, { name: { givenName: 'Jane', familyName: 'Doe' } }],
    [{ op: 'remove', path: 'name' }, { name: undefined }],
    [{ op: 'remove', path: `${CORE}:displayName` }, { displayName: undefined }],
    [{ op: 'replace', path: 'displayName', value: null }, { displayName: undefined }],
    [{ op: 'remove', path: 'preferredLanguage' }, { preferredLanguage: undefined }],
    [{ op: 'replace', path: 'emails', value: [{ value: 'n@example.com' }] }, mail('n@example.com')],
    [{ op: 'replace', path: 'emails.value', value: 'n@example.com' }, mail('n@example.com')],
    [{ op: 'add', path: 'emails', value: { value: 'n@example.com', primary: true } }, mail('n@example.com')],
    [{ op: 'add', path: 'emails', value: [{ value: 'n@example.com' }] }, mail('Jane@example.com')],
    [
      {
        op: 'replace',
        path: 'emails[type eq "work" and value ew "@EXAMPLE.com"].value',
        value: 'n@example.com',
      },
      mail('n@example.com'),
    ],
    [
      {
        op: 'replace',
        path: 'emails[not (value eq "x@example.com") or primary eq false]',
        value: { value: 'n@example.com' },
      },
      mail('n@example.com'),
    ],
    [
      { op: 'Replace', path: 'EMAILS[PRIMARY eq "True"].VALUE', value: 'n@example.com' },
      mail('n@example.com'),
    ],
    [{ op: 'remove', path: 'emails[value eq "other@example.com"]' }, mail('Jane@example.com')],
    [{ op: 'remove', path: 'emails[type eq "home"].value' }, mail('Jane@example.com')],
    [{ op: 'add', path: 'emails[type eq "home"].value', value: 'n@example.com' }, both('n@example.com')],
    // As Entra does, also where there was none.
    [{ op: 'Replace', path: 'emails[type eq "home"].value', value: 'n@example.com' }, both('n@example.com')],
    [{ op: 'add', path: 'emails', value: [{ value: 'n@example.com', type: 'home' }] }, both('n@example.com')],
    [
      {
        op: 'replace',
        path: 'emails',
        value: [
          { value: 'n@example.com', type: 'Home' },
          { value: 'Jane@example.com', type: 'work' },
        ],
      },
      both('n@example.com'),
    ],
    [
      { op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 170 1' },
      { phoneNumbers: [{ value: '+49 170 1', type: 'mobile' }] },
    ],
    [
      {
        op: 'add',
        path: 'phoneNumbers',
        value: [
          { value: '1', type: 'work' },
          { value: '2', type: 'mobile' },
        ],
      },
      { phoneNumbers: [{ value: '2', type: 'mobile' }] },
    ],
    [{ op: 'replace', path: 'emails[type eq "work"].type', value: 'work' }, mail('Jane@example.com')],
    [{ op: 'replace', path: 'emails[type eq "work"].display', value: 'x' }, mail('Jane@example.com')],
    [{ op: 'replace', path: 'name.honorificPrefix', value: 'Dr' }, { name: user.name }],
    [{ op: 'replace', path: 'addresses[type eq "work"].locality', value: 'x' }, { displayName: 'Jane' }],
  ])('%j', async (operation, expected) => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', user)
    const response = await patch(tenant, id, operation)
    expect(response.status).toBe(200)
    const patched = await response.json<Record<string, unknown>>()
    for (const [name, value] of Object.entries(expected)) expect(patched[name]).toEqual(value)
    expect(await resourceOf(tenant, id)).toEqual(patched)
  })

  it.each<[string, object]>([
    ['noTarget', { op: 'remove' }],
    ['noTarget', { op: 'replace', path: 'emails[type eq "other"].value', value: 'n@example.com' }],
    [
      'noTarget',
      { op: 'replace', path: 'emails[value eq "n@example.com"]', value: { value: 'n@example.com' } },
    ],
    ['mutability', { op: 'replace', path: 'id', value: 'x' }],
    ['mutability', { op: 'remove', path: 'meta.created' }],
    ['mutability', { op: 'remove', path: 'userName' }],
    ['mutability', { op: 'replace', path: 'userName', value: null }],
    ['mutability', { op: 'replace', path: 'emails[type eq "work"].type', value: 'home' }],
    ['invalidPath', { op: 'replace', path: 'userName[', value: 'x' }],
    ['invalidPath', { op: 'replace', path: 'name..givenName', value: 'x' }],
    ['invalidPath', { op: 'replace', path: 'user name', value: 'x' }],
    ['invalidPath', { op: 'replace', path: 'userName.first', value: 'x' }],
    ['invalidPath', { op: 'replace', path: 'displayName[value eq "x"]', value: 'x' }],
    ['invalidPath', { op: 'replace', path: 'name[givenName eq "Jane"]', value: { givenName: 'x' } }],
    ['invalidFilter', { op: 'replace', path: 'emails[type is "work"].value', value: 'n@example.com' }],
    ['invalidPath', { op: 'remove', path: 'emails[value pr] and name[givenName eq "x"]' }],
    ['invalidFilter', { op: 'remove', path: 'emails[]' }],
    ['invalidFilter', { op: 'remove', path: 'emails[value eq "x]" and]' }],
    ['invalidFilter', { op: 'remove', path: 'emails[display eq "x"]' }],
    ['invalidPath', { op: 'remove', path: 'emails[type eq "work"] or emails[primary eq true]' }],
    ['invalidValue', { op: 'add', path: 'displayName' }],
    ['invalidValue', { op: 'replace', path: 'displayName', value: { a: 1 } }],
    ['invalidValue', { op: 'replace', path: 'name', value: 'Jane' }],
    ['invalidValue', { op: 'replace', path: 'name.givenName', value: 7 }],
    ['invalidValue', { op: 'add', path: 'emails', value: ['n@example.com'] }],
    ['invalidValue', { op: 'replace', path: 'emails[type eq "work"].value', value: 'no address' }],
    ['invalidValue', { op: 'remove', path: 'emails[type eq "work"]' }],
  ])('I1: %s: %j changes nothing, nor does what stands before it', async (scimType, operation) => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', user)
    const before = await resourceOf(tenant, id)
    const all = [{ op: 'replace', path: 'active', value: false }, operation]
    expect(await refusal(await patch(tenant, id, ...all))).toBe(`400 ${scimType}`)
    expect(await resourceOf(tenant, id)).toEqual(before)
    expect(await actions(tenant)).toEqual(['user.create'])
  })

  it('applies one operation upon the other, and writes once', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', user)
    const response = await patch(
      tenant,
      id,
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'one@example.com' },
      { op: 'replace', path: 'emails[value eq "ONE@example.com"].value', value: 'two@example.com' },
      { op: 'add', path: 'name.givenName', value: 'J' },
      { op: 'remove', path: 'name.givenName' },
    )
    expect(response.status).toBe(200)
    expect(await resourceOf(tenant, id)).toMatchObject({
      ...mail('two@example.com'),
      name: { familyName: 'Doe' },
    })
    expect(await actions(tenant)).toEqual(['user.create', 'user.address'])
  })

  it('reaches no prototype', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', user)
    for (const path of ['__proto__.polluted', 'constructor.prototype', '__proto__', 'name.__proto__']) {
      await patch(tenant, id, { op: 'add', path, value: { polluted: true } })
    }
    const value = JSON.parse(
      '{"__proto__": {"polluted": true}, "name": {"__proto__": {"polluted": true}}}',
    ) as object
    await patch(tenant, id, { op: 'add', value })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(await resourceOf(tenant, id)).toMatchObject({ userName: 'jane', name: user.name })
  })
})

describe('a patch of a disabled user', () => {
  it('E1: of something else leaves them disabled, also while they are being disabled', async () => {
    const tenant = await newTenant()
    const rename = { op: 'replace', path: 'displayName', value: 'Jane' }
    for (let round = 0; round < 10; round += 1) {
      const id = await tenant.addUser(`jane${round}@example.com`)
      const disable = patch(tenant, id, { op: 'replace', path: 'active', value: false })
      await Promise.all([patch(tenant, id, rename), disable, patch(tenant, id, rename)])
      expect(await resourceOf(tenant, id)).toMatchObject({ active: false, displayName: 'Jane' })
    }
  })

  it('is recorded as what it is', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', { active: false })
    await patch(tenant, id, { op: 'replace', path: 'displayName', value: 'Jane' })
    expect(await actions(tenant)).toEqual(['user.create', 'user.update'])
  })

  it.each<[string, object]>([
    ['removes active', { op: 'remove', path: 'active' }],
    ['replaces active by nothing', { op: 'replace', path: 'active' }],
    ['replaces active by null', { op: 'replace', path: 'active', value: null }],
    ['replaces active by a text', { op: 'replace', path: 'active', value: 'enabled' }],
  ])('E1: that %s is refused, and enables nobody', async (_, operation) => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com', { active: false })
    expect(await refusal(await patch(tenant, id, operation))).toBe('400 invalidValue')
    expect(await resourceOf(tenant, id)).toMatchObject({ active: false })
  })
})

describe('an address for home', () => {
  const HOME = { value: 'home@example.net', type: 'home', primary: false }
  const work = (value: string) => ({ value, type: 'work', primary: true })

  it('E1: is never taken for the address that codes go to, whatever is removed or changed beside it', async () => {
    const tenant = await newTenant()
    const emails = [HOME, { value: 'jane@example.com', type: 'work' }]
    const id = await tenant.addUser('jane@example.com', { userName: 'jane.doe@example.com', emails })
    const after = async (...operations: object[]) => {
      const response = await patch(tenant, id, ...operations)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual(await resourceOf(tenant, id))
      return (await resourceOf(tenant, id))['emails']
    }
    expect((await resourceOf(tenant, id))['emails']).toEqual([work('jane@example.com'), HOME])
    expect(await after({ op: 'replace', path: 'displayName', value: 'Jane' })).toEqual([
      work('jane@example.com'),
      HOME,
    ])
    // A user without an address has their user name for it.
    expect(await after({ op: 'remove', path: 'emails[type eq "work"]' })).toEqual([
      work('jane.doe@example.com'),
      HOME,
    ])
    expect(await after({ op: 'remove', path: 'emails[type eq "home"].value' })).toEqual([
      work('jane.doe@example.com'),
    ])
    await after({ op: 'add', path: 'emails[type eq "home"]', value: HOME })
    expect(await after({ op: 'remove', path: 'emails' })).toEqual([work('jane.doe@example.com')])
  })

  it('is refused like any value of the wrong kind', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com')
    for (const value of [7, 'a\u0000b', ['home@example.net'], 'x'.repeat(256)]) {
      for (const path of ['emails[type eq "home"].value', 'phoneNumbers[type eq "mobile"].value']) {
        expect((await patch(tenant, id, { op: 'add', path, value })).status).toBe(400)
      }
    }
    expect(await resourceOf(tenant, id)).toMatchObject({ emails: [work('jane@example.com')] })
  })
})
