import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import * as v from 'valibot'
import { layDecoy } from '../../codes/code-store.ts'
import { config } from '../../config.ts'
import { isAllowedTarget } from '../../hooks/target.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import { parsePolicy, policyUrls } from '../../tenants/policy.ts'
import { findTenant, putTenant as storeTenant } from '../../tenants/tenant-store.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { parseRequest } from './request.ts'
import { requireDatabase, tenantRecord } from './tenant-record.ts'

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

/** `PUT /operator/v1/tenants/{id}`: creates the tenant (201), or replaces its name, hosts and policy (200). */
export async function putTenant(c: Context<OperatorEnv>): Promise<Response> {
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
  const existing = await findTenant(c.env.DB, id)
  const tenant = { id, name, hosts, policy, database: chosenDatabase(existing, database) }
  await layDecoy(requireDatabase(c, tenant.database), id)
  switch (await storeTenant(c.env.DB, tenant, c.get('now'))) {
    case 'host-taken':
      throw new HTTPException(409, { message: 'One of the hosts belongs to another tenant.' })
    case 'stored': {
      forgetCatalogue()
      const createdAt = existing?.createdAt ?? c.get('now')
      return c.json(tenantRecord(c, { ...tenant, policy: parsed.policy, createdAt }), existing ? 200 : 201)
    }
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
