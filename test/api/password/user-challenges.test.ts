import { createExecutionContext, createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worker, { app } from '../../../src/local.ts'
import { answeredQuestions, putAnswers } from '../../../src/users/challenge-answer-store.ts'
import { isRecord } from '../../../src/record.ts'
import { parsePolicy } from '../../../src/tenants/policy.ts'
import {
  answered,
  challenges,
  CITY,
  COLOR,
  JANE,
  newAskedUser,
  newAskingTenant,
  outcomeOf,
  PET,
  presentJson,
  QUESTIONS,
  rightAnswers,
  storedAnswers,
} from '../../rig/challenges.ts'
import { countingD1 } from '../../rig/counting-d1.ts'
import { failWrites } from '../../rig/fail-writes.ts'
import { call, NO_LIMITS, operate, type Tenant } from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** The admin events about answers, in order. */
async function events({ id }: Tenant) {
  const { results } = await env.DB.prepare(
    "SELECT action, user_id, target, result FROM admin_events WHERE tenant_id = ? AND action LIKE 'user.challenges%' ORDER BY id",
  )
    .bind(id)
    .all()
  return results
}

const countOf = async (userId: string) => (await storedAnswers(userId)).length

describe('the answers of a user', () => {
  it('are set, listed without the answers, and removed; D3: each change has its event', async () => {
    const tenant = await newAskingTenant()
    const id = await tenant.addUser(JANE)
    const list = [
      { ChallengeCode: PET, Answer: 'Bucktastic' },
      { UserID: `someone.${tenant.id}`, ChallengeCode: COLOR, Answer: 'Blue' },
    ]
    const UserID = `${id}.${tenant.id}`
    const listed = {
      UserIdentificationChallenge: [
        { UserID, ChallengeCode: PET, ChallengeQuestion: 'What is the name of your pet?' },
        { UserID, ChallengeCode: COLOR, ChallengeQuestion: 'What is your favorite color?' },
      ],
    }
    for (const [path, body] of [
      [id, list],
      [UserID, { UserIdentificationChallenge: list }],
    ] as const) {
      const put = await challenges(tenant, 'PUT', path, body)
      expect([put.status, await put.json()]).toEqual([200, listed])
    }
    const got = await challenges(tenant, 'GET', UserID)
    expect([got.status, await got.json()]).toEqual([200, listed])
    const removed = await challenges(tenant, 'PUT', id, [])
    expect([removed.status, await removed.json()]).toEqual([200, { UserIdentificationChallenge: [] }])
    expect((await challenges(tenant, 'PUT', id, list)).status).toBe(200)
    expect((await challenges(tenant, 'DELETE', UserID)).status).toBe(204)
    expect(await countOf(id)).toBe(0)
    const event = { user_id: id, target: 'j***@example.com', result: 'done' }
    expect(await events(tenant)).toEqual(
      ['set', 'set', 'remove', 'set', 'remove'].map((what) => ({
        action: `user.challenges.${what}`,
        ...event,
      })),
    )
  })

  it('are replaced whole, and asked for in the order of the list', async () => {
    const { tenant, userId, code } = await newAskedUser(3)
    const list = [
      { ChallengeCode: PET, Answer: 'Rex' },
      { ChallengeCode: CITY, Answer: 'Rome' },
    ]
    expect((await challenges(tenant, 'PUT', userId, list)).status).toBe(200)
    expect(await outcomeOf(presentJson(tenant, { code }))).toBe(PET)
    const old = answered(tenant, userId, PET)
    expect(await outcomeOf(presentJson(tenant, { code, challenge: old }))).toBe(CITY)
    const right = answered(tenant, userId, CITY, 'rome')
    expect(await outcomeOf(presentJson(tenant, { code, challenge: right }))).toBe('accepted')
  })

  it('D3: change with their event or not at all', async () => {
    const { tenant, userId } = await newAskedUser(2)
    const before = await storedAnswers(userId)
    const repair = await failWrites(tenant, 'INSERT ON admin_events')
    expect((await challenges(tenant, 'PUT', userId, rightAnswers(3))).status).toBe(503)
    expect((await challenges(tenant, 'DELETE', userId)).status).toBe(503)
    await repair()
    expect(await storedAnswers(userId)).toEqual(before)
    expect(await events(tenant)).toHaveLength(1)
  })

  it('of nobody are not found, and nothing is written', async () => {
    const { tenant } = await newAskedUser(1)
    const id = crypto.randomUUID()
    for (const [method, body] of [['GET'], ['PUT', rightAnswers(1)], ['PUT', []], ['DELETE']] as const) {
      const response = await challenges(tenant, method, id, body)
      expect([response.status, await response.json()]).toEqual([
        404,
        { faultcode: 'Client', faultstring: 'User not found.' },
      ])
    }
    expect(await countOf(id)).toBe(0)
    expect(await events(tenant)).toHaveLength(1)
  })

  it('are listed and removed, but not set, where the tenant asks nothing', async () => {
    const { tenant, userId } = await newAskedUser(1)
    const record = { name: 'A tenant', hosts: [tenant.host], policy: NO_LIMITS }
    expect((await operate('PUT', `/tenants/${tenant.id}`, record)).status).toBe(200)
    const got = await challenges(tenant, 'GET', userId)
    expect(await got.json()).toEqual({
      UserIdentificationChallenge: [{ UserID: `${userId}.${tenant.id}`, ChallengeCode: COLOR }],
    })
    expect((await challenges(tenant, 'PUT', userId, rightAnswers(1))).status).toBe(501)
    expect(await countOf(userId)).toBe(1)
    expect((await challenges(tenant, 'PUT', userId, [])).status).toBe(200)
    expect(await countOf(userId)).toBe(0)
  })
})

describe('who is gone', () => {
  it('takes the answers along when deleted, by either API, and nobody else’s', async () => {
    const { tenant, userId } = await newAskedUser(3)
    const others = [await tenant.addUser('a@example.com'), await tenant.addUser('b@example.com')]
    for (const id of others) await challenges(tenant, 'PUT', id, rightAnswers(2))
    expect((await tenant.scim('DELETE', `/Users/${userId}`)).status).toBe(204)
    const [first = '', second = ''] = others
    expect([await countOf(userId), await countOf(first), await countOf(second)]).toEqual([0, 2, 2])
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/${first}`
    expect((await call(url, { method: 'DELETE', token: await tenant.token() })).status).toBe(204)
    expect([await countOf(first), await countOf(second)]).toEqual([0, 2])
    expect((await operate('DELETE', `/tenants/${tenant.id}?force=true`)).status).toBe(204)
    expect(await countOf(second)).toBe(0)
  })

  it('keeps them while marked as deleted: whoever is restored is asked as before, whoever is purged has none', async () => {
    const { tenant, userId } = await newAskedUser(2)
    const purged = await tenant.addUser('purged@example.com')
    await challenges(tenant, 'PUT', purged, rightAnswers(2))
    const mark = async (id: string, markDeleted: boolean) => {
      const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/${id}/markDeleted`
      const response = await call(url, { method: 'PUT', token: await tenant.token(), body: { markDeleted } })
      expect(response.status).toBe(200)
    }
    for (const id of [userId, purged]) await mark(id, true)
    expect((await challenges(tenant, 'PUT', userId, [])).status).toBe(404)
    expect((await challenges(tenant, 'GET', userId)).status).toBe(404)
    await mark(userId, false)
    expect(await outcomeOf(presentJson(tenant, { code: await tenant.newCode(JANE) }))).toBe(COLOR)
    expect([await countOf(userId), await countOf(purged)]).toEqual([2, 2])
    await env.DB.prepare('UPDATE deleted_users SET deleted_at = 0 WHERE id = ?').bind(purged).run()
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), env)
    expect([await countOf(userId), await countOf(purged)]).toEqual([2, 0])
  })

  it('leaves none to who has the address next; a changed address keeps them', async () => {
    const { tenant, userId } = await newAskedUser(1)
    const moved = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { emails: [{ value: 'moved@example.com', primary: true }] } }],
    }
    expect((await tenant.scim('PATCH', `/Users/${userId}`, moved)).status).toBe(200)
    await tenant.addUser(JANE)
    expect(await outcomeOf(presentJson(tenant, { code: await tenant.newCode(JANE) }))).toBe('accepted')
    const code = await tenant.newCode('moved@example.com')
    const presented = { email: 'moved@example.com', code }
    expect(await outcomeOf(presentJson(tenant, presented))).toBe(COLOR)
    const challenge = answered(tenant, userId, COLOR)
    expect(await outcomeOf(presentJson(tenant, { ...presented, challenge }))).toBe('accepted')
  })
})

describe('I1: wrong input', () => {
  const entry = (changes: object) => [{ ChallengeCode: COLOR, Answer: 'Blue', ...changes }]
  it.each<[string, unknown, number]>([
    ['no body', undefined, 400],
    ['no JSON', '{', 400],
    ['null', null, 400],
    ['a text', 'Blue', 400],
    ['an object of another kind', { challenges: [] }, 400],
    ['an object with one answer', { UserIdentificationChallenge: entry({})[0] }, 400],
    ['a member twice', '[{"ChallengeCode": "x", "ChallengeCode": "x", "Answer": "y"}]', 400],
    ['an entry that is none', [null], 400],
    ['a list in the list', [[]], 400],
    ['no code', entry({ ChallengeCode: undefined }), 400],
    ['a code that is not asked', entry({ ChallengeCode: 'com.soa.none' }), 400],
    ['a code of a prototype', entry({ ChallengeCode: '__proto__' }), 400],
    ['a code as a number', entry({ ChallengeCode: 7 }), 400],
    ['no answer', entry({ Answer: undefined }), 400],
    ['an empty answer', entry({ Answer: '' }), 400],
    ['a blank answer', entry({ Answer: ' \u00a0\t' }), 400],
    ['an answer as a list', entry({ Answer: ['Blue'] }), 400],
    ['an answer of half a character', entry({ Answer: 'x\ud800' }), 400],
    ['an answer that is too long', entry({ Answer: 'x'.repeat(2_049) }), 400],
    ['the same question twice', [...entry({}), ...entry({})], 400],
    ['more answers than questions', [...rightAnswers(3), ...entry({})], 400],
    ['I2: a large body', [...Array(3_000).keys()].map(() => entry({})[0]), 413],
  ])('in a list is refused and changes nothing: %s', async (_, body, status) => {
    const { tenant, userId } = await newAskedUser(2)
    const before = await storedAnswers(userId)
    const response = await challenges(tenant, 'PUT', userId, body)
    expect([response.status, await response.json()]).toEqual([
      status,
      { faultcode: 'Client', faultstring: expect.stringMatching(/.{10}/) },
    ])
    expect(await storedAnswers(userId)).toEqual(before)
    expect(await events(tenant)).toHaveLength(1)
  })

  it.each<[string, unknown]>([
    ['a text', 'Blue'],
    ['a list', [{ Answer: 'Blue' }]],
    ['nothing in it', {}],
    ['no user', { UserID: undefined }],
    ['no code', { ChallengeCode: undefined }],
    ['no answer', { Answer: undefined }],
    ['an empty answer', { Answer: '' }],
    ['an answer as a number', { Answer: 7 }],
    ['an answer of half a character', { Answer: '\udc00' }],
    ['an answer that is too long', { Answer: 'x'.repeat(2_049) }],
    ['a user that is too long', { UserID: 'x'.repeat(129) }],
    ['a code that is too long', { ChallengeCode: 'x'.repeat(256) }],
  ])('in an answer is refused, whatever the code, and counts nothing: %s', async (_, wrong) => {
    const { tenant, userId, code } = await newAskedUser(1)
    const right = answered(tenant, userId, COLOR)
    const challenge = isRecord(wrong) && Object.keys(wrong).length > 0 ? { ...right, ...wrong } : wrong
    for (const each of [code, 'wrong']) {
      const response = await presentJson(tenant, { code: each, challenge })
      expect([response.status, await response.json()]).toMatchObject([400, { faultcode: 'Client' }])
    }
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 0, failures: 0 })
  })

  it('takes null for no answer, as clients write that name every member', async () => {
    const { tenant, code } = await newAskedUser(1)
    expect(await outcomeOf(presentJson(tenant, { code, challenge: null }))).toBe(COLOR)
  })

  it('of a longest answer is none', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    const Answer = '\u{1f600}'.repeat(1_024)
    expect((await challenges(tenant, 'PUT', userId, [{ ChallengeCode: COLOR, Answer }])).status).toBe(200)
    const challenge = answered(tenant, userId, COLOR, Answer)
    expect(await outcomeOf(presentJson(tenant, { code, challenge }))).toBe('accepted')
  })

  it.each<[unknown, boolean]>([
    [[], true],
    [QUESTIONS, true],
    [Array.from({ length: 10 }, (_, n) => ({ code: `q.${n}`, text: 'Which?' })), true],
    [Array.from({ length: 11 }, (_, n) => ({ code: `q.${n}`, text: 'Which?' })), false],
    [[...QUESTIONS, QUESTIONS[0]], false],
    [[{ code: 'x'.repeat(255), text: 'é'.repeat(200) }], true],
    [[{ code: 'x'.repeat(256), text: 'Which?' }], false],
    [[{ code: 'a..b', text: 'Which?' }], false],
    [[{ code: 'A b', text: 'Which?' }], false],
    [[{ code: '', text: 'Which?' }], false],
    [[{ code: 'a', text: '' }], false],
    [[{ code: 'a', text: 'x'.repeat(201) }], false],
    [[{ code: 'a', text: 'Which\n?' }], false],
    [[{ code: 'a', text: 'Which?', answer: 'x' }], false],
    [['a'], false],
    ['a', false],
    [{}, false],
  ])('of a policy is refused by name: %j', (questions, isValid) => {
    const parsed = parsePolicy({ challenges: { questions } })
    expect(parsed.tag).toBe(isValid ? 'valid' : 'invalid')
    expect(JSON.stringify(parsed)).toMatch(isValid ? /"questions":/ : /"policy\.challenges\.questions/)
  })
})

describe('a call about answers', () => {
  it('needs a token of this tenant, and counts in the bucket of its key', async () => {
    const tenant = await newAskingTenant({ limits: { admin: { perMinute: 1, burst: 2 } } })
    const url = `https://${tenant.host}/api/users/${crypto.randomUUID()}/challenges`
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await call(url, { method })
      expect([response.status, await response.json()]).toMatchObject([401, { faultcode: 'Client' }])
    }
    const id = crypto.randomUUID()
    const statuses = []
    for (let nth = 0; nth < 3; nth++) statuses.push((await challenges(tenant, 'GET', id)).status)
    expect(statuses).toEqual([404, 404, 429])
  })

  it('cannot be made by a page of another origin, be it one that may use the password API', async () => {
    const tenant = await newAskingTenant({ origins: ['https://app.example.com'] })
    const url = `https://${tenant.host}/api/users/${crypto.randomUUID()}/challenges`
    const preflight = await call(url, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://app.example.com',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'authorization',
      },
    })
    expect(preflight.headers.get('Access-Control-Allow-Methods')).not.toMatch(/PUT|DELETE|\*/)
    expect(preflight.headers.get('Access-Control-Allow-Headers')).not.toMatch(/authorization|\*/i)
  })

  it('finds every row by a key', async () => {
    const { tenant, userId } = await newAskedUser(1)
    const texts: string[] = []
    const db = {
      prepare: (text: string) => {
        texts.push(text)
        return env.DB.prepare(text)
      },
      batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    } as unknown as D1Database
    const scope = { db, tenantId: tenant.id, now: Date.now() }
    const actor = { accessId: 'a', sourceIp: 'unknown', requestId: 'r' }
    await putAnswers(scope, actor, userId, [{ challengeCode: COLOR, digest: 'd', pepperId: 'new' }])
    await answeredQuestions(scope, userId)
    expect(texts).toHaveLength(5)
    for (const text of texts) {
      const bound = Array.from({ length: text.split('?').length - 1 }, () => '[]')
      const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`)
        .bind(...bound)
        .all<{ detail: string }>()
      const details = plan.results.map(({ detail }) => detail)
      expect(details.join()).toMatch(/SEARCH (?:users|challenge_answers) USING/)
      expect(details.filter((detail) => /^SCAN (?!json_each|entry)/.test(detail))).toEqual([])
    }
  })

  it('costs one round trip to the database', async () => {
    const { tenant, userId } = await newAskedUser(1)
    const token = await tenant.token('super-admin')
    for (const [method, body] of [
      ['PUT', rightAnswers(3)],
      ['GET', undefined],
    ] as const) {
      const db = countingD1(env.DB)
      const request = new Request(`https://${tenant.host}/api/users/${userId}/challenges`, {
        method,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      const response = await app.fetch(request, { ...env, DB: db }, createExecutionContext())
      expect([response.status, db.trips]).toEqual([200, 1])
    }
  })
})
