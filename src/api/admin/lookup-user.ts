import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { lowerCaseAscii } from '../../domain-name.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { ownMember } from '../../record.ts'
import { findOne } from '../../users/user-search-store.ts'
import { noSuchUser, requireObject, userRecord } from './user-record.ts'

/**
 * `POST v1/users/lookup`: the user with an address or a user name. `searchUnsynched` changes nothing: there is no
 * outside directory here.
 */
export async function lookupUser(c: Context<AdminEnv>): Promise<Response> {
  const body = requireObject(await readJson(c))
  // Null is what clients write that name every member.
  const [email, username, searchUnsynched] = ['email', 'username', 'searchUnsynched'].map(
    (member) => ownMember(body, member) ?? undefined,
  )
  const name = email ?? username
  if (typeof name !== 'string' || (email !== undefined && username !== undefined)) {
    throw new HTTPException(400, { message: 'Name one user: email or username, as a string.' })
  }
  if (!['undefined', 'boolean'].includes(typeof searchUnsynched)) {
    throw new HTTPException(400, { message: 'searchUnsynched must be true or false.' })
  }
  const scope = tenantScopeOf(c)
  const user = await (email === undefined
    ? findOne(scope, 'userNameKey', lowerCaseAscii(name))
    : findOne(scope, 'emailKey', canonicalEmailAddress(name) ?? ''))
  if (user === undefined) throw noSuchUser()
  return c.json(userRecord(user))
}
