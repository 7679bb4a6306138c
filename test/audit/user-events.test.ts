import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ask, handle, heldQueue, requestHeld } from '../rig/deliveries.ts'
import { failWrites } from '../rig/fail-writes.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { bytesOf } from '../rig/presenting.ts'
import { patch } from '../rig/scim.ts'
import { call, newTenant, NO_LIMITS, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode, storedCodes } from '../rig/stored-code.ts'
import { userEvents, whatHappened } from '../rig/user-events.ts'

const USER = 'user1@example.com'
const HOUR_MS = 3_600_000
/** The start of an hour, so that a test knows when the next begins. */
const START = Date.UTC(2027, 0, 1)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

/** Codes are shown here for what becomes of them, not for the notice of it. */
const QUIET = { notify: { issued: false } }

/** A tenant that mails and gives reset grants. */
async function newMailed({ policy = {}, users = 1 }: { policy?: object; users?: number } = {}) {
  const hook = newMailHook()
  const redeem = { kind: 'grant', audience: 'https://app.example' }
  return {
    hook,
    tenant: await newTenant({ policy: { ...NO_LIMITS, redeem, ...QUIET, ...hook.policy, ...policy }, users }),
  }
}

const PASSWORD_API = '/api/passwordmanagement'
const VOID = '/AdminInterface/restapi/v1/users/voidVerifyCode'
const body = (passwordResetCode: string, emailAddress = USER) => ({ emailAddress, passwordResetCode })
const redeem = (tenant: Tenant, code: string, email = USER) =>
  call(`https://${tenant.host}${PASSWORD_API}/redeemPasswordResetCode`, { body: body(code, email) })

describe('the events of users', () => {
  it('tell what happened to whose codes, and when', async () => {
    const { hook, tenant } = await newMailed({ policy: { code: { attemptsMax: 2 } }, users: 2 })
    const [one = '', two = ''] = tenant.emails
    const story: [string, () => Promise<unknown>][] = [
      [one, async () => handle([await ask(tenant, one)])],
      [one, () => tenant.validate(one, hook.mails[0]?.code ?? '')],
      [one, () => tenant.validate(one, 'wrong')],
      [one, () => redeem(tenant, hook.mails[0]?.code ?? '', one)],
      [one, () => redeem(tenant, hook.mails[0]?.code ?? '', one)],
      [two, async () => handle([await ask(tenant, two)])],
      [two, () => redeem(tenant, 'wrong', two)],
      [two, () => tenant.validate(two, 'wrong')],
      [two, () => tenant.validate(two, 'wrong')],
    ]
    const seen: [string, string[]][] = []
    for (const [email, step] of story) {
      later(1_000)
      const before = new Set((await userEvents(tenant)).map(({ id }) => id))
      await step()
      const userId = (await storedCode(tenant.id, email))?.user_id
      const added = (await userEvents(tenant)).filter(({ id }) => !before.has(id))
      for (const event of added)
        expect(event).toMatchObject({ user_id: userId, last_at: Date.now(), count: 1 })
      seen.push([email, added.map(({ action, reason }) => [action, reason].join(' ').trim()).toSorted()])
    }
    expect(seen).toEqual([
      [one, ['delivered', 'sent']],
      [one, ['validated']],
      [one, ['refused wrong']],
      [one, ['redeemed']],
      [one, ['refused redeemed']],
      [two, ['delivered', 'sent']],
      [two, ['refused wrong']],
      // Another wrong one is counted in the row of the first; that it locked the code is an event.
      [two, ['locked']],
      [two, ['refused locked']],
    ])
  })

  it('name the true reason of a refusal, which no answer tells', async () => {
    const { tenant } = await newMailed({ policy: { code: { attemptsMax: 1, ttlMinutes: 30 } }, users: 0 })
    const states = ['wrong', 'none', 'expired', 'voided', 'redeemed', 'locked', 'superseded', 'disabled']
    const codes = new Map<string, string>()
    const addressOf = (state: string) => `${state}@example.com`
    const ids = new Map<string, string>()
    for (const state of states) {
      ids.set(state, await tenant.addUser(addressOf(state)))
      if (state !== 'none') codes.set(state, await tenant.newCode(addressOf(state)))
    }
    const short = { code_validity: '10', validity_time_duration_unit: 'MIN' }
    codes.set('expired', (await tenant.generate([addressOf('expired')], short))[0]?.verify_code ?? '')
    later(600_000)
    await tenant.void([addressOf('voided')])
    await redeem(tenant, codes.get('redeemed') ?? '', addressOf('redeemed'))
    await tenant.validate(addressOf('locked'), wrongCode(codes.get('locked') ?? ''))
    await tenant.newCode(addressOf('superseded'))
    await patch(tenant, ids.get('disabled') ?? '', { op: 'replace', value: { active: false } })

    const reasons: string[] = []
    for (const state of [...states, 'unknown']) {
      later(HOUR_MS / 60)
      const before = await userEvents(tenant)
      const code = state === 'wrong' ? 'wrong' : (codes.get(state) ?? 'none')
      expect((await tenant.validate(addressOf(state), code)).status).toBe(401)
      const added = (await userEvents(tenant)).filter(
        (event) => !before.some((old) => JSON.stringify(old) === JSON.stringify(event)),
      )
      const refused = added.find(({ action }) => action === 'refused')
      reasons.push(`${state}: ${refused?.reason}`)
      expect(refused?.user_id).toBe(ids.get(state) ?? null)
    }
    expect(reasons).toEqual([
      'wrong: wrong',
      'none: none',
      'expired: expired',
      'voided: voided',
      'redeemed: redeemed',
      'locked: locked',
      'superseded: wrong',
      'disabled: disabled',
      'unknown: unknown',
    ])
  })

  it('E3, D4: are the tenant’s own, and hold neither address nor code nor digest', async () => {
    const [{ hook, tenant }, { tenant: other }] = [await newMailed(), await newMailed()]
    await handle([await ask(tenant, USER), await ask(tenant, 'stranger@example.com')])
    const code = hook.mails[0]?.code ?? ''
    const digest = (await storedCode(tenant.id, USER))?.digest ?? ''
    await tenant.validate(USER, code)
    await tenant.validate('stranger@example.com', code)
    await redeem(tenant, wrongCode(code))
    await redeem(tenant, code)
    hook.answer = 410
    await handle([await ask(tenant, USER)])
    const rows = (await userEvents(tenant)).map((row) => JSON.stringify(row).toLowerCase())
    expect(rows.length).toBeGreaterThan(6)
    for (const secret of [
      'user1',
      'stranger',
      code,
      wrongCode(code),
      digest,
      hook.calls.findLast(({ code }) => code !== undefined)?.code ?? 'none',
    ]) {
      expect(rows.filter((row) => row.includes(secret.toLowerCase()))).toEqual([])
    }
    expect(await userEvents(other)).toEqual([])
  })
})

describe('a change and its event are one transaction', () => {
  it('D3: where the event cannot be written, no code is judged, counted, locked or redeemed', async () => {
    const { tenant } = await newMailed({ policy: { code: { attemptsMax: 2 } } })
    const code = await tenant.newCode(USER)
    await tenant.validate(USER, wrongCode(code))
    const before = [await storedCodes(tenant.id), await userEvents(tenant)]
    const answers: Response[] = []
    for (const operation of ['INSERT ON user_events', 'UPDATE ON user_events', 'UPDATE ON reset_codes']) {
      const repair = await failWrites(tenant, operation)
      answers.push(await redeem(tenant, wrongCode(code)))
      if (!operation.startsWith('UPDATE ON user')) {
        answers.push(await redeem(tenant, code), await tenant.validate(USER, code))
      }
      await repair()
      expect([await storedCodes(tenant.id), await userEvents(tenant)]).toEqual(before)
    }
    expect(answers.map(({ status, headers }) => [status, headers.get('Retry-After')])).toEqual(
      answers.map(() => [503, '1']),
    )
    const sentence = 'The service cannot reach its store. Try again.'
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(
      answers.map(() => ({ faultcode: 'Server', faultstring: sentence })),
    )
    expect((await redeem(tenant, code)).status).toBe(200)
    expect((await whatHappened(tenant)).toSorted()).toEqual(['redeemed', 'refused:wrong'])
  })
})

describe('a flood of refusals', () => {
  it('fills no database: one row per user, reason and hour, with true counts', async () => {
    const { tenant } = await newMailed({
      policy: { code: { attemptsMax: 5 }, notify: { locked: false, issued: false } },
    })
    const code = await tenant.newCode(USER)
    const flood = (count: number, email: (nth: number) => string) =>
      Promise.all(
        Array.from({ length: count }, (_, nth) =>
          tenant.validate(email(nth), wrongCode(code), { 'CF-Connecting-IP': `10.0.1.${nth % 250}` }),
        ),
      )
    await flood(300, () => USER)
    later(1_000)
    await flood(100, (nth) => (nth % 2 === 0 ? `stranger${nth}@example.com` : `no address ${nth}`))
    const userId = (await storedCode(tenant.id, USER))?.user_id
    const counted = (await userEvents(tenant)).map(({ user_id, action, reason, count }) => [
      user_id,
      [action, reason].join(' ').trim(),
      count,
    ])
    expect(counted).toHaveLength(4)
    expect(counted).toEqual(
      expect.arrayContaining([
        [userId, 'refused wrong', 5],
        [userId, 'locked', 1],
        [userId, 'refused locked', 295],
        [null, 'refused unknown', 100],
      ]),
    )
  })

  it('is counted anew in the next hour', async () => {
    const { tenant } = await newMailed({ policy: { code: { attemptsMax: 10, ttlMinutes: 1440 } } })
    const code = await tenant.newCode(USER)
    for (const ms of [HOUR_MS - 2, 1, 1, 1]) {
      later(ms)
      await tenant.validate(USER, wrongCode(code))
    }
    expect(await userEvents(tenant)).toMatchObject([
      { occurred_at: START, last_at: START + HOUR_MS - 1, count: 2 },
      { occurred_at: START + HOUR_MS, last_at: START + HOUR_MS + 1, count: 2 },
    ])
  })
})

describe('the user is told', () => {
  /** Requests at once, and the notices that they put into the queue. */
  async function noticesOf(tenant: Tenant, path: string, bodies: readonly unknown[]) {
    const held = heldQueue()
    const bindings = { DELIVERIES: held as unknown as Queue }
    const token = path === VOID ? { token: await tenant.token() } : {}
    const url = `https://${tenant.host}${path}`
    const results = await Promise.all(
      bodies.map((each) => requestHeld(url, { ...token, body: each }, bindings)),
    )
    return { statuses: results.map(({ response }) => response.status), ...held }
  }
  const voidOf = (...user_emails: string[]) => ({ code_generation_mode: 'PASSWORD_RESET', user_emails })

  it('of a void, once, when there was a code to end', async () => {
    const { hook, tenant } = await newMailed({ users: 3 })
    const [one = '', two = '', three = ''] = tenant.emails
    await tenant.generate([one, two])
    const everybody = voidOf(one, two, three, one, 'nobody@example.com', 'no address')
    const { messages, calls } = await noticesOf(tenant, VOID, [everybody])
    expect([messages.length, calls]).toEqual([2, 1])
    await handle(messages)
    expect(hook.mails.map(({ to, notice }) => `${to} ${notice}`).toSorted()).toEqual([
      `${one} voided`,
      `${two} voided`,
    ])
    expect(await noticesOf(tenant, VOID, [everybody])).toMatchObject({ calls: 0, statuses: [200] })
  })

  it('of a lock-out, once, of any number of wrong codes at once', async () => {
    const { hook, tenant } = await newMailed()
    const code = await tenant.newCode(USER)
    const wrong = Array(20).fill(body(wrongCode(code))) as unknown[]
    const { messages } = await noticesOf(tenant, `${PASSWORD_API}/validatePasswordResetCode`, wrong)
    await handle(messages)
    expect(hook.mails).toMatchObject([{ to: USER, notice: 'locked' }])
    expect((await whatHappened(tenant)).filter((event) => event === 'locked')).toHaveLength(1)
    expect((await noticesOf(tenant, `${PASSWORD_API}/redeemPasswordResetCode`, wrong)).calls).toBe(0)
  })

  it('R1: of a redeem, once, of any number at once, and there is one event', async () => {
    const { hook, tenant } = await newMailed()
    const code = await tenant.newCode(USER)
    const right = Array(20).fill(body(code)) as unknown[]
    const { messages, statuses } = await noticesOf(tenant, `${PASSWORD_API}/redeemPasswordResetCode`, right)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    await handle(messages)
    expect(hook.mails).toMatchObject([{ to: USER, notice: 'redeemed' }])
    expect((await userEvents(tenant)).map(({ action, reason, count }) => [action, reason, count])).toEqual(
      expect.arrayContaining([
        ['redeemed', '', 1],
        ['refused', 'redeemed', 19],
      ]),
    )
  })

  it.each([
    ['the policy is off', { notify: { redeemed: false, voided: false, locked: false, issued: false } }],
    ['there is no mailer', { mail: {} }],
  ])('of nothing where %s', async (_, policy) => {
    const { tenant } = await newMailed({ policy: { code: { attemptsMax: 1 }, ...policy } })
    const calls: number[] = []
    await tenant.newCode(USER)
    calls.push((await noticesOf(tenant, VOID, [voidOf(USER)])).calls)
    await tenant.newCode(USER)
    const wrong = body('wrong')
    calls.push((await noticesOf(tenant, `${PASSWORD_API}/validatePasswordResetCode`, [wrong])).calls)
    const right = body(await tenant.newCode(USER))
    calls.push((await noticesOf(tenant, `${PASSWORD_API}/redeemPasswordResetCode`, [right])).calls)
    expect(calls).toEqual([0, 0, 0])
    expect((await whatHappened(tenant)).toSorted()).toEqual(['locked', 'redeemed', 'refused:wrong'])
  })

  it('no more when they have been disabled since', async () => {
    const { hook, tenant } = await newMailed()
    await tenant.newCode(USER)
    const { messages } = await noticesOf(tenant, VOID, [voidOf(USER)])
    const userId = (await storedCode(tenant.id, USER))?.user_id ?? ''
    await patch(tenant, userId, { op: 'replace', value: { active: false } })
    expect([messages.length, await handle(messages)]).toEqual([1, ['ack']])
    expect(hook.calls).toEqual([])
  })

  it('N3: or not, when the queue is broken: the answer is the same, and the log says so', async () => {
    const policy = { code: { attemptsMax: 1 } }
    const [{ tenant }, { tenant: well }] = [await newMailed({ policy }), await newMailed({ policy })]
    const lines: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
    const broken = { send: () => Promise.reject(new Error(`cannot queue for ${USER}`)) } as unknown as Queue
    const lockOut = async (each: Tenant, bindings: Partial<Env>) => {
      await each.newCode(USER)
      const url = `https://${each.host}${PASSWORD_API}/validatePasswordResetCode`
      return requestHeld(url, { body: body('wrong') }, bindings)
    }
    const { response } = await lockOut(tenant, { DELIVERIES: broken })
    log.mockRestore()
    const events = lines.map((line) => JSON.parse(line) as { event: string; requestId: string })
    expect(events.filter(({ event }) => event === 'notice-lost')).toEqual([
      {
        event: 'notice-lost',
        requestId: response.headers.get('X-Request-Id'),
        tenantId: tenant.id,
        notice: 'locked',
        fault: 'StoreFault',
      },
    ])
    expect(lines.join('\n')).not.toContain(USER)
    expect(await storedCode(tenant.id, USER)).toMatchObject({ ended_as: 'locked', failures: 1 })

    const told = await lockOut(well, {})
    expect(told.calls).toBe(1)
    expect(await bytesOf(response)).toBe(await bytesOf(told.response))
  })
})
