import { describe, expect, it } from 'vitest'
import { addClient, clientKey } from '../rig/oauth.ts'
import { failWritesOf } from '../rig/fail-writes.ts'
import { patch } from '../rig/scim.ts'
import { call, newTenant, operate } from '../rig/service.ts'

/** Collisions that the document promises for several operations, each brought about for every one of them. */

describe('a call that may still be running', () => {
  const [FIRST, SECOND] = ['user1@example.com', 'user2@example.com']

  it.each<[string, string, object]>([
    ['enrolment', '/users/generateVerifyCode/enroll', [{ email: FIRST }, { email: SECOND }]],
    [
      'void',
      '/users/voidVerifyCode',
      { code_generation_mode: 'PASSWORD_RESET', user_emails: [FIRST, SECOND] },
    ],
  ])('I2: of %s is 409 with Retry-After', async (_, path, body) => {
    const tenant = await newTenant({ users: 2 })
    await tenant.generate([FIRST, SECOND])
    const repair = await failWritesOf(tenant, SECOND, 'INSERT ON admin_events')
    const key = { 'Idempotency-Key': crypto.randomUUID() }
    expect((await tenant.admin(path, body, 'help-desk', key)).status).toBe(200)
    await repair()
    const again = await tenant.admin(path, body, 'help-desk', key)
    expect([again.status, again.headers.get('Retry-After')]).toEqual([409, '60'])
  })
})

describe('the directory', () => {
  it('PUT: an address that another user has is 409, and changes nothing', async () => {
    const tenant = await newTenant({ users: 1 })
    const id = await tenant.addUser('jane@example.com')
    const before = await (await tenant.scim('GET', `/Users/${id}`)).json()
    const taken = { userName: 'jane@example.com', emails: [{ value: 'user1@example.com' }] }
    expect((await tenant.scim('PUT', `/Users/${id}`, taken)).status).toBe(409)
    expect(await (await tenant.scim('GET', `/Users/${id}`)).json()).toEqual(before)
  })

  it('PATCH: of a version that is no more is 412, and changes nothing', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('jane@example.com')
    const response = await call(`https://${tenant.host}/scim/v2/Users/${id}`, {
      method: 'PATCH',
      token: await tenant.token('super-admin'),
      headers: { 'If-Match': 'W/"1"' },
      body: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: false }],
      },
    })
    expect(response.status).toBe(412)
    expect(await (await tenant.scim('GET', `/Users/${id}`)).json()).toMatchObject({ active: true })
    // The same patch of the version that there is.
    expect((await patch(tenant, id, { op: 'replace', path: 'active', value: false })).status).toBe(200)
  })
})

describe('what a tenant may have of each', () => {
  it('10 OAuth clients, and then 409', async () => {
    const tenant = await newTenant()
    const key = await clientKey('ES256')
    for (let count = 0; count < 10; count += 1) await addClient(tenant, key, ['rsa.user.read'])
    const body = { jwks: { keys: [key.jwk] }, scopes: ['rsa.user.read'] }
    expect((await operate('POST', `/tenants/${tenant.id}/clients`, body)).status).toBe(409)
  })

  it('5 SCIM tokens, and then 409', async () => {
    const { id } = await newTenant()
    const add = async () => (await operate('POST', `/tenants/${id}/scim-tokens`, {})).status
    const statuses: number[] = []
    for (let count = 0; count <= 5; count += 1) statuses.push(await add())
    expect(statuses).toEqual([201, 201, 201, 201, 201, 409])
  })
})
