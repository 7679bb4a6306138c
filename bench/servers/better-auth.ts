import { createHash } from 'node:crypto'
import { codeOf, emailOf } from '../load/subjects.ts'
import { startServer, type Server } from './server.ts'

const DAY_MS = 86_400_000

/** Starts better-auth on D1, with users that have a code each. */
export async function startBetterAuth(bundle: string, isLimited: boolean, users: number): Promise<Server> {
  const name = isLimited ? 'better-auth, limiter on' : 'better-auth, limiter off'
  const id = isLimited ? 'better-auth-on' : 'better-auth-off'
  const env = { DB: { type: 'd1' as const, id }, IS_LIMITED: { type: 'json' as const, value: isLimited } }
  const server = await startServer({ name: id, bundle, config: { env } })
  const migrated = await fetch(`${server.url}/migrate`)
  if (!migrated.ok) throw new Error(`the tables of better-auth: ${await migrated.text()}`)
  const rows = JSON.stringify(Array.from({ length: users }, (_, user) => rowOf(user)))
  // Its migration makes no indexes; its documentation recommends these two.
  const statements = [
    'CREATE INDEX account_by_user ON account (userId)',
    'CREATE INDEX verification_by_identifier ON verification (identifier)',
    `INSERT INTO user SELECT value->>'id', 'A user', value->>'email', 1, NULL, value->>'at', value->>'at'
     FROM json_each(?1)`,
    `INSERT INTO account (id, accountId, providerId, userId, password, createdAt, updatedAt)
     SELECT value->>'id', value->>'id', 'credential', value->>'id', 'none', value->>'at', value->>'at'
     FROM json_each(?1)`,
    `CREATE TABLE fresh_codes AS SELECT value->>'id' AS id, 'forget-password-otp-' || (value->>'email') AS identifier,
     value->>'value' AS value, value->>'until' AS until, value->>'at' AS at FROM json_each(?1)`,
  ]
  for (const sql of statements) {
    const statement = server.db.prepare(sql)
    await (sql.includes('?1') ? statement.bind(rows) : statement).run()
  }
  return { ...server, name }
}

/** Gives every user their code again, with no attempt spent. */
export async function reviveBetterAuth({ db }: Server): Promise<void> {
  await db.batch([
    db.prepare('DELETE FROM verification'),
    db.prepare('INSERT INTO verification SELECT id, identifier, value, until, at, at FROM fresh_codes'),
  ])
}

function rowOf(user: number) {
  const now = Date.now()
  return {
    id: `user-${user}`,
    email: emailOf(user),
    value: `${createHash('sha256').update(codeOf(user)).digest('base64url')}:0`,
    at: new Date(now).toISOString(),
    until: new Date(now + DAY_MS).toISOString(),
  }
}
