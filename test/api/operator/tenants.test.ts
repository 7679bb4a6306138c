import { env } from 'cloudflare:workers'
import { getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import * as schema from '../../../src/database/schema.ts'
import { BASE_URL, call, newTenant, operate, type Tenant } from '../../rig/service.ts'
import { challenges, newAskingTenant, rightAnswers } from '../../rig/challenges.ts'
import { accessToken, addClient, clientKey } from '../../rig/oauth.ts'

const newId = () => `t-${crypto.randomUUID()}`
const hostOf = (id: string) => `${id}.example.com`

type Shown = {
  id: string
  name: string
  hosts: string[]
  policy: Record<string, unknown>
  database: string
  adminRestApiUrl: string
  createdAt: string
}

function put(id: string, body: object = {}): Promise<Response> {
  return operate('PUT', `/tenants/${id}`, { name: 'Acme', hosts: [hostOf(id)], ...body })
}

async function shown(response: Response): Promise<Shown> {
  expect([200, 201]).toContain(response.status)
  return response.json()
}

async function refusal(response: Response): Promise<string> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  const { detail, ...problem } = await response.json<{ detail: string; status: number }>()
  expect(problem).toMatchObject({ type: 'about:blank', status: response.status })
  return `${response.status} ${detail}`
}

const clientsKey = await clientKey('ES256')

const DEFAULTS = {
  code: {
    alphabet: 'base32',
    length: 8,
    ttlMinutes: 10,
    attemptsMax: 10,
    failuresMax: 100,
    highRisk: 'restrict',
    customEmail: 'any',
  },
  limits: {
    admin: { perMinute: 600, burst: 100 },
    void: { perMinute: 3000, burst: 1000 },
    issue: { perHour: 200, perDay: 1000 },
    validate: { perMinute: 3000, burst: 300 },
    send: { perMinute: 600, burst: 60 },
    recipient: { perMinute: 1, burst: 1 },
    client: { perMinute: 60, burst: 30 },
    trustedClients: [],
  },
  origins: [],
  csrf: 'with-cookie',
  unknownAddress: 'silent',
  notify: { redeemed: true, voided: true, locked: true, issued: true },
  retention: { eventsDays: 400 },
  mail: { language: 'en', texts: {} },
  pages: 'off',
  challenges: { questions: [] },
}

describe('tenants', () => {
  it('are created, shown with every default, replaced, listed and deleted', async () => {
    const id = newId()
    const created = await put(id)
    expect(created.status).toBe(201)
    const tenant = await shown(created)
    expect(tenant).toEqual({
      id,
      name: 'Acme',
      hosts: [hostOf(id)],
      policy: DEFAULTS,
      database: 'DB',
      adminRestApiUrl: `https://${hostOf(id)}/AdminInterface/restapi`,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect(await shown(await operate('GET', `/tenants/${id}`))).toEqual(tenant)

    const hosts = [`b.${hostOf(id)}`, `a.${hostOf(id)}`]
    const replaced = await put(id, { name: 'Acme 2', hosts, policy: { code: { length: 10 } } })
    expect(replaced.status).toBe(200)
    const policy = { ...DEFAULTS, code: { ...DEFAULTS.code, length: 10 } }
    const after = await shown(await operate('GET', `/tenants/${id}`))
    expect(after).toMatchObject({
      name: 'Acme 2',
      hosts: hosts.toSorted(),
      policy,
      createdAt: tenant.createdAt,
    })

    expect((await operate('DELETE', `/tenants/${id}`)).status).toBe(204)
    expect(await refusal(await operate('GET', `/tenants/${id}`))).toBe('404 There is no such tenant.')
    expect((await operate('DELETE', `/tenants/${id}`)).status).toBe(404)
  })

  it('are listed in pages by their ids', async () => {
    const prefix = newId()
    const ids = ['a', 'b', 'c'].map((suffix) => `${prefix}-${suffix}`)
    for (const id of ids) await put(id)
    const page = async (query: string) => {
      const response = await operate('GET', `/tenants?${query}`)
      return (await response.json<{ tenants: Shown[] }>()).tenants.map(({ id }) => id)
    }
    expect(await page(`after=${prefix}&limit=2`)).toEqual(ids.slice(0, 2))
    expect(await page(`after=${ids[1]}&limit=1`)).toEqual(ids.slice(2))
    expect(await page(`after=~`)).toEqual([])
    for (const limit of ['0', '101', '-1', '1.5', 'x', '']) {
      expect((await operate('GET', `/tenants?limit=${limit}`)).status).toBe(400)
    }
  })

  it.each(['UPPER', '-a', 'a_b', 'a.b', 'ä', '%20', 'a'.repeat(64), '__proto__', "a'--"])(
    'I1: the id "%s" is refused',
    async (id) => {
      expect(await refusal(await put(encodeURIComponent(decodeURIComponent(id))))).toMatch(
        /^400 The id of a tenant is /,
      )
    },
  )

  it.each<[object, string]>([
    [{ name: undefined }, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ name: 'a\u0000b' }, 'name'],
    [{ name: 7 }, 'name'],
    [{ hosts: undefined }, 'hosts'],
    [{ hosts: 'a.example.com' }, 'hosts'],
    [{ hosts: ['a.example.com', 'a.example.com'] }, 'hosts'],
    [{ hosts: Array.from({ length: 21 }, (_, index) => `h${index}.example.com`) }, 'hosts'],
    ...[
      'A.example.com',
      'a.example.com:8443',
      'https://a.example.com',
      'a.example.com/x',
      'a b',
      '',
      'ä.example.com',
      'user@a.example.com',
      '*',
      '*.example.com',
      '%61.example.com',
      7,
      null,
    ].map((host): [object, string] => [{ hosts: [host] }, 'hosts.0']),
    [{ database: 7 }, 'database'],
    [{ database: 'NONE' }, 'database'],
    [{ database: 'TENANT_LIMITER' }, 'database'],
    [{ database: '__proto__' }, 'database'],
    [{ id: 'other' }, 'id'],
    [{ status: 'x' }, 'status'],
    [{ policy: null }, 'policy'],
    [{ policy: [] }, 'policy'],
  ])('I1: a tenant with %j is refused by the name of the member', async (body, member) => {
    const id = newId()
    expect((await refusal(await put(id, body))).startsWith(`400 ${member} `), JSON.stringify(body)).toBe(true)
    expect((await operate('GET', `/tenants/${id}`)).status).toBe(404)
  })

  it('I1: a member that is missing, or none, is named for that', async () => {
    const refusalOf = async (body: unknown) => refusal(await operate('PUT', `/tenants/${newId()}`, body))
    expect(await refusalOf({ hosts: [] })).toBe('400 name is required.')
    expect(await refusalOf({ name: 'Acme' })).toBe('400 hosts is required.')
    expect(await refusalOf({ name: 'Acme', hosts: [], x: 1 })).toBe('400 x is not a member.')
    expect(await refusalOf([])).toBe('400 name is required. hosts is required.')
    expect(await refusalOf('"x"')).toBe('415 Send the body as application/json.')
    const policy = { mail: { hook: { url: 'https://a.example.com' } } }
    expect(await refusalOf({ name: 'Acme', hosts: [], policy })).toBe(
      '400 policy.mail.hook.secret is required.',
    )
  })

  it('E3: keep their hosts to themselves: a host of another tenant is 409 and changes nothing', async () => {
    const [one, two] = [newId(), newId()]
    await put(one)
    await put(two)
    const taken = await put(two, {
      name: 'Thief',
      hosts: [`new.${hostOf(two)}`, hostOf(one)],
      policy: { csrf: 'off' },
    })
    expect(await refusal(taken)).toBe('409 One of the hosts belongs to another tenant.')
    const three = newId()
    expect((await put(three, { hosts: [hostOf(one)] })).status).toBe(409)
    expect((await operate('GET', `/tenants/${three}`)).status).toBe(404)
    const kept = { name: 'Acme', hosts: [hostOf(two)], policy: DEFAULTS }
    expect(await shown(await operate('GET', `/tenants/${two}`))).toMatchObject(kept)
    // Once given up, a host may go to another tenant.
    await put(one, { hosts: [] })
    expect((await put(two, { hosts: [hostOf(one)] })).status).toBe(200)
  })

  it('are asked under the base URL where that is one of their hosts, or they have none', async () => {
    const id = newId()
    expect((await shown(await put(id, { hosts: [] }))).adminRestApiUrl).toBe(
      `${BASE_URL}/AdminInterface/restapi`,
    )
  })

  it('stay in the database they were created in', async () => {
    const id = newId()
    expect((await shown(await put(id, { database: 'DB' }))).database).toBe('DB')
    expect((await refusal(await put(id, { database: 'DB2' }))).startsWith('409 database is DB ')).toBe(true)
  })
})

describe('deleting a tenant', () => {
  /** How many rows each table holds of a tenant: every table that says whose its rows are. */
  const rowsOf = async ({ id }: Tenant) => {
    const tables = Object.values(schema).filter((member) => is(member, SQLiteTable) && 'tenantId' in member)
    const names = tables.map((table) => getTableName(table as SQLiteTable))
    const statements = names.map((name) =>
      env.DB.prepare(`SELECT count(*) AS n FROM ${name} WHERE tenant_id = ?`).bind(id),
    )
    const counts = await env.DB.batch<{ n: number }>(statements)
    return Object.fromEntries(names.map((name, index) => [name, counts[index]?.results[0]?.n]))
  }
  const NOTHING = {
    admin_events: 0,
    api_keys: 0,
    reset_codes: 0,
    tenant_hosts: 0,
    user_counts: 0,
    user_events: 0,
    users: 0,
    oauth_clients: 0,
    scim_tokens: 0,
    deleted_users: 0,
    spent_budgets: 0,
    log_marks: 0,
    idempotent_calls: 0,
    challenge_answers: 0,
  }

  it('E3: with users is refused, and forced deletes everything of it, and nothing of another', async () => {
    const [tenant, other] = [await newAskingTenant(), await newAskingTenant()]
    for (const each of [tenant, other]) {
      const answering = await each.addUser('user2@example.com')
      await each.addUser('user1@example.com')
      expect((await challenges(each, 'PUT', answering, rightAnswers(2))).status).toBe(200)
    }
    const code = await other.newCode('user1@example.com')
    await tenant.newCode('user1@example.com')
    for (const each of [tenant, other]) await each.validate('user1@example.com', 'wrong')
    for (const each of [tenant, other]) {
      const client = await addClient(each, clientsKey, ['rsa.user.delete.soft'])
      await operate('POST', `/tenants/${each.id}/scim-tokens`, {})
      const gone = await each.addUser('gone@example.com')
      await each.newCode('gone@example.com')
      await each.validate('gone@example.com', 'wrong')
      const url = `https://${each.host}/AdminInterface/restapi/v1/users/${gone}/markDeleted`
      const token = await accessToken(each, client)
      expect((await call(url, { method: 'PUT', token, body: { markDeleted: true } })).status).toBe(200)
    }
    const assertions = async () =>
      (await env.DB.prepare('SELECT client_id FROM used_assertions').all()).results.length
    const used = await assertions()
    for (const each of [tenant, other]) {
      const url = `https://${each.host}/AdminInterface/restapi/v1/usereventlog/exportlogs`
      expect((await call(url, { method: 'GET', token: await each.token() })).status).toBe(200)
    }
    for (const each of [tenant, other]) {
      const body = { code_generation_mode: 'ENROLLMENT', user_emails: ['nobody@example.com'] }
      await each.admin('/users/voidVerifyCode', body, 'help-desk', { 'Idempotency-Key': 'x' })
    }
    const before = await rowsOf(other)
    for (const query of ['', '?force=false', '?force', '?force=TRUE']) {
      const refused = await refusal(await operate('DELETE', `/tenants/${tenant.id}${query}`))
      expect(refused).toMatch(/^409 The tenant has 2 users\. .*\?force=true/)
    }
    expect(await rowsOf(tenant)).toEqual({
      admin_events: 8,
      api_keys: 2,
      oauth_clients: 1,
      scim_tokens: 1,
      deleted_users: 1,
      spent_budgets: 1,
      log_marks: 1,
      idempotent_calls: 1,
      challenge_answers: 2,
      reset_codes: 2,
      tenant_hosts: 1,
      // One for each block of ids, and two ids may be in one block.
      user_counts: expect.any(Number),
      user_events: 2,
      users: 2,
    })
    expect((await operate('DELETE', `/tenants/${tenant.id}?force=true`)).status).toBe(204)
    expect(await rowsOf(tenant)).toEqual(NOTHING)
    expect(await assertions()).toBe(used - 1)
    expect((await operate('GET', `/tenants/${tenant.id}`)).status).toBe(404)
    expect((await tenant.validate('user1@example.com', code)).status).toBe(404)
    expect((await tenant.scim('GET', '/Users')).status).toBe(401)

    expect(await rowsOf(other)).toEqual(before)
    expect((await other.validate('user1@example.com', code)).status).toBe(200)
  })

  it('without users needs no force', async () => {
    const tenant = await newTenant({ users: 1 })
    const { Resources } = await (await tenant.scim('GET', '/Users')).json<{ Resources: { id: string }[] }>()
    await tenant.scim('DELETE', `/Users/${Resources[0]?.id}`)
    expect((await operate('DELETE', `/tenants/${tenant.id}`)).status).toBe(204)
    expect(await rowsOf(tenant)).toEqual(NOTHING)
  })
})
