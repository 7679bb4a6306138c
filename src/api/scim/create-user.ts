import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { insertUser } from '../../users/user-store.ts'
import { ScimException } from './errors.ts'
import { resourceOf, scim } from './resource.ts'
import { readUser } from './scim-user.ts'

/** `POST /scim/v2/Users` (RFC 7644 §3.3) */
export async function createUser(c: Context<AdminEnv>): Promise<Response> {
  const now = c.get('now')
  const user = { ...readUser(await readJson(c)), id: crypto.randomUUID(), createdAt: now, updatedAt: now }
  switch (await insertUser(directoryScopeOf(c), actorOf(c), user)) {
    case 'user-name-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this userName.')
    case 'email-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this e-mail address.')
    case 'stored': {
      const resource = resourceOf(c, { ...user, highRiskAt: null })
      c.header('Location', resource.meta.location)
      return scim(c, resource, 201)
    }
  }
}
