import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { findByStart } from '../../../src/users/user-find-store.ts'
import { helen, newConsoleTenant, type Browser } from '../../rig/console.ts'
import { explainingD1 } from '../../rig/explaining-d1.ts'
import { NO_LIMITS } from '../../rig/service.ts'

/** A search as one types: by the start of what a user is called. */

afterEach(() => vi.restoreAllMocks())

type Found = {
  id: string
  name: string
  email: string
  userName: string
  isEnabled: boolean
  isHighRisk: boolean
}

async function find(browser: Browser, text: unknown) {
  const response = await browser.fetch('POST', '/console/users/find', { text })
  return { status: response.status, ...(await response.json<{ users: Found[] }>()) }
}
const emails = ({ users }: { users: Found[] }) => users.map(({ email }) => email)

describe('users are found', () => {
  it('by the start of an address, a user name, a given, a family or a display name, in any case', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS)
    await tenant.addUser('Jane.Saoirse@example.com', { userName: 'JaneSaoirse', name: { givenName: 'Jane', familyName: 'Saoirse' } }) // oxfmt-ignore
    await tenant.addUser('x1@example.com', { displayName: 'Janet Other' })
    await tenant.addUser('x2@example.com', { name: { familyName: 'Janssen' }, active: false })
    await tenant.addUser('janus@example.com')
    await tenant.addUser('x3@example.com', { userName: 'mjane', displayName: 'Mary Jane' })
    const { browser } = await helen(tenant)
    expect(emails(await find(browser, 'jan'))).toEqual([
      'Jane.Saoirse@example.com',
      'janus@example.com',
      'x1@example.com',
      'x2@example.com',
    ])
    expect(emails(await find(browser, ' JANE '))).toEqual(['Jane.Saoirse@example.com', 'x1@example.com'])
    expect(emails(await find(browser, 'saoirse'))).toEqual(['Jane.Saoirse@example.com'])
    expect(emails(await find(browser, 'mary j'))).toEqual(['x3@example.com'])
    expect(await find(browser, 'janss')).toMatchObject({ users: [{ name: 'Janssen', isEnabled: false, isHighRisk: false }] }) // oxfmt-ignore
    expect(await find(browser, 'janus')).toMatchObject({ users: [{ name: 'janus@example.com' }] })
  })

  it('to the letter: no sign means anything but itself', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 3)
    const { browser } = await helen(tenant)
    for (const text of ['%', '_', 'user%', '*', "' OR 1=1 --", '\\', 'é']) {
      expect([text, emails(await find(browser, text))]).toEqual([text, []])
    }
  })

  it('up to 25 of them, and of no other tenant', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 30)
    const { browser } = await helen(tenant)
    expect((await find(browser, 'user')).users).toHaveLength(25)
    const { browser: other } = await helen(await newConsoleTenant())
    expect((await find(other, 'user')).users).toHaveLength(0)
  })

  it.each(['', '  ', 'x'.repeat(256), 7, null, undefined, ['a']])(
    'I1: not by %j, which is 400',
    async (text) => {
      const { browser } = await helen(await newConsoleTenant())
      expect((await find(browser, text)).status).toBe(400)
    },
  )

  it('by indexes alone, each from where its names begin', async () => {
    const tenant = await newConsoleTenant()
    const { db, plans } = explainingD1()
    await findByStart({ db, tenantId: tenant.id, now: 0 }, 'jane')
    const [plan = ''] = await Promise.all(plans)
    for (const name of [
      'users_by_email',
      'users_by_user_name',
      'users_by_first_name',
      'users_by_last_name',
    ]) {
      expect(plan).toMatch(
        new RegExp(`SEARCH users USING INDEX ${name} \\(tenant_id=\\? AND [^)]*>\\?[^)]*<\\?\\)`),
      )
    }
    expect(plan).not.toMatch(/SCAN users\b/)
  })
})

it('10,000 users are searched in a few rows', async () => {
  const tenant = await newConsoleTenant(NO_LIMITS)
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
     INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at)
     SELECT lower(hex(randomblob(16))), ?1, 'p' || i || '@example.com', 'p' || i || '@example.com', 'u' || i, 'u' || i,
       'enabled', json_object('name', json_object('givenName', 'Given' || i, 'familyName', 'Family' || i)), 0, 0 FROM n`,
  )
    .bind(tenant.id)
    .run()
  const read: number[] = []
  const db = {
    prepare: (text: string) => ({
      bind: (...values: unknown[]) => ({
        all: async () => {
          const result = await env.DB.prepare(text)
            .bind(...values)
            .all()
          read.push(result.meta.rows_read)
          return result
        },
      }),
    }),
  } as unknown as D1Database
  for (const text of ['p', 'p99', 'u1', 'given5', 'family', 'nobody']) {
    await findByStart({ db, tenantId: tenant.id, now: 0 }, text)
  }
  expect(Math.max(...read)).toBeLessThanOrEqual(400)
})
