import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newCodeDigest } from '../src/codes/code.ts'
import { parseKeyring } from '../src/crypto/keyring.ts'
import { ROOT } from '../scripts/local/home.ts'
import { codeOf, emailOf } from './load/subjects.ts'
import { secrets, TENANT_ID } from './servers/rescind.ts'

/** Rows per statement: some megabytes of SQL's own work, and no longer than a second. */
const CHUNK_ROWS = 50_000
const DIGESTS_PER_STATEMENT = 5_000
const DAY_MS = 86_400_000

/** Users that have a known code each, however many more there are: all of them below this number. */
const KNOWN_CODES_MAX = 20_000

/** Makes the tables, by the migrations that a deploy applies. */
export async function migrate(db: D1Database): Promise<void> {
  const folder = join(ROOT, 'drizzle')
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()) {
    const statements = readFileSync(join(folder, file), 'utf8').split('--> statement-breakpoint')
    for (const statement of statements) await db.prepare(statement).run()
  }
}

/**
 * Adds users with a live code each. The codes of up to {@link KNOWN_CODES_MAX} of them, spread evenly,
 * are known: see `codeOf`. The others' match nothing.
 */
export async function addUsers(db: D1Database, count: number, onRows?: (rows: number) => void) {
  for (let from = 0; from < count; from += CHUNK_ROWS) {
    const to = Math.min(count, from + CHUNK_ROWS)
    await db.batch([insertUsers(db, from, to), insertCodes(db, from, to)])
    onRows?.(to)
  }
  const stride = strideOf(count)
  const known = Array.from({ length: Math.min(count, KNOWN_CODES_MAX) }, (_, index) => index * stride)
  for (let from = 0; from < known.length; from += DIGESTS_PER_STATEMENT) {
    await setDigests(db, known.slice(from, from + DIGESTS_PER_STATEMENT))
  }
  await db.prepare('PRAGMA optimize').run()
}

/** The distance between users whose codes are known. */
export function strideOf(count: number): number {
  return Math.max(1, Math.floor(count / KNOWN_CODES_MAX))
}

/**
 * Makes codes live again, of these users or of all, so that each round finds what the first one found.
 */
export async function reviveCodes(db: D1Database, users?: readonly number[]): Promise<void> {
  const isConcerned =
    users === undefined
      ? `user_id NOT LIKE 'nobody:%' AND (voided_at IS NOT NULL OR ended_at IS NOT NULL OR failures > 0) AND ?1 = ''`
      : `user_id IN (SELECT ${idOf('value')} FROM json_each(?1)) AND mode = 'PASSWORD_RESET'`
  await db.batch([
    db
      .prepare(
        `UPDATE reset_codes SET ended_at = NULL, ended_as = NULL, voided_at = NULL, attempts = 0, failures = 0
         WHERE ${isConcerned}`,
      )
      .bind(users === undefined ? '' : JSON.stringify(users)),
    db.prepare('DELETE FROM admin_events'),
    db.prepare('DELETE FROM user_events'),
  ])
}

/** Cast, since numbers are bound as REAL. */
const NUMBERS =
  'WITH RECURSIVE n (i) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)'
/** Its first symbols are as if random, since the service counts users by them. */
const idOf = (number: string) =>
  `printf('%08x-0000-4000-8000-%012x', (${number} * 2654435761) & 4294967295, ${number})`
const USER_ID = idOf('i')

function insertUsers(db: D1Database, from: number, to: number): D1PreparedStatement {
  const email = `'u' || i || '@bench.example'`
  return db
    .prepare(
      `${NUMBERS} INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at) SELECT ${USER_ID}, ?3, ${email}, ${email}, ${email}, ${email}, 'enabled',
       '{}', ?4, ?4 FROM n`,
    )
    .bind(from, to, TENANT_ID, Date.now())
}

function insertCodes(db: D1Database, from: number, to: number): D1PreparedStatement {
  const now = Date.now()
  return db
    .prepare(
      `${NUMBERS} INSERT INTO reset_codes (user_id, mode, tenant_id, code_id, digest, pepper_id, issued_at,
       expires_at) SELECT ${USER_ID}, 'PASSWORD_RESET', ?3, ${USER_ID},
       'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'k1', ?4, ?5 FROM n`,
    )
    .bind(from, to, TENANT_ID, now - 1_000, now + DAY_MS)
}

async function setDigests(db: D1Database, users: readonly number[]): Promise<void> {
  const peppers = parseKeyring('PEPPERS', secrets['PEPPERS'])
  const rows = users.map((i) => {
    const binding = { tenantId: TENANT_ID, emailKey: emailOf(i), mode: 'PASSWORD_RESET' as const }
    return { i, digest: newCodeDigest(peppers, binding, codeOf(i)).digest }
  })
  await db
    .prepare(
      `UPDATE reset_codes SET digest = e.value->>'digest' FROM json_each(?1) e, (SELECT 1 AS one)
       WHERE user_id = ${idOf(`e.value->>'i'`)} AND mode = 'PASSWORD_RESET'`,
    )
    .bind(JSON.stringify(rows))
    .run()
}
