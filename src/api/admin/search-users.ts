import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { lowerCaseAscii } from '../../domain-name.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { admitKey } from '../../http/key-limits.ts'
import { ownMember } from '../../record.ts'
import { findByPartOfAddress, SEARCHED_USERS_MAX } from '../../users/user-search-store.ts'
import { pageNumber, pageSize } from './query.ts'
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
    const size = pageSize(c, PAGE_SIZE_MAX)
    const number = version === 'v1' ? 0 : pageNumber(c)
    await admitKey(c, SEARCH_COST)
    const page = { offset: number * size, limit: size }
    const found = await findByPartOfAddress(tenantScopeOf(c), lowerCaseAscii(part), page)
    if (found.tag === 'too-many') {
      throw new HTTPException(400, {
        message: `The tenant has ${found.users} users, and a part of an address is looked for among ${SEARCHED_USERS_MAX} at most. Look the user up by the whole address: v1/users/lookup.`,
      })
    }
    return c.json({
      totalPages: Math.ceil(found.total / size),
      totalElements: found.total,
      pageSize: size,
      currentPage: number,
      elements: found.page.map(userRecord),
    })
  }
}
