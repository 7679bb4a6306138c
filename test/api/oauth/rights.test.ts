import { describe, expect, it } from 'vitest'
import { app } from '../../../src/local.ts'
import { PERMISSIONS, type Permission, type Role } from '../../../src/tenants/role.ts'
import { SCOPES, type Scope } from '../../../src/tenants/scope.ts'
import { newConsoleTenant, signedIn, type Browser } from '../../rig/console.ts'
import { accessToken, addClient, clientKey } from '../../rig/oauth.ts'
import { HELEN, SAM } from '../../rig/open-id-provider.ts'
import { call, newTenant, NO_LIMITS, operate, type Tenant } from '../../rig/service.ts'

/** Which right each route of the APIs of administrators needs: a route that is not listed fails the test. */
const NEEDS: Record<string, Permission> = {
  'POST /AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword': 'codes',
  'POST /AdminInterface/restapi/v1/users/generateVerifyCode/enroll': 'codes',
  'POST /AdminInterface/restapi/v1/users/voidVerifyCode': 'codes',
  'POST /AdminInterface/restapi/v1/codes/preview': 'codes',
  'GET /AdminInterface/restapi/v1/users/:id/codes': 'codes',
  'POST /AdminInterface/restapi/v1/codes/void': 'codes:void-all',
  'GET /AdminInterface/restapi/v1/codes/void/:id': 'codes:void-all',
  'POST /AdminInterface/restapi/v1/users/lookup': 'users:read',
  'POST /AdminInterface/restapi/v1/users/search': 'users:read',
  'POST /AdminInterface/restapi/v2/users/search': 'users:read',
  'GET /AdminInterface/restapi/v2/users/highrisk': 'users:risk:read',
  'PUT /AdminInterface/restapi/v1/users/highrisk': 'users:risk:write',
  'PUT /AdminInterface/restapi/v1/users/:id/userStatus': 'users:status',
  'PUT /AdminInterface/restapi/v1/users/:id/markDeleted': 'users:delete:soft',
  'POST /AdminInterface/restapi/v1/users/:id/sync': 'users:sync',
  'GET /AdminInterface/restapi/v1/approvals': 'codes',
  'POST /AdminInterface/restapi/v1/approvals/:id/approve': 'codes',
  'POST /AdminInterface/restapi/v1/approvals/:id/decline': 'codes',
  'POST /AdminInterface/restapi/v1/approvals/:id/collect': 'codes',
  'POST /AdminInterface/restapi/v1/users/:id/unfreeze': 'desk:override',
  'POST /AdminInterface/restapi/v1/users/:id/verify/start': 'users:verify',
  'GET /AdminInterface/restapi/v1/users/:id/verify/status': 'users:verify',
  'POST /AdminInterface/restapi/v1/users/:id/verify/code': 'users:verify',
  'POST /AdminInterface/restapi/v1/users/:id/verify/cancel': 'users:verify',
  'DELETE /AdminInterface/restapi/v1/users/:id': 'users:delete',
  'GET /AdminInterface/restapi/v1/adminlog/exportlogs': 'logs:admin',
  'GET /AdminInterface/restapi/v1/usereventlog/exportlogs': 'logs:user',
  'GET /AdminInterface/restapi/v1/users/:id/authlogs': 'logs:user',
  'GET /api/users/:id/challenges': 'users:read',
  'PUT /api/users/:id/challenges': 'users:write',
  'DELETE /api/users/:id/challenges': 'users:write',
  'GET /scim/v2/Users': 'users:read',
  'GET /scim/v2/Users/:id': 'users:read',
  'POST /scim/v2/Users': 'users:write',
  'PUT /scim/v2/Users/:id': 'users:write',
  'POST /scim/v2/Users/.search': 'users:read',
  'POST /scim/v2/Bulk': 'users:write',
  'GET /scim/v2/ServiceProviderConfig': 'users:read',
  'GET /scim/v2/ResourceTypes': 'users:read',
  'GET /scim/v2/ResourceTypes/:name': 'users:read',
  'GET /scim/v2/Schemas': 'users:read',
  'GET /scim/v2/Schemas/:id': 'users:read',
  'PATCH /scim/v2/Users/:id': 'users:write',
  'DELETE /scim/v2/Users/:id': 'users:deprovision',
}

const key = await clientKey('ES256')
const newWide = () => newTenant({ policy: NO_LIMITS })

/** Whether a route lets a token or a person in: any answer but 401 and 403 is one of the endpoint itself. */
async function isLetIn({ host }: Tenant, route: string, by: string | Browser): Promise<boolean> {
  const [method = '', template = ''] = route.split(' ')
  const path = template.replace(':id', crypto.randomUUID())
  const body = method === 'GET' || method === 'DELETE' ? undefined : '{}'
  const headers = { 'Content-Type': path.startsWith('/scim') ? 'application/scim+json' : 'application/json' }
  const { status } =
    typeof by === 'string'
      ? await call(`https://${host}${path}`, { method, token: by, body, headers })
      : await by.fetch(method, path, body, headers)
  return status !== 401 && status !== 403
}

const routes = Object.keys(NEEDS)

describe('the rights of administrators', () => {
  it('are stated for every route', () => {
    const served = app.routes
      .filter(({ method, path }) => method !== 'ALL' && /^\/(?:AdminInterface|scim|api\/users)\//.test(path))
      .map(({ method, path }) => `${method} ${path}`)
    expect([...new Set(served)].toSorted()).toEqual(routes.toSorted())
  })

  it.each(Object.keys(PERMISSIONS) as Role[])('of the role %s are exactly its own', async (role) => {
    const tenant = await newWide()
    const token = await tenant.token(role)
    const letIn = await Promise.all(routes.map((route) => isLetIn(tenant, route, token)))
    const may = routes.map((route) => (PERMISSIONS[role] as readonly string[]).includes(NEEDS[route] ?? ''))
    expect(Object.fromEntries(routes.map((route, index) => [route, letIn[index]]))).toEqual(
      Object.fromEntries(routes.map((route, index) => [route, may[index]])),
    )
  })

  it.each([
    ['help-desk', HELEN],
    ['super-admin', SAM],
  ] as const)(
    'of a person of the role %s in the console are exactly those of the role',
    async (role, person) => {
      const tenant = await newConsoleTenant(NO_LIMITS)
      const { browser } = await signedIn(tenant, person)
      const letIn = await Promise.all(routes.map((route) => isLetIn(tenant, route, browser)))
      const may = routes.map((route) => (PERMISSIONS[role] as readonly string[]).includes(NEEDS[route] ?? ''))
      expect(Object.fromEntries(routes.map((route, index) => [route, letIn[index]]))).toEqual(
        Object.fromEntries(routes.map((route, index) => [route, may[index]])),
      )
      // With another token than the session's, none of them lets the person in.
      browser.csrfToken = 'x'
      const withoutToken = await Promise.all(routes.map((route) => isLetIn(tenant, route, browser)))
      expect(withoutToken.filter(Boolean)).toEqual([])
    },
  )

  it.each(Object.keys(SCOPES) as Scope[])('of the scope %s are exactly its own', async (scope) => {
    const tenant = await newWide()
    const token = await accessToken(tenant, await addClient(tenant, key, [scope]))
    const letIn = await Promise.all(routes.map((route) => isLetIn(tenant, route, token)))
    const may = routes.map((route) => (SCOPES[scope] as readonly string[]).includes(NEEDS[route] ?? ''))
    expect(Object.fromEntries(routes.map((route, index) => [route, letIn[index]]))).toEqual(
      Object.fromEntries(routes.map((route, index) => [route, may[index]])),
    )
  })

  it('of a SCIM token are the directory, and it is shown once', async () => {
    const tenant = await newWide()
    const added = await operate('POST', `/tenants/${tenant.id}/scim-tokens`, { description: 'Okta' })
    const { token, id } = await added.json<{ token: string; id: string }>()
    expect(added.status).toBe(201)
    const letIn = await Promise.all(routes.map((route) => isLetIn(tenant, route, token)))
    expect(letIn).toEqual(routes.map((route) => route.includes(' /scim/')))
    const listed = await (await operate('GET', `/tenants/${tenant.id}/scim-tokens`)).text()
    expect(JSON.parse(listed)).toMatchObject({ scimTokens: [{ id, description: 'Okta' }] })
    expect(listed).not.toContain(token)
    expect((await operate('DELETE', `/tenants/${tenant.id}/scim-tokens/${id}`)).status).toBe(204)
    expect(await isLetIn(tenant, 'GET /scim/v2/Users', token)).toBe(false)
  })

  it('J2: an invented SCIM token, or one whose end is changed, is refused', async () => {
    const tenant = await newWide()
    const added = await operate('POST', `/tenants/${tenant.id}/scim-tokens`, {})
    const { token } = await added.json<{ token: string }>()
    const invented = `rescind_scim_${crypto.randomUUID()}_${'A'.repeat(43)}`
    const changed = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
    for (const each of [invented, changed, `${token}x`, token.toUpperCase()]) {
      expect(
        (await call(`https://${tenant.host}/scim/v2/Users`, { method: 'GET', token: each })).status,
      ).toBe(401)
    }
  })

  it('403 names the scopes that would do', async () => {
    const tenant = await newWide()
    const token = await accessToken(tenant, await addClient(tenant, key, ['rsa.user.read']))
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`
    const response = await call(url, { token, body: {} })
    expect(response.headers.get('WWW-Authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="rsa.user.manage rsa.user.factor.manage"',
    )
    expect([response.status, await response.json()]).toMatchObject([403, { status: 403, error: 'Forbidden' }])
  })
})
