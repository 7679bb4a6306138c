import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { helen, newConsoleTenant } from '../../rig/console.ts'
import { call, expectStatus, newTenant, NO_LIMITS, wrongCode, type Tenant } from '../../rig/service.ts'

/** What a generate or a void would do, and how the codes of a user stand: nothing is written by looking. */

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

type Foreseen = { status: number; errorMessage?: string; user_email: string; hasLiveCode: boolean }

async function preview(tenant: Tenant, body: object): Promise<Foreseen[]> {
  const response = await tenant.admin('/codes/preview', { code_generation_mode: 'PASSWORD_RESET', ...body })
  await expectStatus(200, response)
  return (await response.json<{ results: Foreseen[] }>()).results
}

/** Everything that a call on codes could change. */
async function everything({ id }: Tenant) {
  const tables = ['reset_codes', 'admin_events', 'user_events', 'idempotent_calls', 'users']
  const rows = await env.DB.batch(
    tables.map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE tenant_id = ?`).bind(id)),
  )
  return rows.map(({ results }) => results)
}

/** Users whose codes stand in every way there is, by what is so about them. */
async function everyKindOfUser() {
  const tenant = await newTenant({ policy: { ...NO_LIMITS, code: { attemptsMax: 2, failuresMax: 3 }, mail: { from: 'a@b.example' } } }) // oxfmt-ignore
  const ids = new Map<string, string>()
  const add = async (kind: string) => {
    ids.set(kind, await tenant.addUser(`${kind}@example.com`))
    return `${kind}@example.com`
  }
  await add('none')
  await tenant.newCode(await add('live'))
  await tenant.newCode(await add('voided'))
  await tenant.void(['voided@example.com'])
  const code = await tenant.newCode(await add('locked'))
  for (let count = 0; count < 2; count += 1) await tenant.validate('locked@example.com', wrongCode(code))
  for (let count = 0; count < 2; count += 1) {
    const spent = await tenant.newCode(count === 0 ? await add('spent') : 'spent@example.com')
    for (let wrong = 0; wrong < 3; wrong += 1) await tenant.validate('spent@example.com', wrongCode(spent))
  }
  await tenant.newCode(await add('disabled'))
  await tenant.scim('PATCH', `/Users/${ids.get('disabled')}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  })
  await tenant.newCode(await add('risky'))
  await env.DB.prepare('UPDATE users SET high_risk_at = 1 WHERE id = ?').bind(ids.get('risky')).run()
  return { tenant, ids, emails: [...ids.keys()].map((kind) => `${kind}@example.com`) }
}

describe('a preview', () => {
  it('I4: foresees what generate then answers, for every kind of user and entry, and changes nothing', async () => {
    const { tenant, emails } = await everyKindOfUser()
    const users = [
      ...emails.map((email) => ({ email })),
      { email: 'nobody@example.com' },
      { email: 'risky@example.com', code_send_to: 'EMAIL', custom_email: 'x@example.com' },
      { email: 'live@example.com', code_validity: '5', validity_time_duration_unit: 'MIN' },
      { email: 'live@example.com', code_send_to: 'PIGEON' },
      { email: 'live@example.com', code_send_to: 'EMAIL', custom_email: 'no address' },
      { email: 'none@example.com' },
      { email: 7 },
      'bare',
      null,
    ]
    const before = await everything(tenant)
    const foreseen = await preview(tenant, { operation: 'generate', users })
    expect(await everything(tenant)).toEqual(before)
    const response = await tenant.admin('/users/generateVerifyCode/resetPassword', users)
    const real = await response.json<{ status: number; errorMessage?: string }[]>()
    expect(foreseen.map(({ status, errorMessage }) => [status, errorMessage])).toEqual(
      real.map(({ status, errorMessage }) => [status, errorMessage]),
    )
    expect(new Set(real.map(({ status }) => status))).toEqual(new Set([1000, 1002, 1003, 1004, 1005, 1006]))
  })

  it.each(['EMAIL', 'DISPLAY'])(
    'foresees the same for users by %s, who have spent their guesses or are at risk',
    async (way) => {
      const { tenant, emails } = await everyKindOfUser()
      const users = emails.map((email) => ({ email, code_send_to: way }))
      const foreseen = await preview(tenant, { operation: 'generate', users })
      const response = await tenant.admin('/users/generateVerifyCode/resetPassword', users)
      const real = await response.json<{ status: number; errorMessage?: string }[]>()
      expect(foreseen.map(({ status, errorMessage }) => [status, errorMessage])).toEqual(
        real.map(({ status, errorMessage }) => [status, errorMessage]),
      )
    },
  )

  it('foresees what void then answers, for every kind of user, and changes nothing', async () => {
    const { tenant, emails } = await everyKindOfUser()
    const users = [...emails, 'nobody@example.com', 'no address', 'live@example.com']
    const before = await everything(tenant)
    const foreseen = await preview(tenant, { operation: 'void', users })
    expect(await everything(tenant)).toEqual(before)
    const real = await tenant.void(users)
    expect(foreseen).toMatchObject(real)
    expect(new Set(real.map(({ status }) => status))).toEqual(new Set([1002, 1015, 1016]))
  })

  it('S1: foresees the rules of the desk: who is frozen, who must be verified, whose code waits for a second person', async () => {
    const desk = {
      requireVerification: 'display',
      fourEyes: { users: 'high-risk', modes: ['PASSWORD_RESET'] },
    }
    const tenant = await newTenant({ policy: { ...NO_LIMITS, mail: { from: 'a@b.example' }, desk } })
    const ids = new Map<string, string>()
    for (const kind of ['plain', 'frozen', 'risky'])
      ids.set(kind, await tenant.addUser(`${kind}@example.com`))
    await env.DB.prepare('UPDATE users SET frozen_until = ? WHERE id = ?')
      .bind(Date.now() + 3_600_000, ids.get('frozen'))
      .run()
    await env.DB.prepare('UPDATE users SET high_risk_at = 1 WHERE id = ?').bind(ids.get('risky')).run()
    const users = [...ids.keys()].flatMap((kind) =>
      ['DISPLAY', 'EMAIL'].map((code_send_to) => ({ email: `${kind}@example.com`, code_send_to })),
    )
    for (const each of users) {
      const [foreseen] = await preview(tenant, { operation: 'generate', users: [each] })
      const response = await tenant.admin('/users/generateVerifyCode/resetPassword', [each])
      const [real] = await response.json<{ status: number; errorMessage?: string }[]>()
      const words = ({ errorMessage = '' }: { errorMessage?: string }) =>
        errorMessage.replace(/^(Approval needed): .*/, '$1')
      expect([each, foreseen?.status, words(foreseen ?? {})]).toEqual([each, real?.status, words(real ?? {})])
    }
  })

  it('says who has a live code that would end', async () => {
    const { tenant, emails } = await everyKindOfUser()
    const foreseen = await preview(tenant, {
      operation: 'generate',
      users: emails.map((email) => ({ email })),
    })
    const live = foreseen.filter(({ hasLiveCode }) => hasLiveCode).map(({ user_email }) => user_email)
    expect(live).toEqual(['live@example.com', 'risky@example.com'])
  })

  it('E3: knows nobody of another tenant', async () => {
    const [one, other] = [await newTenant({ users: 1 }), await newTenant()]
    await one.newCode('user1@example.com')
    expect(await preview(other, { operation: 'void', users: ['user1@example.com'] })).toEqual([
      { status: 1002, errorMessage: 'User not found.', user_email: 'user1@example.com', hasLiveCode: false },
    ])
  })

  it.each<[string, object]>([
    ['no operation', { users: [{ email: 'a@example.com' }] }],
    ['another operation', { operation: 'delete', users: [] }],
    ['no list', { operation: 'void', users: 'a@example.com' }],
    ['an empty list', { operation: 'void', users: [] }],
    [
      '101 users',
      { operation: 'void', users: Array.from({ length: 101 }, (_, index) => `${index}@example.com`) },
    ],
    ['no mode', { operation: 'void', users: ['a@example.com'], code_generation_mode: 'x' }],
  ])('I1: of %s is 400', async (_, body) => {
    const tenant = await newTenant()
    const response = await tenant.admin('/codes/preview', { code_generation_mode: 'PASSWORD_RESET', ...body })
    expect(response.status).toBe(400)
  })

  it('costs a unit for each 20 users', async () => {
    const tenant = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 6 } } } })
    const users = Array.from({ length: 100 }, (_, index) => `${index}@example.com`)
    const ask = async (count: number) =>
      (await tenant.admin('/codes/preview', { operation: 'void', code_generation_mode: 'ENROLLMENT', users: users.slice(0, count) })).status // oxfmt-ignore
    expect(await ask(100)).toBe(200)
    expect(await ask(20)).toBe(200)
    expect(await ask(1)).toBe(429)
  })
})

describe('the codes of a user', () => {
  async function read(tenant: Tenant, id: string) {
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/${id}/codes`
    return call(url, { method: 'GET', token: await tenant.token() })
  }

  it('stand as they are: for every kind of user, and never a code or a digest', async () => {
    const { tenant, ids } = await everyKindOfUser()
    const states: Record<string, string | undefined> = {}
    for (const [kind, id] of ids) {
      const text = await (await read(tenant, id)).text()
      const { codes } = JSON.parse(text) as { codes: { state: string }[] }
      states[kind] = codes[0]?.state
      const { results } = await env.DB.prepare(
        'SELECT digest, kept_digest, code_id FROM reset_codes WHERE user_id = ?',
      )
        .bind(id)
        .all<{ digest: string; code_id: string }>()
      for (const { digest } of results) if (digest !== '') expect(text).not.toContain(digest)
    }
    expect(states).toEqual({
      none: undefined,
      live: 'live',
      voided: 'voided',
      locked: 'locked',
      spent: 'locked',
      disabled: 'voided',
      risky: 'live',
    })
  })

  it('say who issued and who voided them, by name where it was a person, and until when they live', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 1)
    const { browser } = await helen(tenant)
    const email = 'user1@example.com'
    const userId = (
      await (
        await browser.fetch('POST', '/AdminInterface/restapi/v1/users/lookup', { email })
      ).json<{ id: string }>()
    ).id
    const ask = async () =>
      (await browser.fetch('GET', `/AdminInterface/restapi/v1/users/${userId}/codes`)).json<{
        codes: Record<string, unknown>[]
        selfServiceAttemptsLeft: number
      }>()
    expect(await ask()).toEqual({ userId, codes: [], frozenUntil: null, selfServiceAttemptsLeft: 100 })
    const code = await tenant.newCode(email)
    await tenant.validate(email, wrongCode(code))
    const { codes, selfServiceAttemptsLeft } = await ask()
    expect(codes).toEqual([
      {
        mode: 'PASSWORD_RESET',
        state: 'live',
        origin: 'issued',
        issuedAt: expect.any(String) as string,
        liveUntil: expect.any(String) as string,
        attemptsLeft: 9,
        issuedBy: { id: tenant.keys['help-desk'].accessID, name: null },
        channel: 'DISPLAY',
        destination: null,
        endedAt: null,
        voidedBy: null,
      },
    ])
    expect(selfServiceAttemptsLeft).toBe(99)
    const lifeMs = Date.parse(String(codes[0]?.['liveUntil'])) - Date.parse(String(codes[0]?.['issuedAt']))
    expect(lifeMs).toBe(600_000)
    await expectStatus(
      200,
      await browser.fetch('POST', '/AdminInterface/restapi/v1/users/voidVerifyCode', {
        code_generation_mode: 'PASSWORD_RESET',
        user_emails: [email],
      }),
    )
    expect((await ask()).codes).toMatchObject([
      { state: 'voided', voidedBy: { id: expect.stringMatching(/^prs_/) as string, name: 'Helen Desk' } },
    ])
  })

  it('of both modes are shown, and one that has expired says so', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const tenant = await newTenant({ policy: NO_LIMITS })
    const id = await tenant.addUser('jane@example.com')
    await tenant.newCode('jane@example.com')
    await tenant.admin('/users/generateVerifyCode/enroll', [
      { email: 'jane@example.com', code_validity: '24', validity_time_duration_unit: 'HOUR' },
    ])
    vi.setSystemTime(Date.now() + 600_000)
    const { codes } = await (await read(tenant, id)).json<{ codes: { mode: string; state: string }[] }>()
    expect(codes.map(({ mode, state }) => [mode, state])).toEqual([
      ['ENROLLMENT', 'live'],
      ['PASSWORD_RESET', 'expired'],
    ])
  })

  it('S7: say that they are voided once all were', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const id = await tenant.addUser('jane@example.com')
    await tenant.newCode('jane@example.com')
    await expectStatus(200, await tenant.admin('/codes/void', { scope: 'all' }, 'super-admin'))
    const { codes } = await (await read(tenant, id)).json<{ codes: { state: string }[] }>()
    expect(codes.map(({ state }) => state)).toEqual(['voided'])
    const [foreseen] = await preview(tenant, { operation: 'void', users: ['jane@example.com'] })
    const [real] = await tenant.void(['jane@example.com'])
    expect(foreseen).toMatchObject({ ...real, hasLiveCode: false })
  })

  it('E3: of a user of another tenant are 404', async () => {
    const [one, other] = [await newTenant(), await newTenant()]
    const id = await one.addUser('jane@example.com')
    await one.newCode('jane@example.com')
    expect((await read(other, id)).status).toBe(404)
    expect((await read(one, 'nobody')).status).toBe(404)
  })
})
