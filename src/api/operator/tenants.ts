import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import * as v from 'valibot'
import type { AppEnv } from '../../http/app-env.ts'
import { config, databaseBinding } from '../../config.ts'
import { layStandIn } from '../../codes/code-store.ts'
import { countUsers, deleteTenantData } from '../../users/user-store.ts'
import { isAllowedTarget } from '../../hooks/webhook.ts'
import { readJson } from '../../http/body.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import { parsePolicy, policyUrls, withoutSecrets } from '../../tenants/policy.ts'
import * as store from '../../tenants/tenant-store.ts'
import { adminRestApiUrl, type Tenant } from '../../tenants/tenant.ts'
import { parseRequest } from './request.ts'

const PAGE_SIZE_MAX = 100
const HOSTS_MAX = 20

/** A host name in the form that a request's URL shows it. */
const hostSchema = v.pipe(
  v.string('must be a host name'),
  v.check((host) => canonicalHost(host) === host, 'must be a host name in lower case, without a port'),
)

const tenantSchema = v.strictObject(
  {
    name: v.pipe(v.string('is required'), v.regex(/^[^\p{Cc}]{1,100}$/u, 'must be 1 to 100 characters')),
    hosts: v.pipe(
      v.array(hostSchema, 'is required: a list of host names'),
      v.maxLength(HOSTS_MAX, `must hold at most ${HOSTS_MAX} host names`),
      v.check((hosts) => new Set(hosts).size === hosts.length, 'names a host twice'),
    ),
    policy: v.optional(v.unknown(), {}),
    database: v.optional(v.pipe(v.string('must be the name of a D1 binding'))),
  },
  'must be an object with name, hosts and policy',
)

const idSchema = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,62}$/))

/** `GET /operator/v1/tenants?after=ID&limit=N`: tenants in the order of their ids. */
export async function getTenants(c: Context<AppEnv>): Promise<Response> {
  const limit = Number(c.req.query('limit') ?? PAGE_SIZE_MAX)
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_SIZE_MAX) {
    throw new HTTPException(400, { message: `limit must be a whole number from 1 to ${PAGE_SIZE_MAX}.` })
  }
  const tenants = await store.listTenants(c.env.DB, c.req.query('after') ?? '', limit)
  return c.json({ tenants: tenants.map((tenant) => shown(c, tenant)) })
}

/** `GET /operator/v1/tenants/{id}` */
export async function getTenant(c: Context<AppEnv>): Promise<Response> {
  return c.json(shown(c, await requireTenant(c)))
}

/** `PUT /operator/v1/tenants/{id}`: creates the tenant (201), or replaces its name, hosts and policy (200). */
export async function putTenant(c: Context<AppEnv>): Promise<Response> {
  const id = c.req.param('id') ?? ''
  if (!v.is(idSchema, id)) {
    throw new HTTPException(400, {
      message: 'The id of a tenant is 1 to 63 of a-z, 0-9 and hyphens, not starting with a hyphen.',
    })
  }
  const { name, hosts, policy, database } = parseRequest(tenantSchema, await readJson(c))
  const parsed = parsePolicy(policy)
  if (parsed.tag === 'invalid') {
    throw new HTTPException(400, { message: `${parsed.member} ${parsed.problem}.` })
  }
  requireReachable(policyUrls(parsed.policy), config(c.env).isLocalRun)
  const existing = await store.findTenant(c.env.DB, id)
  const tenant = { id, name, hosts, policy, database: chosenDatabase(existing, database) }
  await layStandIn(requireDatabase(c, tenant.database), id)
  switch (await store.putTenant(c.env.DB, tenant, c.get('now'))) {
    case 'host-taken':
      throw new HTTPException(409, { message: 'One of the hosts belongs to another tenant.' })
    case 'stored': {
      forgetCatalogue()
      const createdAt = existing?.createdAt ?? c.get('now')
      return c.json(shown(c, { ...tenant, policy: parsed.policy, createdAt }), existing ? 200 : 201)
    }
  }
}

/** `DELETE /operator/v1/tenants/{id}[?force=true]`: with `force`, all its data goes too. */
export async function removeTenant(c: Context<AppEnv>): Promise<Response> {
  const tenant = await requireTenant(c)
  const db = requireDatabase(c, tenant.database)
  const users = await countUsers(db, tenant.id)
  if (users > 0 && c.req.query('force') !== 'true') {
    throw new HTTPException(409, {
      message: `The tenant has ${users} ${users === 1 ? 'user' : 'users'}. Delete them first, or repeat with ?force=true to delete everything.`,
    })
  }
  await deleteTenantData(db, tenant.id)
  await store.deleteTenant(c.env.DB, tenant.id)
  forgetCatalogue()
  return c.body(null, 204)
}

/** @throws {HTTPException} 404 when the path names no tenant. */
export async function requireTenant(c: Context<AppEnv>): Promise<Tenant> {
  const tenant = await store.findTenant(c.env.DB, c.req.param('id') ?? '')
  if (tenant === undefined) throw new HTTPException(404, { message: 'There is no such tenant.' })
  return tenant
}

function shown(c: Context<AppEnv>, { policy, createdAt, ...tenant }: Tenant) {
  return {
    ...tenant,
    policy: withoutSecrets(policy),
    adminRestApiUrl: adminRestApiUrl(tenant, config(c.env).baseUrl),
    createdAt: new Date(createdAt).toISOString(),
  }
}

/** A tenant's data does not move by itself, so its database is chosen once. */
function chosenDatabase(existing: Tenant | undefined, database: string | undefined): string {
  if (existing !== undefined && database !== undefined && database !== existing.database) {
    throw new HTTPException(409, {
      message: `database is ${existing.database} since the tenant was created, and cannot be changed.`,
    })
  }
  return existing?.database ?? database ?? 'DB'
}

function requireDatabase(c: Context<AppEnv>, database: string): D1Database {
  const db = databaseBinding(c.env, database)
  if (db !== undefined) return db
  throw new HTTPException(400, { message: 'database must be the name of a D1 binding of this Worker.' })
}

function requireReachable(urls: readonly string[], isLocalRun: boolean): void {
  const wrong = urls.find((url) => !isAllowedTarget(url, isLocalRun))
  if (wrong === undefined) return
  throw new HTTPException(400, {
    message: `policy names ${new URL(wrong).origin}, which is not https to a host of the internet.`,
  })
}

function canonicalHost(host: string): string | undefined {
  const url = `http://${host}`
  return /^[^\s/:@?#\\%*]+$/.test(host) && URL.canParse(url) ? new URL(url).hostname : undefined
}
