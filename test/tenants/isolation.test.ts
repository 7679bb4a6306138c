import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { adminToken, call, newTenant, operate, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode, storedCodes } from '../rig/stored-code.ts'

const SHARED = 'user1@example.com'
const VOID = '/AdminInterface/restapi/v1/users/voidVerifyCode'
const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: [SHARED] }
const deactivate = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', value: { active: false } }],
}

/** Two tenants that both know `user1@example.com`; the first also has `only@example.com`. */
async function twoTenants(policy: object = {}) {
  const [mine, theirs] = [await newTenant({ policy, users: 1 }), await newTenant({ policy, users: 1 })]
  const onlyId = await mine.addUser('only@example.com')
  return { mine, theirs, onlyId }
}

/** Everything of an answer but its request id and what is left of the limits. */
const shown = async (response: Response) => ({
  status: response.status,
  headers: [...response.headers].filter(([name]) => !['x-request-id', 'ratelimit'].includes(name)),
  body: await response.text(),
})

const eventCount = async (tenant: Tenant) => {
  const row = await env.DB.prepare('SELECT count(*) AS count FROM admin_events WHERE tenant_id = ?')
    .bind(tenant.id)
    .first<{ count: number }>()
  return row?.count
}

describe('codes', () => {
  it('E3: a code of one tenant is a wrong code in another, for the same address', async () => {
    const { mine, theirs } = await twoTenants()
    const code = await mine.newCode(SHARED)
    const theirCode = await theirs.newCode(SHARED)
    expect((await theirs.validate(SHARED, code)).status).toBe(401)
    expect((await mine.validate(SHARED, theirCode)).status).toBe(401)
    expect((await mine.validate(SHARED, code)).status).toBe(200)
    expect((await theirs.validate(SHARED, theirCode)).status).toBe(200)
  })

  it('E3: a digest carried over to another tenant is good for nothing there', async () => {
    const { mine, theirs } = await twoTenants()
    const code = await mine.newCode(SHARED)
    await theirs.newCode(SHARED)
    const digest = (await storedCode(mine.id, SHARED))?.digest
    await env.DB.prepare('UPDATE reset_codes SET digest = ? WHERE tenant_id = ?')
      .bind(digest, theirs.id)
      .run()
    expect((await storedCode(theirs.id, SHARED))?.digest).toBe(digest)
    expect((await theirs.validate(SHARED, code)).status).toBe(401)
  })

  it('E3: wrong codes in one tenant lock nothing in another', async () => {
    const { mine, theirs } = await twoTenants({ code: { attemptsMax: 2 } })
    const code = await mine.newCode(SHARED)
    await theirs.newCode(SHARED)
    for (let attempt = 0; attempt < 4; attempt++) await theirs.validate(SHARED, wrongCode(code))
    await theirs.validate('only@example.com', code)
    expect(await storedCode(theirs.id, SHARED)).toMatchObject({ ended_as: 'locked' })
    expect(await storedCode(mine.id, SHARED)).toMatchObject({ attempts: 0, failures: 0, ended_as: null })
    expect((await mine.validate(SHARED, code)).status).toBe(200)
  })

  it('E3: a user of another tenant is as if unknown: validate, generate, void', async () => {
    const { mine, theirs } = await twoTenants()
    const code = await mine.newCode('only@example.com')
    const before = await storedCodes(mine.id)
    const [known, unknown] = ['only@example.com', 'nobody@example.com']
    expect(await shown(await theirs.validate(known, code))).toEqual(
      await shown(await theirs.validate(unknown, code)),
    )
    const [generated, unknownGenerated] = await theirs.generate([known, unknown])
    expect({ ...generated, userDetailsRequestForVerifyCodeGeneration: {} }).toStrictEqual({
      ...unknownGenerated,
      userDetailsRequestForVerifyCodeGeneration: {},
    })
    const [voided, unknownVoided] = await theirs.void([known, unknown])
    expect(voided).toStrictEqual({ ...unknownVoided, user_email: known })
    expect([generated?.status, voided?.status]).toEqual([1002, 1002])
    expect(await storedCodes(mine.id)).toEqual(before)
    expect((await mine.validate(known, code)).status).toBe(200)
  })

  it('E3: a void ends the code of its own tenant alone', async () => {
    const { mine, theirs } = await twoTenants()
    const code = await mine.newCode(SHARED)
    expect(await theirs.void([SHARED])).toMatchObject([{ status: 1015 }])
    await theirs.newCode(SHARED)
    expect(await theirs.void([SHARED])).toMatchObject([{ status: 1016 }])
    expect((await mine.validate(SHARED, code)).status).toBe(200)
  })
})

describe('keys', () => {
  it('E3: a token acts on the tenant of its key, whatever host it is sent to', async () => {
    const { mine, theirs } = await twoTenants()
    const codes = [await mine.newCode(SHARED), await theirs.newCode(SHARED)] as const
    const before = await eventCount(mine)
    const response = await call(`https://${mine.host}${VOID}`, { token: await theirs.token(), body })
    expect(await response.json()).toMatchObject({ results: [{ status: 1016 }] })
    expect((await mine.validate(SHARED, codes[0])).status).toBe(200)
    expect((await theirs.validate(SHARED, codes[1])).status).toBe(401)
    expect(await eventCount(mine)).toBe(before)
  })

  it('E3: a token made for another tenant’s base URL is no token', async () => {
    const { mine, theirs } = await twoTenants()
    const key = { ...theirs.keys['help-desk'], adminRestApiUrl: mine.keys['help-desk'].adminRestApiUrl }
    const token = await adminToken(key)
    for (const host of [mine.host, theirs.host]) {
      expect((await call(`https://${host}${VOID}`, { token, body })).status).toBe(401)
    }
  })

  it('E3: a key cannot be revoked or seen through another tenant', async () => {
    const { mine, theirs } = await twoTenants()
    const { accessID } = mine.keys['help-desk']
    expect((await operate('DELETE', `/tenants/${theirs.id}/keys/${accessID}`)).status).toBe(404)
    expect(await (await operate('GET', `/tenants/${theirs.id}/keys`)).text()).not.toContain(accessID)
    expect(await mine.void([SHARED])).toMatchObject([{ status: 1015 }])
  })
})

describe('users', () => {
  it('E3: an id of another tenant is as if unknown: read, changed, deleted', async () => {
    const { mine, theirs, onlyId } = await twoTenants()
    const unknownId = crypto.randomUUID()
    const before = await (await mine.scim('GET', `/Users/${onlyId}`)).text()
    const counts = [await eventCount(mine), await eventCount(theirs)]
    for (const [method, sent] of [['GET'], ['PATCH', deactivate], ['DELETE']] as const) {
      const answer = await shown(await theirs.scim(method, `/Users/${onlyId}`, sent))
      expect(answer).toEqual(await shown(await theirs.scim(method, `/Users/${unknownId}`, sent)))
      expect(answer.status).toBe(404)
    }
    expect(await (await mine.scim('GET', `/Users/${onlyId}`)).text()).toBe(before)
    expect([await eventCount(mine), await eventCount(theirs)]).toEqual(counts)
  })

  it('E3: a search finds no user of another tenant, and an address may be in both', async () => {
    const { mine, theirs } = await twoTenants()
    const filter = encodeURIComponent('userName eq "only@example.com"')
    const found = await (await theirs.scim('GET', `/Users?filter=${filter}`)).json()
    expect(found).toMatchObject({ totalResults: 0, Resources: [] })
    expect(await (await theirs.scim('GET', '/Users')).json()).toMatchObject({ totalResults: 1 })
    await theirs.addUser('only@example.com')
    const code = await mine.newCode('only@example.com')
    expect((await theirs.validate('only@example.com', code)).status).toBe(401)
  })
})

describe('limits and the tenant itself', () => {
  it('E3: a tenant at its limit takes nothing from another', async () => {
    const tight = { limits: { void: { perMinute: 1, burst: 2 }, validate: { perMinute: 1, burst: 2 } } }
    const [mine, theirs] = [await newTenant({ policy: tight }), await newTenant({ policy: tight })]
    const spend = async (tenant: Tenant) => [
      ...(await Promise.all([1, 2, 3].map(() => tenant.admin('/users/voidVerifyCode', body)))),
      ...(await Promise.all([1, 2, 3].map(() => tenant.validate(SHARED, 'x')))),
    ]
    for (const tenant of [theirs, mine]) {
      const statuses = (await spend(tenant)).map(({ status }) => status)
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 401, 401, 429, 429])
    }
  })

  it('E3: an unauthenticated call costs no tenant anything', async () => {
    const tenant = await newTenant({ policy: { limits: { void: { perMinute: 1, burst: 1 } } } })
    const key = { ...tenant.keys['help-desk'], accessID: crypto.randomUUID() }
    for (const token of [undefined, 'x.y.z', await adminToken(key), await adminToken(key, { exp: 0 })]) {
      const response = await call(`https://${tenant.host}${VOID}`, {
        ...(token !== undefined && { token }),
        body,
      })
      expect(response.status).toBe(401)
      expect(response.headers.has('RateLimit')).toBe(false)
    }
    expect((await tenant.admin('/users/voidVerifyCode', body)).status).toBe(200)
  })

  it('E3: a host belongs to one tenant, and removing a tenant removes nothing of another', async () => {
    const { mine, theirs } = await twoTenants()
    const code = await mine.newCode(SHARED)
    const taken = await operate('PUT', `/tenants/${theirs.id}`, { name: 'x', hosts: [mine.host] })
    expect(taken.status).toBe(409)
    expect((await operate('DELETE', `/tenants/${theirs.id}?force=true`)).status).toBe(204)
    expect((await mine.validate(SHARED, code)).status).toBe(200)
    expect((await theirs.validate(SHARED, code)).status).toBe(404)
    expect(await theirs.admin('/users/voidVerifyCode', body)).toMatchObject({ status: 401 })
    expect(await storedCodes(theirs.id)).toEqual([])
  })
})
