import { env } from 'cloudflare:workers'
import type { Tenant } from './service.ts'

/**
 * Makes writes of one tenant fail inside the database, as a full or broken one would.
 *
 * @returns what repairs it.
 */
export async function failWrites(tenant: Tenant, operation: string) {
  const name = `fail_${crypto.randomUUID().replaceAll('-', '')}`
  await env.DB.prepare(
    `CREATE TRIGGER ${name} BEFORE ${operation} WHEN NEW.tenant_id = '${tenant.id}'
     BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
  ).run()
  return () => env.DB.prepare(`DROP TRIGGER ${name}`).run()
}

/** Makes writes of one user's codes fail; see {@link failWrites}. */
export async function failWritesOf(tenant: Tenant, email: string, operation: string) {
  const user = await env.DB.prepare('SELECT id FROM users WHERE tenant_id = ? AND email_key = ?')
    .bind(tenant.id, email)
    .first<{ id: string }>()
  const name = `fail_${crypto.randomUUID().replaceAll('-', '')}`
  await env.DB.prepare(
    `CREATE TRIGGER ${name} BEFORE ${operation} WHEN NEW.user_id = '${user?.id}'
     BEGIN SELECT RAISE(ABORT, 'this row is broken'); END`,
  ).run()
  return () => env.DB.prepare(`DROP TRIGGER ${name}`).run()
}

/**
 * Makes a tenant's admin events fail with SQLite's own error for a full database: its trigger asks for a row
 * id after the last one that there can be (sqlite.org/autoinc.html).
 *
 * @returns what repairs it.
 */
export async function fillDatabase(tenant: Tenant) {
  const name = `full_${crypto.randomUUID().replaceAll('-', '')}`
  await env.DB.batch([
    env.DB.prepare(`CREATE TABLE ${name} (id INTEGER PRIMARY KEY AUTOINCREMENT, filler)`),
    env.DB.prepare(`INSERT INTO ${name} VALUES (9223372036854775807, 'x')`),
    env.DB.prepare(
      `CREATE TRIGGER ${name}_trigger BEFORE INSERT ON admin_events WHEN NEW.tenant_id = '${tenant.id}'
       BEGIN INSERT INTO ${name} (filler) VALUES ('x'); END`,
    ),
  ])
  return () =>
    env.DB.batch([env.DB.prepare(`DROP TRIGGER ${name}_trigger`), env.DB.prepare(`DROP TABLE ${name}`)])
}
