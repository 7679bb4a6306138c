import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { collect, decide, listApprovals } from '../../src/codes/approval-store.ts'
import { reportCode, unfreeze } from '../../src/codes/freeze-store.ts'
import { purgeDesk } from '../../src/codes/desk-purge-store.ts'
import { app } from '../../src/local.ts'
import { countingD1 } from '../rig/counting-d1.ts'
import {
  adminEvents,
  colleague,
  desk,
  generateAs,
  newDesk,
  reportLink,
  USER,
  type Desk,
} from '../rig/desk.ts'
import { handle, requestHeld } from '../rig/deliveries.ts'
import { explainingD1 } from '../rig/explaining-d1.ts'
import { hidden, visit } from '../rig/pages.ts'
import { voidAll, voidSome } from '../rig/voids.ts'
import { newRequest, type GenerateResult, type Tenant } from '../rig/service.ts'

/** Four eyes: neither of two persons alone ever gets a code, and the second never sees it (S3). */

afterEach(() => vi.restoreAllMocks())

type Shown = { id: string; status: string; requestedBy: string; target: string; decidedBy: string | null }

const FOUR_EYES = { fourEyes: {} }

/** The id of the request, from the sentence in which the vendor's dialect carries it. */
function requestId({ status, errorMessage = '', verify_code }: GenerateResult): string {
  const [, id = ''] = /^Approval needed: request ([\da-f-]{36}) waits/.exec(errorMessage) ?? []
  expect([status, verify_code, id.length]).toEqual([1006, undefined, 36])
  return id
}

type People = { first: string; second: string }

async function newPair(rules: object = FOUR_EYES, policy: object = {}): Promise<Desk & People> {
  const made = await newDesk(rules, policy)
  return { ...made, first: await made.tenant.token(), second: await colleague(made.tenant) }
}

async function asked({ tenant, first }: Desk & People, entry: object = {}, mode?: string): Promise<string> {
  return requestId((await generateAs(tenant, first, entry, mode)).result)
}

const act = (tenant: Tenant, token: string, id: string, word: string) =>
  desk(tenant, token, `/approvals/${id}/${word}`)

async function listed(tenant: Tenant, token: string): Promise<Shown[]> {
  const response = await desk(tenant, token, '/approvals', undefined, 'GET')
  return (await response.json<{ approvals: Shown[] }>()).approvals
}

const statuses = (responses: Response[]) => responses.map(({ status }) => status).toSorted((a, b) => a - b)

const issuedEvents = async (tenant: Tenant) =>
  (await adminEvents(tenant, 'generate')).filter(({ result }) => result === 'issued')

const sealedOf = (id: string) =>
  env.DB.prepare('SELECT sealed FROM desk_approvals WHERE id = ?').bind(id).first<string>('sealed')

describe('S3: a code for which a second person is needed', () => {
  it('is asked for by the first, approved by the second, and collected by the first, once', async () => {
    const pair = await newPair()
    const { tenant, first, second, userId } = pair
    const id = await asked(pair)
    expect(await listed(tenant, second)).toMatchObject([
      {
        id,
        status: 'pending',
        target: 'u***@example.com',
        userId,
        mode: 'PASSWORD_RESET',
        channel: 'DISPLAY',
      },
    ])
    expect((await act(tenant, first, id, 'collect')).status).toBe(409)
    const approved = await act(tenant, second, id, 'approve')
    expect(await approved.json()).toMatchObject({ id, status: 'approved' })
    expect((await act(tenant, second, id, 'collect')).status).toBe(409)
    const collected = await (await act(tenant, first, id, 'collect')).json<GenerateResult>()
    expect(collected).toMatchObject({
      status: 1000,
      verify_code_generation_mode: 'PASSWORD_RESET',
      userDetailsRequestForVerifyCodeGeneration: { email: USER, code_send_to: 'DISPLAY' },
    })
    expect((await tenant.validate(USER, collected.verify_code ?? '')).status).toBe(200)
    expect((await act(tenant, first, id, 'collect')).status).toBe(409)
    expect(await listed(tenant, second)).toEqual([])
  })

  it('S9: is in the audit at every step, under who did it', async () => {
    const pair = await newPair()
    const { tenant, first, second } = pair
    const [one, two] = [await asked(pair), await asked(pair, {}, 'enroll')]
    await act(tenant, second, one, 'approve')
    await act(tenant, first, one, 'collect')
    await act(tenant, second, two, 'decline')
    const me = tenant.keys['help-desk'].accessID
    const [other] = (await adminEvents(tenant, 'approval.approve')).map(({ access_id }) => access_id)
    expect(other).not.toBe(me)
    const told = (await adminEvents(tenant)).filter(({ action }) => /generate|approval/.test(action))
    expect(told.map(({ id, action, result, access_id }) => [action, result, access_id, id.length])).toEqual([
      ['generate', 'needs-approval', me, 36],
      ['generate', 'needs-approval', me, 36],
      ['approval.approve', 'done', other, 36],
      ['generate', 'issued', me, 36],
      ['approval.decline', 'done', other, 36],
    ])
    expect(told.every(({ target }) => target === 'u***@example.com')).toBe(true)
  })

  it('cannot be approved or declined by who has asked for it', async () => {
    const pair = await newPair()
    const id = await asked(pair)
    for (const word of ['approve', 'decline']) {
      expect((await act(pair.tenant, pair.first, id, word)).status).toBe(409)
    }
    expect(await listed(pair.tenant, pair.second)).toMatchObject([{ id, status: 'pending' }])
  })

  it('is nowhere in clear, and nothing of it is left when the request has ended', async () => {
    const pair = await newPair()
    const { tenant, first, second } = pair
    const [one, two] = [await asked(pair), await asked(pair, {}, 'enroll')]
    expect(await sealedOf(one)).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
    await act(tenant, second, two, 'decline')
    await act(tenant, second, one, 'approve')
    const { verify_code } = await (await act(tenant, first, one, 'collect')).json<GenerateResult>()
    const { results } = await env.DB.prepare('SELECT * FROM desk_approvals WHERE tenant_id = ?')
      .bind(tenant.id)
      .all()
    expect(JSON.stringify(results)).not.toContain(verify_code)
    expect(results.map(({ sealed }) => sealed)).toEqual(['', ''])
  })

  it('goes by mail where it was to: to the stored address, when it is collected, and not before', async () => {
    const pair = await newPair()
    const { tenant, first, second, hook } = pair
    const asking = await generateAs(tenant, first, { code_send_to: 'EMAIL' })
    const id = requestId(asking.result)
    expect(asking.messages).toEqual([])
    await act(tenant, second, id, 'approve')
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/approvals/${id}/collect`
    const { response, messages } = await requestHeld(url, { token: first })
    const result = await response.json<GenerateResult>()
    expect([result.status, result.verify_code, messages.length]).toEqual([1001, undefined, 1])
    await handle(messages)
    expect(hook.mails).toMatchObject([{ to: USER, type: 'reset-code.issued' }])
  })

  it.each([
    ['all', 'PASSWORD_RESET', 'resetPassword', false, true],
    ['high-risk', 'PASSWORD_RESET', 'resetPassword', false, false],
    ['high-risk', 'PASSWORD_RESET', 'resetPassword', true, true],
    ['all', 'ENROLLMENT', 'resetPassword', false, false],
    ['all', 'ENROLLMENT', 'enroll', false, true],
  ])('of %s and %s: %s, at high risk %s, needs one: %s', async (users, mode, path, atRisk, isNeeded) => {
    const pair = await newPair({ fourEyes: { users, modes: [mode] } }, { code: { highRisk: 'allow' } })
    const chief = await pair.tenant.token('super-admin')
    if (atRisk) {
      await desk(pair.tenant, chief, '/users/highrisk', { action: 'add', users: [pair.userId] }, 'PUT')
    }
    const { result } = await generateAs(pair.tenant, pair.first, {}, path)
    expect(result.status).toBe(isNeeded ? 1006 : 1000)
  })

  it('of a user at high risk is refused where nobody but they may see it', async () => {
    const pair = await newPair()
    const id = await asked(pair)
    await act(pair.tenant, pair.second, id, 'approve')
    const chief = await pair.tenant.token('super-admin')
    await desk(pair.tenant, chief, '/users/highrisk', { action: 'add', users: [pair.userId] }, 'PUT')
    expect((await generateAs(pair.tenant, pair.first)).result.errorMessage).toMatch(/high risk/)
    expect((await act(pair.tenant, pair.first, id, 'collect')).status).toBe(409)
  })

  it('is refused in a bulk call for its own user alone, and the last request of one person is the one', async () => {
    const pair = await newPair({ fourEyes: { users: 'high-risk' } }, { code: { highRisk: 'allow' } })
    const { tenant, first, second } = pair
    await tenant.addUser('user2@example.com')
    const chief = await tenant.token('super-admin')
    await desk(tenant, chief, '/users/highrisk', { action: 'add', users: [pair.userId] }, 'PUT')
    const results = await tenant.generate([USER, 'user2@example.com', 'nobody@example.com'])
    expect(results.map(({ status }) => status)).toEqual([1006, 1000, 1002])
    const again = await asked(pair)
    expect((await listed(tenant, second)).map(({ id }) => id)).toEqual([again])
    const [earlier] = results
    const old = requestId(earlier as GenerateResult)
    expect((await act(tenant, second, old, 'approve')).status).toBe(409)
    expect(first).not.toBe(second)
  })

  it('repeats its answer by an Idempotency-Key, and makes no second request', async () => {
    const pair = await newPair()
    const headers = { 'Idempotency-Key': crypto.randomUUID() }
    const path = '/users/generateVerifyCode/resetPassword'
    const ask = async () => (await pair.tenant.admin(path, { email: USER }, 'help-desk', headers)).text()
    expect(await ask()).toBe(await ask())
    expect(await listed(pair.tenant, pair.second)).toHaveLength(1)
  })

  it('E3: is unknown to another tenant', async () => {
    const [pair, other] = [await newPair(), await newPair()]
    const id = await asked(pair)
    for (const word of ['approve', 'decline', 'collect']) {
      expect((await act(other.tenant, other.second, id, word)).status).toBe(404)
    }
    expect(await listed(other.tenant, other.second)).toEqual([])
    expect(await listed(pair.tenant, pair.second)).toMatchObject([{ status: 'pending' }])
  })
})

describe('S3: in a race', () => {
  it('of eight colleagues who approve, one does', async () => {
    const pair = await newPair()
    const id = await asked(pair)
    const others = await Promise.all(Array.from({ length: 7 }, () => colleague(pair.tenant)))
    const answers = await Promise.all(
      [pair.second, ...others].map((who) => act(pair.tenant, who, id, 'approve')),
    )
    expect(statuses(answers)).toEqual([200, ...Array(7).fill(409)])
    expect(await adminEvents(pair.tenant, 'approval.approve')).toHaveLength(1)
  })

  it('the same person may say the same again, with one effect', async () => {
    const pair = await newPair()
    const id = await asked(pair)
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => act(pair.tenant, pair.second, id, 'approve')),
    )
    expect(statuses(answers)).toEqual(Array(5).fill(200))
    expect(await adminEvents(pair.tenant, 'approval.approve')).toHaveLength(1)
    expect((await act(pair.tenant, pair.second, id, 'decline')).status).toBe(409)
  })

  it('of an approval and a decline, one holds', async () => {
    for (let round = 0; round < 10; round++) {
      const pair = await newPair()
      const id = await asked(pair)
      const other = await colleague(pair.tenant)
      const answers = await Promise.all([
        act(pair.tenant, pair.second, id, 'approve'),
        act(pair.tenant, other, id, 'decline'),
      ])
      expect(statuses(answers)).toEqual([200, 409])
      const isApproved = answers[0]?.status === 200
      expect((await act(pair.tenant, pair.first, id, 'collect')).status).toBe(isApproved ? 200 : 409)
    }
  })

  it('of twenty collects, one has the code', async () => {
    const pair = await newPair()
    const id = await asked(pair)
    await act(pair.tenant, pair.second, id, 'approve')
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => act(pair.tenant, pair.first, id, 'collect')),
    )
    expect(statuses(answers)).toEqual([200, ...Array(19).fill(409)])
    expect(await issuedEvents(pair.tenant)).toHaveLength(1)
  })

  it('of a collect and a void, the code is dead in the end, or was never issued', async () => {
    for (let round = 0; round < 10; round++) {
      const pair = await newPair()
      const id = await asked(pair)
      await act(pair.tenant, pair.second, id, 'approve')
      const [collected, [voided]] = await Promise.all([
        act(pair.tenant, pair.first, id, 'collect'),
        pair.tenant.void([USER]),
      ])
      const { verify_code: code = 'none' } = await collected.json<GenerateResult>()
      expect((await pair.tenant.validate(USER, code)).status).toBe(401)
      expect([collected.status, voided?.status]).toEqual(collected.status === 200 ? [200, 1016] : [409, 1015])
    }
  })
})

describe('S3: a request ends', () => {
  const between: [string, (pair: Desk & People) => Promise<unknown>][] = [
    ['its user is disabled', async ({ tenant, userId }) => status(tenant, userId, 'Disabled')],
    [
      'its user is disabled and enabled',
      async ({ tenant, userId }) => {
        await status(tenant, userId, 'Disabled')
        await status(tenant, userId, 'Enabled')
      },
    ],
    ['the codes of its user are voided', ({ tenant }) => tenant.void([USER])],
    [
      'they are voided, and the user asks for one',
      async ({ tenant }) => {
        await tenant.void([USER])
        await tenant.send(USER)
      },
    ],
    ['its user is deleted', ({ tenant, userId }) => tenant.scim('DELETE', `/Users/${userId}`)],
    [
      'its user has another address',
      ({ tenant, userId }) =>
        tenant.scim('PUT', `/Users/${userId}`, {
          userName: USER,
          emails: [{ value: 'user3@example.com' }],
        }),
    ],
  ]

  /** States that a void comes with: the request looks at them all the same. */
  const states: [string, string][] = [
    ['disabled', "status = 'disabled'"],
    ['frozen', `frozen_until = ${Date.now() + 3_600_000}`],
    ['somebody with another address', "email_key = 'user3@example.com'"],
    ['at high risk', 'high_risk_at = 1'],
  ]

  it.each(states)('when its user is %s by then', async (_, change) => {
    const [one, two] = [await newPair(), await newPair()]
    const [early, late] = [await asked(one), await asked(two)]
    await act(two.tenant, two.second, late, 'approve')
    const set = env.DB.prepare(`UPDATE users SET ${change} WHERE id IN (?, ?)`)
    await set.bind(one.userId, two.userId).run()
    // Who is at high risk may get it some other way by the time it is decided.
    const decided = (await act(one.tenant, one.second, early, 'approve')).status
    expect(decided).toBe(change.startsWith('high_risk') ? 200 : 409)
    expect((await act(two.tenant, two.first, late, 'collect')).status).toBe(409)
  })

  it('when its user has entered too many wrong codes by then, and is not before the desk', async () => {
    const pair = await newPair()
    await pair.tenant.void([USER])
    const [mailed, shown] = [await asked(pair, { code_send_to: 'EMAIL' }), await asked(pair, {}, 'enroll')]
    for (const id of [mailed, shown]) await act(pair.tenant, pair.second, id, 'approve')
    await env.DB.prepare('UPDATE reset_codes SET failures = 100 WHERE user_id = ?').bind(pair.userId).run()
    expect((await act(pair.tenant, pair.first, mailed, 'collect')).status).toBe(409)
    expect((await act(pair.tenant, pair.first, shown, 'collect')).status).toBe(200)
  })

  async function status(tenant: Tenant, userId: string, userStatus: string) {
    const token = await tenant.token('super-admin')
    return desk(tenant, token, `/users/${userId}/userStatus`, { userStatus }, 'PUT')
  }

  it.each(between)('when %s, before it is decided and before it is collected', async (_, change) => {
    const [one, two] = [await newPair(), await newPair()]
    const early = await asked(one)
    await change(one)
    expect((await act(one.tenant, one.second, early, 'approve')).status).toBe(409)
    const late = await asked(two)
    expect((await act(two.tenant, two.second, late, 'approve')).status).toBe(200)
    await change(two)
    expect((await act(two.tenant, two.first, late, 'collect')).status).toBe(409)
    expect(await issuedEvents(two.tenant)).toEqual([])
  })

  it('S7: when everything is voided, or what its mode is for, and not for the other', async () => {
    const pair = await newPair()
    const [reset, enrolment] = [await asked(pair), await asked(pair, {}, 'enroll')]
    await act(pair.tenant, pair.second, enrolment, 'approve')
    await voidAll(pair.tenant, { mode: 'PASSWORD_RESET' })
    expect((await act(pair.tenant, pair.second, reset, 'approve')).status).toBe(409)
    expect((await act(pair.tenant, pair.first, enrolment, 'collect')).status).toBe(200)
    const late = await asked(pair)
    await act(pair.tenant, pair.second, late, 'approve')
    await voidAll(pair.tenant)
    expect((await act(pair.tenant, pair.first, late, 'collect')).status).toBe(409)
    const anew = await asked(pair)
    await act(pair.tenant, pair.second, anew, 'approve')
    const { verify_code } = await (await act(pair.tenant, pair.first, anew, 'collect')).json<GenerateResult>()
    expect((await pair.tenant.validate(USER, verify_code ?? '')).status).toBe(200)
  })

  it.each(['first', 'second'] as const)('when the %s person is in quarantine', async (who) => {
    const pair = await newPair()
    const [one, two] = [await asked(pair), await asked(pair, {}, 'enroll')]
    await act(pair.tenant, pair.second, two, 'approve')
    const { results } = await env.DB.prepare(
      'SELECT requested_by, decided_by FROM desk_approvals WHERE id = ?',
    )
      .bind(two)
      .all<Record<string, string>>()
    const accessId = results[0]?.[who === 'first' ? 'requested_by' : 'decided_by']
    // As an isolate sees it that does not know of the revocation.
    await env.DB.prepare('INSERT INTO quarantines (tenant_id, access_id, since) VALUES (?, ?, 0)')
      .bind(pair.tenant.id, accessId)
      .run()
    expect((await act(pair.tenant, pair.second, one, 'approve')).status).toBe(409)
    expect((await act(pair.tenant, pair.first, two, 'collect')).status).toBe(409)
  })

  it.each<[string, (pair: People & Desk) => object, number[]]>([
    ['its issuer', ({ tenant }) => ({ issuedBy: tenant.keys['help-desk'].accessID }), [409, 409]],
    ['its time', () => ({ since: new Date(Date.now() - 60_000).toISOString() }), [409, 409]],
    [
      'its mode',
      () => ({ since: new Date(Date.now() - 60_000).toISOString(), mode: 'ENROLLMENT' }),
      [200, 409],
    ],
    ['another issuer', ({ tenant }) => ({ issuedBy: tenant.keys['super-admin'].accessID }), [200, 200]],
    [
      'its issuer, to be counted',
      ({ tenant }) => ({ issuedBy: tenant.keys['help-desk'].accessID, dryRun: true }),
      [200, 200],
    ],
  ])('when some codes are voided: those of %s', async (_, request, expected) => {
    const pair = await newPair()
    const ids = [await asked(pair), await asked(pair, {}, 'enroll')]
    for (const id of ids) await act(pair.tenant, pair.second, id, 'approve')
    expect(await voidSome(pair.tenant, request(pair))).toMatchObject({ state: 'done', voided: 0 })
    const collected = await Promise.all(ids.map((id) => act(pair.tenant, pair.first, id, 'collect')))
    expect(collected.map(({ status }) => status)).toEqual(expected)
  })

  it('when its user reports a code', async () => {
    const pair = await newPair({ fourEyes: { modes: ['ENROLLMENT'] } })
    const { link } = await reportLink(pair)
    const id = await asked(pair, {}, 'enroll')
    await act(pair.tenant, pair.second, id, 'approve')
    const page = await visit(pair.tenant, new URL(link).pathname + new URL(link).search)
    await visit(pair.tenant, '/v/report/code', { form: { m: hidden(page, 'm') } })
    expect((await act(pair.tenant, pair.first, id, 'collect')).status).toBe(409)
    const chief = await pair.tenant.token('super-admin')
    await desk(pair.tenant, chief, `/users/${pair.userId}/unfreeze`, { reason: 'Spoke with the user.' })
    expect((await act(pair.tenant, pair.first, id, 'collect')).status).toBe(409)
  })

  it('after 30 minutes, and an event says so', async () => {
    const pair = await newPair()
    const [one, two] = [await asked(pair), await asked(pair, {}, 'enroll')]
    await act(pair.tenant, pair.second, two, 'approve')
    const start = Date.now()
    const later = start + 30 * 60_000 + 1_000
    vi.useFakeTimers({ now: later, toFake: ['Date'] })
    const fresh = { ...pair, first: await pair.tenant.token(), second: await colleague(pair.tenant) }
    expect((await act(fresh.tenant, fresh.second, one, 'approve')).status).toBe(409)
    expect((await act(fresh.tenant, fresh.first, two, 'collect')).status).toBe(409)
    expect(await listed(fresh.tenant, fresh.second)).toEqual([])
    await purgeDesk(env.DB, later, 500)
    await purgeDesk(env.DB, later, 500)
    vi.useRealTimers()
    expect(await adminEvents(pair.tenant, 'approval.expire')).toMatchObject([
      { access_id: '', result: 'done', target: 'u***@example.com' },
      { access_id: '', result: 'done', target: 'u***@example.com' },
    ])
    expect([await sealedOf(one), await sealedOf(two)]).toEqual(['', ''])
  })

  it('and is forgotten a day later', async () => {
    const pair = await newPair()
    await asked(pair)
    await purgeDesk(env.DB, Date.now() + 25 * 3_600_000, 500)
    const left = env.DB.prepare('SELECT count(*) AS n FROM desk_approvals WHERE tenant_id = ?')
    expect(await left.bind(pair.tenant.id).first('n')).toBe(0)
  })
})

describe('what waits', () => {
  it('is listed in pages', async () => {
    const pair = await newPair()
    await Promise.all(
      Array.from({ length: 101 }, (_, n) => n + 10).map((n) => pair.tenant.addUser(`user${n}@example.com`)),
    )
    const emails = Array.from({ length: 101 }, (_, n) => `user${n + 10}@example.com`)
    await pair.tenant.generate(emails.slice(0, 100))
    await pair.tenant.generate(emails.slice(100))
    type Page = { approvals: Shown[]; next: string | null }
    const page = async (query: string) =>
      (await desk(pair.tenant, pair.second, `/approvals${query}`, undefined, 'GET')).json<Page>()
    const one = await page('')
    const two = await page(`?after=${one.next}`)
    expect([one.approvals.length, two.approvals.length, two.next]).toEqual([100, 1, null])
    expect(new Set([...one.approvals, ...two.approvals].map(({ id }) => id)).size).toBe(101)
  })
})

it('every statement about requests, reports and freezes uses an index', async () => {
  const pair = await newPair()
  const id = await asked(pair)
  const { db, plans } = explainingD1()
  const now = Date.now()
  const scope = { db, tenantId: pair.tenant.id, now, attemptsMax: 5, failuresMax: 100 }
  const actor = (accessId: string) => ({ accessId, sourceIp: '', requestId: '' })
  await listApprovals(scope, '', 100)
  expect((await decide(scope, actor('second'), id, 'approved')).tag).toBe('done')
  const first = actor(pair.tenant.keys['help-desk'].accessID)
  expect((await collect(scope, first, id, true)).tag).toBe('done')
  const report = { userId: pair.userId, codeId: id, freezeMs: 3_600_000, expiresAt: now + 1, network: null }
  await reportCode(scope, report)
  expect(await unfreeze(scope, first, pair.userId, 'Spoke with the user.')).toBe('lifted')
  await purgeDesk(db, now, 500)
  const known = await Promise.all(plans)
  expect(known).toHaveLength(1 + 3 + 5 + 5 + 3 + 5)
  for (const plan of known) {
    expect(plan).not.toMatch(/SCAN (?!json_each|mode|whose|late|entry|CONSTANT|\(|\w+ (?:USING|VIRTUAL))/)
    expect(plan).not.toMatch(/AUTOMATIC/)
  }
})

describe('one round trip to the database', () => {
  it('to ask, to list, to approve and to collect', async () => {
    const pair = await newPair()
    const trips = async (token: string, path: string, body?: unknown, method = 'POST') => {
      const db = countingD1(env.DB)
      const url = `https://${pair.tenant.host}/AdminInterface/restapi/v1${path}`
      const context = createExecutionContext()
      const response = await app.fetch(newRequest(url, { token, body, method }), { ...env, DB: db }, context)
      const answered = await response.json<{ errorMessage?: string }>()
      await waitOnExecutionContext(context)
      return { trips: db.trips, answered }
    }
    // The isolate learns both keys.
    await listed(pair.tenant, pair.first)
    await listed(pair.tenant, pair.second)
    const asking = await trips(pair.first, '/users/generateVerifyCode/resetPassword', { email: USER })
    const id = requestId(asking.answered as GenerateResult)
    expect([
      asking.trips,
      (await trips(pair.second, '/approvals', undefined, 'GET')).trips,
      (await trips(pair.second, `/approvals/${id}/approve`)).trips,
      (await trips(pair.first, `/approvals/${id}/collect`)).trips,
    ]).toEqual([1, 1, 1, 1])
  })
})
