import type { Context } from 'hono'
import type { TenantScope } from '../../database/scope.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { listUsers, searchUsers } from '../../users/user-store.ts'
import { ScimException } from './errors.ts'
import { resourceOf, scim } from './resource.ts'
import { readUserFilter } from './user-filter.ts'

/** Users per page of a search. */
const PAGE_SIZE_MAX = 100

/** `GET /scim/v2/Users?filter=&startIndex=&count=` (RFC 7644 §3.4.2) */
export async function findUsers(c: Context<AdminEnv>): Promise<Response> {
  const { filter, startIndex, count } = c.req.query()
  const offset = Math.max(1, wholeNumber('startIndex', startIndex ?? '1')) - 1
  const limit = Math.min(PAGE_SIZE_MAX, Math.max(0, wholeNumber('count', count ?? String(PAGE_SIZE_MAX))))
  const { total, page } = await find(tenantScopeOf(c), filter, { offset, limit })
  return scim(c, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex: offset + 1,
    itemsPerPage: page.length,
    Resources: page.map((user) => resourceOf(c, user)),
  })
}

async function find(scope: TenantScope, filter: string | undefined, page: { offset: number; limit: number }) {
  if (filter === undefined) return listUsers(scope, page)
  const found = await searchUsers(scope, readUserFilter(filter))
  return { total: found.length, page: found.slice(page.offset, page.offset + page.limit) }
}

function wholeNumber(name: string, text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new ScimException(400, 'invalidValue', `${name} must be a whole number.`)
}
