import { HTTPException } from 'hono/http-exception'
import { lowerCaseAscii } from '../../domain-name.ts'
import { readJson } from '../../http/body.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { admitKey } from '../../http/key-limits.ts'
import { isRecord, ownMember } from '../../record.ts'
import { findByStart } from '../../users/user-find-store.ts'
import type { ConsoleContext } from './console-env.ts'

const TEXT_LENGTH_MAX = 255

/**
 * `POST /console/users/find`: up to 25 users of whom an address or a name begins with `text`. By a body, so that no
 * address is in a URL.
 */
export async function findUsers(c: ConsoleContext): Promise<Response> {
  const body = await readJson(c)
  const text = isRecord(body) ? ownMember(body, 'text') : undefined
  if (typeof text !== 'string' || text.trim() === '' || text.length > TEXT_LENGTH_MAX) {
    throw new HTTPException(400, { message: `text must be 1 to ${TEXT_LENGTH_MAX} characters.` })
  }
  await admitKey(c)
  const found = await findByStart(tenantScopeOf(c), lowerCaseAscii(text.trim()))
  const users = found.map(({ id, email, userName, name, status, isHighRisk }) => ({
    id,
    name: name ?? userName,
    email,
    userName,
    isEnabled: status === 'enabled',
    isHighRisk: Boolean(isHighRisk),
  }))
  return c.json({ users })
}
