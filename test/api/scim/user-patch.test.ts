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
    ['a remove of nothing', { schemas: [PATCH_OP], Operations: [{ op: 'remove' }] }],
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
