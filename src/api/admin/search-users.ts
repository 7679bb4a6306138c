import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { lowerCaseAscii } from '../../domain-name.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { admitKey } from '../../http/key-limits.ts'
import { ownMember } from '../../record.ts'
import { findByPartOfAddress, SEARCHED_USERS_MAX } from '../../users/user-search-store.ts'
import { requireObject, userRecord } from './user-record.ts'

const PAGE_SIZE_MAX = 25
const PART_LENGTH_MAX = 255
/** What a search costs its key: it reads through every address of the tenant, which no index spares it. */
const SEARCH_COST = 25

/**
 * `POST v1/users/search` and `v2`: users whose address contains `emailLike`, taken to the letter. The second version
 * has pages.
 */
export function searchUsers(version: 'v1' | 'v2') {
  return async function searchUsers(c: Context<AdminEnv>): Promise<Response> {
    const part = ownMember(requireObject(await readJson(c)), 'emailLike')
    if (typeof part !== 'string' || part === '' || part.length > PART_LENGTH_MAX) {
      throw new HTTPException(400, {
        message: `emailLike must be a part of an address: 1 to ${PART_LENGTH_MAX} characters.`,
      })
    }
    const pageSize = parameter(c, 'pageSize', { least: 1, most: PAGE_SIZE_MAX, otherwise: PAGE_SIZE_MAX })
    const pageNumber =
      version === 'v1' ? 0 : parameter(c, 'pageNumber', { least: 0, most: 1_000_000, otherwise: 0 })
    await admitKey(c, SEARCH_COST)
    const page = { offset: pageNumber * pageSize, limit: pageSize }
    const found = await findByPartOfAddress(tenantScopeOf(c), lowerCaseAscii(part), page)
    if (found.tag === 'too-many') {
      throw new HTTPException(400, {
        message: `The tenant has ${found.users} users, and a part of an address is looked for among ${SEARCHED_USERS_MAX} at most. Look the user up by the whole address: v1/users/lookup.`,
      })
    }
    const elements = found.page.map(userRecord)
    const totalPages = Math.ceil(found.total / pageSize)
    return c.json({ totalPages, totalElements: found.total, pageSize, currentPage: pageNumber, elements })
  }
}

function parameter(
  c: Context<AdminEnv>,
  name: string,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const text = c.req.query(name)
  if (text === undefined) return otherwise
  const value = /^\d{1,7}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new HTTPException(400, { message: `${name} must be a whole number from ${least} to ${most}.` })
}
