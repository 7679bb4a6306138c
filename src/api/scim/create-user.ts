import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { idempotentCallOf, runCall } from '../../http/idempotency.ts'
import type { IdempotentCall } from '../../codes/idempotent-call.ts'
import { insertUser, type User } from '../../users/user-store.ts'
import { ScimException } from './errors.ts'
import { answerUser, resourceOf } from './resource.ts'
import { readUser } from './scim-user.ts'

/** `POST /scim/v2/Users` (RFC 7644 §3.3). */
export async function createUser(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  const user = readUser(body)
  const newUser = (id: string, at: number) => ({
    ...user,
    id,
    createdAt: at,
    updatedAt: at,
    highRiskAt: null,
    frozenUntil: null,
  })
  const call = idempotentCallOf(c, 'create user', body, () => ({ size: 1 }))
  const created = await runCall(
    c,
    call,
    () => insert(c, newUser(crypto.randomUUID(), c.get('now')), call),
    (_, { entries }) => {
      const { userId, at } = entries.get(0) ?? { userId: null, at: 0 }
      if (userId === null) throw new Error('an earlier call has no event')
      return newUser(userId, at)
    },
  )
  c.header('Location', resourceOf(c, created).meta.location)
  return answerUser(c, created, 201)
}

async function insert(c: Context<AdminEnv>, user: User, call: IdempotentCall | undefined): Promise<User> {
  switch (await insertUser(directoryScopeOf(c), actorOf(c), user, call)) {
    case 'user-name-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this userName.')
    case 'email-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this e-mail address.')
    case 'stored':
      return user
  }
}
