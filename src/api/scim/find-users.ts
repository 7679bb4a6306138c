import type { Context } from 'hono'
import type { TenantScope } from '../../database/scope.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { isRecord, ownMember } from '../../record.ts'
import { listUsers, searchUsers } from '../../users/user-store.ts'
import { ScimException } from './errors.ts'
import { resourceOf, scim } from './resource.ts'
import { selected, type Selection } from './selection.ts'
import { readUserFilter } from './user-filter.ts'

/** Users per page of a search. */
export const PAGE_SIZE_MAX = 100

const SEARCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

type Query = Selection & { filter?: string; startIndex?: string; count?: string }

/** `GET /scim/v2/Users?filter=&startIndex=&count=` (RFC 7644 §3.4.2) */
export async function findUsers(c: Context<AdminEnv>): Promise<Response> {
  return answer(c, c.req.query())
}

/** `POST /scim/v2/Users/.search` (RFC 7644 §3.4.3): the same, where the query is too long or too secret for a URL. */
export async function searchForUsers(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  const schemas = isRecord(body) ? ownMember(body, 'schemas') : undefined
  if (!isRecord(body) || !Array.isArray(schemas) || !schemas.includes(SEARCH_SCHEMA)) {
    throw new ScimException(
      400,
      'invalidSyntax',
      `The body is not a SearchRequest: schemas must hold ${SEARCH_SCHEMA}.`,
    )
  }
  const text = (name: string) => {
    const value = ownMember(body, name)
    if (value === undefined || value === null) return {}
    if (Array.isArray(value)) return { [name]: value.join(',') }
    if (typeof value === 'string' || typeof value === 'number') return { [name]: String(value) }
    throw new ScimException(400, 'invalidValue', `${name} must be a text, a number or a list.`)
  }
  const names = ['filter', 'startIndex', 'count', 'attributes', 'excludedAttributes']
  return answer(c, Object.assign({}, ...names.map(text)) as Query)
}

async function answer(c: Context<AdminEnv>, query: Query): Promise<Response> {
  const { filter, startIndex, count } = query
  const offset = Math.max(1, wholeNumber('startIndex', startIndex ?? '1')) - 1
  const limit = Math.min(PAGE_SIZE_MAX, Math.max(0, wholeNumber('count', count ?? String(PAGE_SIZE_MAX))))
  const { total, page } = await find(tenantScopeOf(c), filter, { offset, limit })
  return scim(c, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex: offset + 1,
    itemsPerPage: page.length,
    Resources: page.map((user) => selected(resourceOf(c, user), query)),
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
