import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { networkHash } from '../../src/audit/network-hash.ts'
import { newCodeDigest } from '../../src/codes/code.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { addKey, adminToken, call } from '../rig/service.ts'

/** The database of this file alone goes through its whole history. */

const KEYS = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)

type Row = Record<string, string | number | null>

const migrateTo = (count: number) => applyD1Migrations(env.DB, env.TEST_MIGRATIONS.slice(0, count))

async function tables(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'
       AND name NOT GLOB '_cf_*' AND name <> 'd1_migrations' ORDER BY name`,
  ).all<{ name: string }>()
  return results.map(({ name }) => name)
}

async function rowsOf(table: string): Promise<Row[]> {
  return (await env.DB.prepare(`SELECT * FROM "${table}"`).all<Row>()).results
}

/** A text of its own for each value; attributes are JSON, which an index reads. */
function textOf(table: string, name: string, nth: number): string {
  const text = `${table}-${name}-${nth}`
  return name === 'attributes' ? JSON.stringify({ externalId: text }) : text
}

/** Puts three rows, no value of which is another's, into every table that has none yet. */
async function populateNewTables(): Promise<void> {
  for (const table of await tables()) {
    if ((await rowsOf(table)).length > 0) continue
    const { results } = await env.DB.prepare('SELECT name, type FROM pragma_table_info(?)')
      .bind(table)
      .all<{ name: string; type: string }>()
    for (const nth of [1, 2, 3]) {
      const values = results.map(({ name, type }, index) =>
        type.toUpperCase() === 'INTEGER' ? nth * 1_000 + index : textOf(table, name, nth),
      )
      const marks = values.map(() => '?').join(', ')
      await env.DB.prepare(`INSERT INTO "${table}" VALUES (${marks})`)
        .bind(...values)
        .run()
    }
  }
}

async function everyRow(): Promise<Map<string, Row[]>> {
  const all = new Map<string, Row[]>()
  for (const table of await tables()) all.set(table, await rowsOf(table))
  return all
}

/** The old rows of which no row of now has the same values. */
function lost(before: Map<string, Row[]>, after: Map<string, Row[]>): [string, Row][] {
  return [...before].flatMap(([table, rows]) =>
    rows
      .filter((old) => {
        const isKept = (row: Row) => Object.entries(old).every(([name, value]) => row[name] === value)
        return after.get(table)?.some(isKept) !== true
      })
      .map((row): [string, Row] => [table, row]),
  )
}

beforeEach(async () => {
  await reset()
})

describe('the migrations', () => {
  it('D5: lose no row and no value of a populated database, one after the other', async () => {
    const seen: number[] = []
    for (const applied of env.TEST_MIGRATIONS.keys()) {
      const before = await everyRow()
      await migrateTo(applied + 1)
      expect(lost(before, await everyRow())).toEqual([])
      await populateNewTables()
      seen.push((await everyRow()).size)
    }
    expect(seen[0]).toBeGreaterThanOrEqual(6)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  })

  it('D5: lose none in one go, and are applied once', async () => {
    await migrateTo(1)
    await populateNewTables()
    const before = await everyRow()
    await migrateTo(env.TEST_MIGRATIONS.length)
    await migrateTo(env.TEST_MIGRATIONS.length)
    expect(lost(before, await everyRow())).toEqual([])
  })

  it('D5: leave a tenant of the first release working, with the codes that were out', async () => {
    await migrateTo(1)
    const [now, tenantId, email] = [Date.now(), 'first', 'jane@example.com']
    const [live, ended] = ['7XK2M9QP', '0AB3C4DE']
    const binding = { tenantId, emailKey: email, mode: 'PASSWORD_RESET' } as const
    const digest = (code: string, emailKey = email) =>
      newCodeDigest(parseKeyring('PEPPERS', env.PEPPERS), { ...binding, emailKey }, code)
    const insert = (table: string, row: Row) => {
      const columns = Object.keys(row)
      const marks = columns.map(() => '?').join(', ')
      return env.DB.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`).bind(
        ...Object.values(row),
      )
    }
    const user = (id: string, address: string): Row => ({
      id,
      tenant_id: tenantId,
      email: address,
      email_key: address,
      user_name: address,
      user_name_key: address,
      status: 'enabled',
      attributes: '{}',
      created_at: now,
      updated_at: now,
    })
    const code = (user_id: string, { pepperId, digest }: ReturnType<typeof newCodeDigest>): Row => ({
      user_id,
      mode: 'PASSWORD_RESET',
      tenant_id: tenantId,
      code_id: `code of ${user_id}`,
      digest,
      pepper_id: pepperId,
      issued_at: now,
      expires_at: now + 600_000,
      attempts: 1,
      failures: 4,
    })
    await env.DB.batch([
      insert('tenants', { id: tenantId, name: 'First', policy: '{}', database: 'DB', created_at: now }),
      insert('tenant_hosts', { hostname: 'first.example.com', tenant_id: tenantId }),
      insert('users', user('jane', email)),
      insert('users', user('joe', 'joe@example.com')),
      insert('reset_codes', code('jane', digest(live))),
      // What the tenant's refusals of nobody's codes are counted on, see code-store.
      insert('reset_codes', {
        ...code(`nobody:${tenantId}`, { pepperId: '', digest: '' }),
        ended_at: 0,
      }),
      insert('reset_codes', {
        ...code('joe', digest(ended, 'joe@example.com')),
        ended_at: now,
        ended_as: 'voided',
      }),
    ])
    const event = { tenant_id: tenantId, occurred_at: now - (now % 3_600_000), last_at: now, count: 7 }
    await migrateTo(2)
    await env.DB.batch([
      insert('admin_events', {
        tenant_id: tenantId,
        id: 'code of jane',
        occurred_at: now,
        access_id: 'key',
        action: 'generate',
        mode: 'PASSWORD_RESET',
        user_id: 'jane',
        target: 'j***@example.com',
        result: 'issued',
        source_ip: '10.0.0.1',
        request_id: 'first',
      }),
      insert('user_events', {
        ...event,
        id: 'validated:jane:match',
        user_id: 'jane',
        action: 'validated',
        reason: '',
      }),
    ])
    await migrateTo(env.TEST_MIGRATIONS.length)
    const validate = async (emailAddress: string, passwordResetCode: string) => {
      const url = 'https://first.example.com/api/passwordmanagement/validatePasswordResetCode'
      const headers = { 'CF-Connecting-IP': '10.0.0.2' }
      return (await call(url, { body: { emailAddress, passwordResetCode }, headers })).status
    }
    expect(await validate(email, live)).toBe(200)
    expect(await validate('joe@example.com', ended)).toBe(401)
    expect(await validate('nobody@example.com', live)).toBe(401)
    const events = (await rowsOf('user_events')).map(({ action, reason }) => `${action}:${reason}`)
    expect(events.toSorted()).toEqual(['refused:unknown', 'refused:voided', 'validated:'])
    // A row that was counted before networks were recorded goes on counting, and names them from now on.
    const counted = (await rowsOf('user_events')).find(({ action }) => action === 'validated')
    expect(counted).toMatchObject({ count: 8, networks: networkHash(KEYS, tenantId, '10.0.0.2') })
    expect(await rowsOf('admin_events')).toMatchObject([
      { result: 'issued', channel: null, destination: null },
    ])
    const key = await addKey(tenantId, 'help-desk')
    const response = await call('https://first.example.com/AdminInterface/restapi/v1/users/voidVerifyCode', {
      token: await adminToken(key),
      body: { code_generation_mode: 'PASSWORD_RESET', user_emails: [email, 'joe@example.com'] },
    })
    expect(await response.json()).toMatchObject({ results: [{ status: 1016 }, { status: 1015 }] })
    expect(await validate(email, live)).toBe(401)
    const users = await call('https://first.example.com/scim/v2/Users?startIndex=2', {
      method: 'GET',
      token: await adminToken(key),
    })
    expect(await users.json()).toMatchObject({ totalResults: 2, itemsPerPage: 1, Resources: [{ id: 'joe' }] })
  })
})
