import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../src/local.ts'
import { helen, newConsoleTenant, sam } from '../../rig/console.ts'
import { CONSOLE_POLICY } from '../../rig/open-id-provider.ts'
import { GRANT_PAGES } from '../../rig/pages.ts'
import { newTenant, operate, publicKey } from '../../rig/service.ts'

/** The operator API in the hands of a tenant's super-admins, who are signed in to its console. */

afterEach(() => vi.restoreAllMocks())

/** What only the operator may call. Any other route below a tenant is its super-admins' too. */
const OPERATORS_OWN = new Set(['GET /operator/v1/tenants', 'DELETE /operator/v1/tenants/:id'])

const ROUTES = [
  ...new Set(
    app.routes
      .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/operator/'))
      .map(({ method, path }) => `${method} ${path}`),
  ),
]

describe('every route', () => {
  it('lets a super-admin in to their own tenant alone, the help desk nowhere, and neither into what is the operator’s', async () => {
    expect(ROUTES.length).toBeGreaterThan(20)
    const tenant = await newConsoleTenant()
    const other = await newTenant()
    const { browser: admin } = await sam(tenant)
    const { browser: desk } = await helen(tenant)
    const letIn = async (browser: typeof admin, route: string, id: string) => {
      const [method = '', template = ''] = route.split(' ')
      const path = template.replace(':id', id).replace(/:\w+/, 'nobody')
      const body = method === 'GET' || method === 'DELETE' ? undefined : '{'
      const { status } = await browser.fetch(method, path, body)
      return status !== 401 && status !== 403
    }
    for (const route of ROUTES) {
      const may = !OPERATORS_OWN.has(route)
      expect([route, await letIn(admin, route, tenant.id)]).toEqual([route, may])
      expect([route, await letIn(admin, route, other.id)]).toEqual([route, false])
      expect([route, await letIn(admin, route, 'nobody')]).toEqual([route, false])
      expect([route, await letIn(desk, route, tenant.id)]).toEqual([route, false])
    }
  })

  it('CSRF: takes a session with its token alone; a GET also by the browser’s word, and none from elsewhere', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    const refusals = await Promise.all(
      ROUTES.filter((route) => !OPERATORS_OWN.has(route)).flatMap((route) => {
        const [method = '', template = ''] = route.split(' ')
        const path = template.replace(':id', tenant.id).replace(/:\w+/, 'nobody')
        const forged = [
          { 'X-CSRF-Token': 'x', 'Sec-Fetch-Site': 'same-origin' },
          { 'X-CSRF-Token': browser.csrfToken, 'Sec-Fetch-Site': 'same-site' },
          { 'Sec-Fetch-Site': method === 'GET' ? 'none' : 'same-origin' },
        ] as Record<string, string>[]
        return forged.map(async (headers) => (await browser.send(path, { method, headers })).status)
      }),
    )
    expect([refusals.length > 60, new Set(refusals)]).toEqual([true, new Set([403])])
  })

  it('E3: tells a super-admin the same of a tenant that is there and of one that is not', async () => {
    const { browser } = await sam(await newConsoleTenant())
    const other = await newTenant()
    const answers = await Promise.all(
      [other.id, 'nobody'].map(async (id) => {
        const response = await browser.fetch('GET', `/operator/v1/tenants/${id}`)
        return [response.status, await response.text()]
      }),
    )
    expect(answers[0]).toEqual(answers[1])
  })
})

describe('the record of the tenant', () => {
  const redeem = { ...GRANT_PAGES.redeem, audience: `https://${crypto.randomUUID()}.example.com` }
  const TIGHTENED = { limits: { send: { perMinute: 3 } } }

  async function withRecord(policy: object = {}) {
    const tenant = await newConsoleTenant(policy)
    const { browser } = await sam(tenant)
    const path = `/operator/v1/tenants/${tenant.id}`
    const record = await (await browser.fetch('GET', path)).json<{ policy: Record<string, object> }>()
    const put = async (changes: object, changed: object = {}) => {
      const response = await browser.fetch('PUT', path, {
        ...record,
        ...changes,
        policy: { ...record.policy, ...changed },
      })
      return { status: response.status, detail: (await response.json<{ detail?: string }>()).detail }
    }
    return { tenant, browser, record, put }
  }

  it('may be put as it was fetched, and the secret of the OpenID client is neither shown nor lost', async () => {
    const { tenant, record, put } = await withRecord()
    expect(JSON.stringify(record)).not.toContain(CONSOLE_POLICY.clientSecret)
    expect(await put({})).toMatchObject({ status: 200 })
    // Whoever signs in next needs it.
    expect((await sam(tenant)).response.status).toBe(303)
  })

  it.each<[string, object, object]>([
    ['hosts', { hosts: ['other.example.com'] }, {}],
    ['policy.console.issuer', {}, { console: { ...CONSOLE_POLICY, issuer: 'https://evil.example.com' } }],
    ['policy.console.roles', {}, { console: { ...CONSOLE_POLICY, roles: { everybody: 'super-admin' } } }],
    [
      'policy.console.issuer, policy.console.clientId, policy.console.clientSecret, policy.console.roleClaim, policy.console.roles',
      {},
      { console: undefined },
    ],
    ['policy.limits.send', {}, { limits: { send: { perMinute: 1_000_000 } } }],
    ['policy.limits.admin', {}, { limits: { admin: { perMinute: 1_000_000 } } }],
    ['policy.limits.trustedClients', {}, { limits: { trustedClients: ['203.0.0.0/8'] } }],
    ['policy.retention.eventsDays', {}, { retention: { eventsDays: 30 } }],
    ['policy.origins', {}, { origins: ['https://evil.example.com'] }],
    ['policy.mail.from', {}, { mail: { from: 'help@another-tenant.example.com' } }],
    [
      'policy.redeem.audience',
      {},
      { redeem: { kind: 'grant', audience: 'https://app.another-tenant.example.com' } },
    ],
    ['policy.desk.alertEmail', {}, { desk: { alertEmail: 'nobody@example.com' } }],
  ])('only the operator may change %s, and nothing is changed beside it', async (name, changes, changed) => {
    const { browser, tenant, record, put } = await withRecord()
    const refused = await put({ name: 'Another', ...changes }, changed)
    expect(refused).toEqual({ status: 403, detail: `Only the operator may change: ${name}.` })
    const after = await browser.fetch('GET', `/operator/v1/tenants/${tenant.id}`)
    expect(await after.json()).toEqual(record)
  })

  it.each<[string, (id: string, record: object) => Promise<Response>, unknown]>([
    [
      'has set meanwhile',
      (id, record) => operate('PUT', `/tenants/${id}`, { ...record, hosts: [], policy: TIGHTENED }),
      { perMinute: 3, hosts: 0 },
    ],
    ['has deleted meanwhile', (id) => operate('DELETE', `/tenants/${id}`), null],
  ])('L2: a super-admin’s change takes nothing back that the operator %s', async (_, act, stored) => {
    const { tenant, record, put } = await withRecord({ redeem })
    // The server with the logo, which is the super-admin's, holds the change up for as long as the operator needs.
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      expect((await act(tenant.id, record)).ok).toBe(true)
      return new Response('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1v1z"/></svg>')
    })
    const late = await put({}, { pages: { logoUrl: 'https://slow.example.com/logo.svg' } })
    expect(late).toMatchObject({ status: 409, detail: expect.stringContaining('changed meanwhile') })
    const row = await env.DB.prepare(
      `SELECT policy ->> '$.limits.send.perMinute' AS perMinute,
         (SELECT count(*) FROM tenant_hosts WHERE tenant_id = tenants.id) AS hosts FROM tenants WHERE id = ?`,
    )
      .bind(tenant.id)
      .first()
    expect(row).toEqual(stored)
  })

  it('cannot be moved to another database', async () => {
    const { put } = await withRecord()
    expect((await put({ database: 'DB_OTHER' })).status).toBe(409)
  })

  it('S9: every change is in the audit, by the person, with the names of what was changed and no value', async () => {
    const { tenant, browser, put } = await withRecord()
    await put({ name: 'Another' }, { notify: { voided: false }, limits: { issue: { perHour: 10 } } })
    await put({ hosts: ['other.example.com'] })
    const key = await browser.fetch('POST', `/operator/v1/tenants/${tenant.id}/keys`, {
      publicKey,
      role: 'help-desk',
    })
    const { accessID } = await key.json<{ accessID: string }>()
    await browser.fetch('DELETE', `/operator/v1/tenants/${tenant.id}/keys/${accessID}`)
    await browser.fetch('DELETE', `/operator/v1/tenants/${tenant.id}/keys/<script>${'x'.repeat(200)}`)
    const { results } = await env.DB.prepare(
      `SELECT action, target, result FROM admin_events WHERE tenant_id = ? AND access_id LIKE 'prs_%'
       AND action <> 'console.sign-in' ORDER BY seq`,
    )
      .bind(tenant.id)
      .all()
    expect(results).toEqual([
      { action: 'tenant.update', target: 'name, policy.limits.issue, policy.notify.voided', result: 'done' },
      { action: 'tenant.update', target: '', result: 'refused-403' },
      { action: 'key.add', target: '', result: 'done' },
      { action: 'key.revoke', target: accessID, result: 'done' },
      { action: 'key.revoke', target: `script${'x'.repeat(58)}`, result: 'refused-404' },
    ])
  })

  it('S9: a void of all codes and a quarantine are in the audit under the person who called for them', async () => {
    const { tenant, browser } = await withRecord()
    const base = `/operator/v1/tenants/${tenant.id}`
    expect((await browser.fetch('POST', `${base}/void`, { scope: 'all' })).status).toBe(200)
    const { accessID } = tenant.keys['help-desk']
    expect((await browser.fetch('POST', `${base}/keys/${accessID}/quarantine`, {})).status).toBe(202)
    const { results } = await env.DB.prepare(
      "SELECT action FROM admin_events WHERE tenant_id = ? AND access_id LIKE 'prs_%' ORDER BY seq",
    )
      .bind(tenant.id)
      .all<{ action: string }>()
    const actions = new Set(results.map(({ action }) => action))
    expect([...actions]).toEqual(['console.sign-in', 'void.all', 'key.quarantine', 'void.some'])
  })

  it('S4: calls of a super-admin share the bucket of their other calls, over all sign-ins, and a refused one is no event', async () => {
    const tenant = await newConsoleTenant({ limits: { admin: { perMinute: 1, burst: 3 } } })
    const { browser: one } = await sam(tenant)
    const { browser: two } = await sam(tenant)
    const base = `/operator/v1/tenants/${tenant.id}`
    const revoke = async (browser: typeof one) => (await browser.fetch('DELETE', `${base}/keys/none`)).status
    expect([await revoke(one), await revoke(two)]).toEqual([404, 404])
    const lookup = await one.fetch('POST', '/AdminInterface/restapi/v1/users/lookup', {
      email: 'a@b.example',
    })
    expect(lookup.status).not.toBe(429)
    const refused = await two.fetch('GET', `${base}/webhooks`)
    expect([refused.status, Number(refused.headers.get('Retry-After')) > 0]).toEqual([429, true])
    expect(await revoke(one)).toBe(429)
    // F2: of voids there is a bucket of its own, for the moment in which they are needed.
    expect((await one.fetch('POST', `${base}/void`, { scope: 'all' })).status).toBe(200)
    expect((await operate('GET', `/tenants/${tenant.id}`)).status).toBe(200)
    const row = await env.DB.prepare(
      "SELECT count(*) AS n FROM admin_events WHERE tenant_id = ? AND action = 'key.revoke'",
    )
      .bind(tenant.id)
      .first()
    expect(row).toEqual({ n: 2 })
  })

  it('L2: a super-admin makes 20 credentials and no more at once, though they revoke each: rows of them stay', async () => {
    const { tenant, browser } = await withRecord({ limits: { admin: { burst: 1_000 } } })
    const base = `/operator/v1/tenants/${tenant.id}`
    const statuses: number[] = []
    for (let count = 0; count < 25; count += 1) {
      const made = await browser.fetch('POST', `${base}/scim-tokens`, {})
      statuses.push(made.status)
      if (made.status !== 201) continue
      const { id } = await made.json<{ id: string }>()
      expect((await browser.fetch('DELETE', `${base}/scim-tokens/${id}`)).status).toBe(204)
    }
    expect([statuses.filter((each) => each === 201).length, statuses.filter((each) => each === 429).length]).toEqual([20, 5]) // oxfmt-ignore
    expect((await browser.fetch('POST', `${base}/keys`, { publicKey, role: 'help-desk' })).status).toBe(429)
    // The operator, and whatever else the super-admin does, waits for none of it.
    expect((await operate('POST', `/tenants/${tenant.id}/scim-tokens`, {})).status).toBe(201)
    expect((await browser.fetch('GET', `${base}/keys`)).status).toBe(200)
  })

  it('the operator still changes all of it, and that is in no tenant’s audit', async () => {
    const { tenant } = await withRecord()
    const body = { name: 'x', hosts: [tenant.host], policy: { retention: { eventsDays: 30 } } }
    expect((await operate('PUT', `/tenants/${tenant.id}`, body)).status).toBe(200)
    const row = await env.DB.prepare(
      "SELECT count(*) AS n FROM admin_events WHERE tenant_id = ? AND action = 'tenant.update'",
    )
      .bind(tenant.id)
      .first()
    expect(row).toEqual({ n: 0 })
  })
})
