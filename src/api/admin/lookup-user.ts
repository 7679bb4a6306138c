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
  const [email, username] = [ownMember(body, 'email'), ownMember(body, 'username')]
  if (typeof (email ?? username) !== 'string' || (email !== undefined && username !== undefined)) {
    throw new HTTPException(400, { message: 'Name one user: email or username, as a string.' })
  }
  if (!['undefined', 'boolean'].includes(typeof ownMember(body, 'searchUnsynched'))) {
    throw new HTTPException(400, { message: 'searchUnsynched must be true or false.' })
  }
  const scope = tenantScopeOf(c)
  const user = await (typeof email === 'string'
    ? findOne(scope, 'emailKey', canonicalEmailAddress(email) ?? '')
    : findOne(scope, 'userNameKey', lowerCaseAscii(String(username))))
  if (user === undefined) throw noSuchUser()
  return c.json(userRecord(user))
}
