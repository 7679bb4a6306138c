import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import * as v from 'valibot'
import { layDecoy } from '../../codes/code-store.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import { isSameSignIn } from '../../tenants/console-policy.ts'
import { changeTenant, findTenant, putTenant as storeTenant } from '../../tenants/tenant-store.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { ownersChanges } from './owner-changes.ts'
import { requireDatabase, tenantRecord } from './tenant-record.ts'
import { readTenantRequest } from './tenant-request.ts'

const idSchema = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,62}$/))

/** `PUT /operator/v1/tenants/{id}`: creates the tenant (201), or replaces its name, hosts and policy (200). */
export async function putTenant(c: Context<OperatorEnv>): Promise<Response> {
  const id = c.req.param('id') ?? ''
  if (!v.is(idSchema, id)) {
    throw new HTTPException(400, {
      message: 'The id of a tenant is 1 to 63 of a-z, 0-9 and hyphens, not starting with a hyphen.',
    })
  }
  const existing = await findTenant(c.env.DB, id)
  const { database, parsedPolicy, ...sent } = await readTenantRequest(c, id, existing)
  const tenant = { id, ...sent, database: chosenDatabase(existing, database) }
  const record = { ...tenant, policy: parsedPolicy, createdAt: existing?.createdAt ?? c.get('now') }
  if (c.get('principal').tag === 'person') {
    // It was there when the session was read: a super-admin makes none.
    if (existing === undefined) throw changedMeanwhile()
    c.set('changed', ownersChanges(existing, record))
    // Its hosts are not among what may be changed, and are left alone.
    if (!(await changeTenant(c.env.DB, tenant, existing))) throw changedMeanwhile()
    forgetCatalogue()
    return c.json(tenantRecord(c, record))
  }
  await layDecoy(requireDatabase(c, tenant.database), id)
  const endsSessions = !isSameSignIn(existing?.policy.console, parsedPolicy.console)
  switch (await storeTenant(c.env.DB, tenant, { now: c.get('now'), endsSessions })) {
    case 'host-taken':
      throw new HTTPException(409, { message: 'One of the hosts belongs to another tenant.' })
    case 'audience-taken':
      throw new HTTPException(409, {
        message:
          "policy.redeem.audience belongs to another tenant: a service of that audience would take one tenant's grants for the other's.",
      })
    case 'stored': {
      forgetCatalogue()
      return c.json(tenantRecord(c, record), existing ? 200 : 201)
    }
  }
}

/** Somebody else has put the record between the read that a change was held against and its write. */
function changedMeanwhile(): HTTPException {
  return new HTTPException(409, {
    message: 'The tenant was changed meanwhile. Fetch its record again, and change that.',
  })
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
