import type { Context } from 'hono'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { admitKey } from '../../http/key-limits.ts'
import { isRecord, ownMember } from '../../record.ts'
import { isScan, queryUsers, type Order, type Query } from '../../users/user-query-store.ts'
import { newCursor, readCursor } from './cursor.ts'
import { ScimException, type ScimType } from './errors.ts'
import { resourceOf, scim } from './resource.ts'
import { selected, type Selection } from './selection.ts'
import { readUserFilter, sortAttribute } from './user-filter.ts'

/** Users per page of a search. */
export const PAGE_SIZE_MAX = 100
/** What a query costs its key that reads through every user of the tenant, which no index spares it. */
const SCAN_COST = 25

const SEARCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

type Asked = Selection & {
  filter?: string
  sortBy?: string
  sortOrder?: string
  startIndex?: string
  count?: string
  cursor?: string
}

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
  const names = [
    'filter',
    'sortBy',
    'sortOrder',
    'startIndex',
    'count',
    'cursor',
    'attributes',
    'excludedAttributes',
  ]
  return answer(c, Object.assign({}, ...names.map(text)) as Asked)
}

async function answer(c: Context<AdminEnv>, asked: Asked): Promise<Response> {
  const { filter, cursor, count } = asked
  const condition = filter === undefined ? undefined : readUserFilter(filter)
  const query = { condition, order: readOrder(asked) }
  const limit = Math.min(
    PAGE_SIZE_MAX,
    Math.max(
      0,
      wholeNumber(
        'count',
        count ?? String(PAGE_SIZE_MAX),
        cursor === undefined ? 'invalidValue' : 'invalidCount',
      ),
    ),
  )
  const { total, page, ...paging } =
    cursor === undefined
      ? await findByIndex(c, query, asked, limit)
      : await findByCursor(c, query, { ...asked, cursor }, limit)
  return scim(c, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    ...paging,
    itemsPerPage: page.length,
    Resources: page.map((user) => selected(resourceOf(c, user), asked)),
  })
}

async function findByIndex(
  c: Context<AdminEnv>,
  query: Omit<Query, 'slice'>,
  { startIndex = '1' }: Asked,
  limit: number,
) {
  const offset = Math.max(1, wholeNumber('startIndex', startIndex)) - 1
  const { total, page } = await find(c, { ...query, slice: { offset, limit } })
  return { total, startIndex: offset + 1, page }
}

/** A page of RFC 9865: behind the one that its cursor came with, whoever has been added or removed since. */
async function findByCursor(
  c: Context<AdminEnv>,
  query: Omit<Query, 'slice'>,
  { cursor, count, filter, sortBy, sortOrder }: Asked & { cursor: string },
  limit: number,
) {
  if (limit === 0 || (count !== undefined && Number(count) !== limit)) {
    throw new ScimException(400, 'invalidCount', `count must be from 1 to ${PAGE_SIZE_MAX}.`)
  }
  const { transientKeys } = config(c.env)
  const scope = { tenantId: c.get('tenant').id, now: c.get('now'), query: [filter, sortBy, sortOrder] }
  const after = await readCursor(transientKeys, scope, cursor)
  const { total, page, next } = await find(c, { ...query, slice: { after, limit } })
  return { total, ...(next && { nextCursor: await newCursor(transientKeys, scope, next) }), page }
}

/** Pays for the query, and runs it. */
async function find(c: Context<AdminEnv>, query: Query) {
  const isCostly = isScan(query)
  await admitKey(c, isCostly ? SCAN_COST : 1)
  const found = await queryUsers(tenantScopeOf(c), query)
  if (found.tag === 'found') return found
  throw new ScimException(
    400,
    'tooMany',
    isCostly
      ? `The tenant has ${found.users} users, and this reads through ${found.most} at most. Filter by eq, and by id, externalId, userName or emails.value, or read all users in pages without sorting them.`
      : `More than ${found.most} users match. Filter by id, userName or emails.value, which are of one user each.`,
  )
}

/** How the answer is sorted (RFC 7644 §3.4.2.3). Without a wish it is by id. */
function readOrder({ sortBy, sortOrder }: Asked): Order | undefined {
  const order = (sortOrder ?? 'ascending').toLowerCase()
  if (order !== 'ascending' && order !== 'descending') {
    throw new ScimException(400, 'invalidValue', 'sortOrder must be ascending or descending.')
  }
  if (sortBy === undefined || sortBy === '') return undefined
  const by = sortAttribute(sortBy)
  if (by === undefined) throw new ScimException(400, 'invalidValue', 'sortBy must be an attribute of users.')
  return { by, descending: order === 'descending' }
}

function wholeNumber(name: string, text: string, scimType: ScimType = 'invalidValue'): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new ScimException(400, scimType, `${name} must be a whole number.`)
}
