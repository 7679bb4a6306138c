import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { answerDigests, normaliseAnswer } from '../../src/codes/challenge.ts'
import { newCodeDigest } from '../../src/codes/code.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { judge, type Purpose } from '../../src/codes/redeem-store.ts'
import {
  answered,
  challenges,
  CITY,
  COLOR,
  JANE,
  newAskedUser,
  outcomeOf,
  PET,
  presentJson,
  QUESTIONS,
  rightAnswers,
  storedAnswers,
} from '../rig/challenges.ts'
import { ask, handle } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { meteredDb } from '../rig/metered-d1.ts'
import { HOOK_SECRET, HOOK_URL, playHook } from '../rig/password-hook.ts'
import {
  AUTHENTICATE,
  bytesOf,
  meter,
  passwordCall,
  REDEEM,
  userEvents,
  VALIDATE,
} from '../rig/presenting.ts'
import { NO_LIMITS, operate, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode } from '../rig/stored-code.ts'

/** For tests of hundreds of requests, on a busy machine. */
const SLOW = { timeout: 60_000 }
const GRANT = { redeem: { kind: 'grant', audience: 'https://app.example.com' } }
const HOOK = { redeem: { kind: 'hook', url: HOOK_URL, secret: HOOK_SECRET } }

/** One address each, past the share of a client; private ones, which no share holds for. */
const addressOf = (nth: number) => `10.1.${nth >> 8}.${nth & 255}`

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a right code of a user who has answers', () => {
  it('is answered by a question and by nothing that says whose it is; the right answer by all', async () => {
    const { tenant, userId, code } = await newAskedUser(3)
    const asked = await presentJson(tenant, { code })
    expect([asked.status, await asked.json()]).toEqual([
      200,
      {
        UserIdentificationChallenge: {
          UserID: `${userId}.${tenant.id}`,
          ChallengeCode: COLOR,
          ChallengeQuestion: 'What is your favorite color?',
        },
      },
    ])
    for (const text of ['Blue', '  bLUE\t', 'ＢＬＵＥ']) {
      const right = await presentJson(tenant, { code, challenge: answered(tenant, userId, COLOR, text) })
      expect([right.status, await right.json()]).toEqual([
        200,
        {
          userName: 'JaneSaoirse',
          emailAddress: JANE,
          resetStatus: 'user.password.reset.valid.answer',
        },
      ])
    }
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 0, failures: 0, ended_as: null })
    expect(await userEvents(tenant)).toEqual(['asked x1', 'validated x3'])
  })

  it('is answered by the same question in the form without questions, and in a query', async () => {
    const { tenant, code } = await newAskedUser(1)
    const form = await tenant.validate(JANE, code)
    expect(Object.keys(await form.json<object>())).toEqual(['UserIdentificationChallenge'])
  })

  it('takes the user’s id with the tenant behind it, and without', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    const challenge = { UserID: userId, ChallengeCode: COLOR, Answer: 'blue' }
    expect(await outcomeOf(presentJson(tenant, { code, challenge }))).toBe('accepted')
  })

  it('asks nothing of a user without answers, nor where the tenant asks nothing any more', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    await tenant.addUser('else@example.com')
    const other = await tenant.newCode('else@example.com')
    const accepted = await presentJson(tenant, { email: 'else@example.com', code: other })
    expect(await accepted.json()).toEqual({ userName: 'else@example.com', emailAddress: 'else@example.com' })
    const put = (challenges: object) =>
      operate('PUT', `/tenants/${tenant.id}`, {
        name: 'A tenant',
        hosts: [tenant.host],
        policy: { ...NO_LIMITS, challenges },
      })
    expect((await put({ questions: QUESTIONS.slice(1) })).status).toBe(200)
    expect(await outcomeOf(presentJson(tenant, { code }))).toBe('accepted')
    expect((await put({})).status).toBe(200)
    const ignored = answered(tenant, userId, COLOR, 'wrong')
    expect(await outcomeOf(presentJson(tenant, { code, challenge: ignored }))).toBe('accepted')
    expect((await put({ questions: QUESTIONS })).status).toBe(200)
    expect(await outcomeOf(presentJson(tenant, { code }))).toBe(COLOR)
  })
})

describe('a wrong answer', () => {
  it('G4: is a wrong code to every count, and the next question is asked, round and round', async () => {
    const { tenant, userId, code } = await newAskedUser(3)
    for (const [nth, [asked, next]] of [
      [COLOR, CITY],
      [CITY, PET],
      [PET, COLOR],
      [COLOR, CITY],
    ].entries()) {
      const challenge = answered(tenant, userId, asked ?? '', 'wrong')
      expect(await outcomeOf(presentJson(tenant, { code, challenge, address: addressOf(nth) }))).toBe(next)
      expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: nth + 1, failures: nth + 1 })
    }
    expect(await userEvents(tenant)).toEqual(['refused wrong-answer x4'])
  })

  it('is followed by the same question where there is but one', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    const challenge = answered(tenant, userId, COLOR, 'wrong')
    expect(await outcomeOf(presentJson(tenant, { code, challenge }))).toBe(COLOR)
    expect(await outcomeOf(presentJson(tenant, { code, challenge: answered(tenant, userId, COLOR) }))).toBe(
      'accepted',
    )
  })

  it('chooses nothing: an answer to another question than the one asked is not looked at', async () => {
    const { tenant, userId, code } = await newAskedUser(3)
    for (const other of [CITY, PET, 'com.soa.none', COLOR.toUpperCase()]) {
      const right = answered(tenant, userId, other)
      expect(await outcomeOf(presentJson(tenant, { code, challenge: { ...right, Answer: 'Dubai' } }))).toBe(
        COLOR,
      )
    }
    const nobodys = { ...answered(tenant, userId, COLOR), UserID: `${crypto.randomUUID()}.${tenant.id}` }
    expect(await outcomeOf(presentJson(tenant, { code, challenge: nobodys }))).toBe(COLOR)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 0, failures: 0 })
  })

  it('G1: locks the code at the cap, together with wrong codes, and the right answer fails then too', async () => {
    const { tenant, userId, code } = await newAskedUser(1, { code: { attemptsMax: 4 } })
    const wrong = answered(tenant, userId, COLOR, 'wrong')
    const right = answered(tenant, userId, COLOR)
    const outcomes = []
    for (const [nth, presented] of [
      { code, challenge: wrong },
      { code: wrongCode(code), challenge: right },
      { code, challenge: wrong },
      { code, challenge: right },
      { code, challenge: wrong },
      { code, challenge: right },
      { code },
    ].entries()) {
      outcomes.push(await outcomeOf(presentJson(tenant, { ...presented, address: addressOf(nth) })))
    }
    expect(outcomes).toEqual([COLOR, 'refused', COLOR, 'accepted', 'refused', 'refused', 'refused'])
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ failures: 4, ended_as: 'locked' })
    expect((await userEvents(tenant)).filter((event) => event.startsWith('locked'))).toEqual(['locked x1'])
  })

  it('G2: of 200 answers at once to a right code, no more than the cap are compared', SLOW, async () => {
    const accepted: number[] = []
    for (const place of [0, 3, 60, 120, 199]) {
      const { tenant, userId, code } = await newAskedUser(1, { code: { attemptsMax: 5 } })
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, nth) => {
          const challenge = answered(tenant, userId, COLOR, nth === place ? 'Blue' : `wrong ${nth}`)
          return outcomeOf(presentJson(tenant, { code, challenge, address: addressOf(nth) }))
        }),
      )
      const isAccepted = answers[place] === 'accepted'
      if (isAccepted) accepted.push(place)
      // The fifth wrong answer locks the code, and is refused as all behind it.
      expect(answers.filter((outcome) => outcome === COLOR)).toHaveLength(4)
      expect(answers.filter((outcome) => outcome === 'refused')).toHaveLength(isAccepted ? 195 : 196)
      expect(await storedCode(tenant.id, JANE)).toMatchObject({ failures: 5, ended_as: 'locked' })
      const right = answered(tenant, userId, COLOR)
      expect(await outcomeOf(presentJson(tenant, { code, challenge: right }))).toBe('refused')
    }
    // Were answers compared on an old count, the right one would be found wherever it hides.
    expect(accepted.length).toBeLessThan(5)
  })

  it('G2: of 200 answers at once to the first of three questions, one is compared', SLOW, async () => {
    const { tenant, userId, code } = await newAskedUser(3)
    const challenge = answered(tenant, userId, COLOR, 'wrong')
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, nth) =>
        outcomeOf(presentJson(tenant, { code, challenge, address: addressOf(nth) })),
      ),
    )
    expect(answers).toEqual(Array.from({ length: 200 }, () => CITY))
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 1, failures: 1, ended_as: null })
  })

  it('G5: the right answer beside fewer wrong ones than the cap is always accepted', SLOW, async () => {
    for (let round = 0; round < 5; round++) {
      const { tenant, userId, code } = await newAskedUser(1, { code: { attemptsMax: 5 } })
      const answers = await Promise.all(
        [0, 1, 2, 3, 4].map((nth) => {
          const challenge = answered(tenant, userId, COLOR, nth === round ? 'Blue' : 'wrong')
          return outcomeOf(presentJson(tenant, { code, challenge, address: addressOf(nth) }))
        }),
      )
      expect(answers).toEqual([0, 1, 2, 3, 4].map((nth) => (nth === round ? 'accepted' : COLOR)))
      expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 4, failures: 4, ended_as: null })
    }
  })

  it('G3: counts on with a new code, which begins with the question that is next', async () => {
    const hook = newMailHook()
    const caps = { attemptsMax: 5, failuresMax: 7 }
    const notify = { voided: false, locked: false, issued: false }
    const { tenant, userId } = await newAskedUser(3, { ...hook.policy, code: caps, notify })
    await tenant.void([JANE])
    const askedCode = async () => {
      await handle([await ask(tenant, JANE)])
      return String(hook.calls.at(-1)?.code)
    }
    const expected = [COLOR, CITY, PET, COLOR, CITY, PET, COLOR]
    for (const count of [2, 3]) {
      const code = await askedCode()
      for (let nth = 0; nth < count; nth++) {
        const question = expected.shift() ?? ''
        expect(await outcomeOf(presentJson(tenant, { code, address: addressOf(0) }))).toBe(question)
        const challenge = answered(tenant, userId, question, 'wrong')
        await presentJson(tenant, { code, challenge, address: addressOf(0) })
      }
    }
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 3, failures: 5, ended_as: null })
    const code = await askedCode()
    for (const question of expected) {
      const challenge = answered(tenant, userId, question, 'wrong')
      await presentJson(tenant, { code, challenge, address: addressOf(0) })
    }
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 2, failures: 7, ended_as: 'locked' })
  })

  it('F4: of one client spends four of ten attempts; then its right answer is refused, and another’s is not', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    const wrong = answered(tenant, userId, COLOR, 'wrong')
    for (let nth = 0; nth < 20; nth++) {
      await presentJson(tenant, { code, challenge: wrong, address: '192.0.2.1' })
    }
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 4, failures: 4, ended_as: null })
    const challenge = answered(tenant, userId, COLOR)
    expect(await outcomeOf(presentJson(tenant, { code, challenge, address: '192.0.2.1' }))).toBe('refused')
    expect(await outcomeOf(presentJson(tenant, { code, challenge, address: '192.0.2.2' }))).toBe('accepted')
  })
})

/** The digest of a code as it is stored. */
function digestOf(tenant: Tenant, code: string): string {
  const binding = { tenantId: tenant.id, emailKey: JANE, mode: 'PASSWORD_RESET' } as const
  return newCodeDigest(parseKeyring('PEPPERS', env.PEPPERS), binding, code).digest
}

describe('whoever has no right code', () => {
  it('N1: sees no question: the same answer to the byte, whatever answer is sent, and whoever it is about', async () => {
    const { tenant, userId, code } = await newAskedUser(3)
    await tenant.addUser('else@example.com')
    await tenant.newCode('else@example.com')
    const right = answered(tenant, userId, COLOR)
    const answers = new Set<string>()
    vi.useFakeTimers({ toFake: ['Date'] })
    // What a wrong code costs is charged with the next request, so that the first is cheaper than all others.
    await presentJson(tenant, { code: wrongCode(code), address: addressOf(0) })
    for (const email of [JANE, 'else@example.com', 'nobody@example.com']) {
      for (const challenge of [undefined, right, answered(tenant, userId, COLOR, 'wrong')]) {
        // The buckets are full again for each, so that their headers can be compared too.
        vi.setSystemTime(Date.now() + 60_000)
        const presented = { email, code: wrongCode(code), challenge, address: addressOf(0) }
        answers.add(await bytesOf(await presentJson(tenant, presented)))
      }
    }
    expect(answers.size).toBe(1)
    expect([...answers][0]).toMatch(/^\[401,/)
  })

  it.each<[Purpose['tag'], Purpose]>([
    ['validate', { tag: 'validate' }],
    ['redeem', { tag: 'redeem' }],
    ['reserve', { tag: 'reserve', reservationId: 'r', until: Number.MAX_SAFE_INTEGER }],
  ])(
    'N2: makes the database read and write as many rows, with answers and without: %s',
    async (_, purpose) => {
      const { tenant, userId, code } = await newAskedUser(3, GRANT)
      const seen: Record<string, unknown> = {}
      const states: Record<string, (email: string) => Promise<unknown>> = {
        plain: async () => undefined,
        answered: async () => undefined,
        voided: (email) => tenant.void([email]),
        'voided, answered': (email) => tenant.void([email]),
      }
      const [digest = ''] = answerDigests(parseKeyring('PEPPERS', env.PEPPERS), tenant.id, {
        userId,
        challengeCode: COLOR,
        text: 'Blue',
      }).map(({ digest }) => digest)
      for (const [state, end] of Object.entries(states)) {
        const email = `${state.replace(', ', '-')}@example.com`
        const id = await tenant.addUser(email)
        await tenant.newCode(email)
        if (state.includes('answered')) await challenges(tenant, 'PUT', id, rightAnswers(3))
        await end(email)
        const db = meteredDb()
        const caps = { attemptsMax: 10, failuresMax: 100 }
        const scope = { db: db as unknown as D1Database, tenantId: tenant.id, now: Date.now(), ...caps }
        const found = await judge(
          { ...scope, mode: 'PASSWORD_RESET' },
          email,
          [wrongCode(code)],
          { network: 'a hash of 12', client: 'a hash of 12' },
          purpose,
          {
            questions: JSON.stringify([COLOR, CITY, PET]),
            answeredUser: id,
            answeredCode: COLOR,
            answers: `,${digest},`,
          },
        )
        expect(found?.question).toBeNull()
        seen[state] = db.rows
      }
      const [first] = Object.values(seen)
      expect(first).toMatchObject([{ written: 1 }, { written: 1 }])
      expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((state) => [state, first])))
    },
  )
})

describe('redeeming a code of a user who has answers', () => {
  it('R1: needs the answer, and of 50 at once with the right one exactly one is redeemed', SLOW, async () => {
    const { tenant, userId, code } = await newAskedUser(2, GRANT)
    expect(await outcomeOf(presentJson(tenant, { code, path: REDEEM }))).toBe(COLOR)
    expect(await outcomeOf(tenant.validate(JANE, code))).toBe(COLOR)
    const challenge = answered(tenant, userId, COLOR)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, nth) =>
        presentJson(tenant, { code, challenge, path: REDEEM, address: addressOf(nth) }),
      ),
    )
    const granted = answers.filter(({ status }) => status === 200)
    expect(granted).toHaveLength(1)
    expect(await granted[0]?.json()).toEqual({
      userName: 'JaneSaoirse',
      emailAddress: JANE,
      resetStatus: 'user.password.reset.valid.answer',
      resetGrant: expect.any(String),
    })
    expect((await userEvents(tenant)).filter((event) => event.startsWith('redeemed'))).toEqual([
      'redeemed x1',
    ])
  })

  it('R5: asks the hook only with a right answer, and a hook that fails costs neither code nor answer', async () => {
    const { tenant, userId, code } = await newAskedUser(1, HOOK)
    const statuses = [500, 204]
    const calls = playHook(() => new Response(null, { status: statuses.shift() ?? 500 }))
    const set = (challenge?: unknown) => presentJson(tenant, { code, challenge, path: AUTHENTICATE })
    expect(await outcomeOf(set())).toBe(COLOR)
    expect(await outcomeOf(set(answered(tenant, userId, COLOR, 'wrong')))).toBe(COLOR)
    expect(calls).toHaveLength(0)
    expect((await set(answered(tenant, userId, COLOR))).status).toBe(503)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 1, ended_as: null })
    const done = await set(answered(tenant, userId, COLOR))
    expect([done.status, await done.json()]).toEqual([
      200,
      { userName: 'JaneSaoirse', emailAddress: JANE, resetStatus: 'user.password.reset.valid.answer' },
    ])
    expect(calls).toHaveLength(2)
    expect((await set(answered(tenant, userId, COLOR))).status).toBe(401)
  })

  it('costs one round trip, as it does where nothing is asked', async () => {
    const { tenant, userId, code } = await newAskedUser(3, GRANT)
    const options = passwordCall(JANE, code)
    const withAnswer = (answer: string) => ({
      body: {
        ...(options.body as object),
        UserIdentificationChallenge: answered(tenant, userId, COLOR, answer),
      },
    })
    await meter(tenant, VALIDATE, options)
    for (const each of [options, withAnswer('Blue')]) {
      expect(await meter(tenant, VALIDATE, each)).toMatchObject({ status: 200, trips: 1 })
    }
    expect(await meter(tenant, REDEEM, withAnswer('Blue'))).toMatchObject({ status: 200, trips: 1 })
    expect(await meter(tenant, REDEEM, withAnswer('Blue'))).toMatchObject({ status: 401, trips: 1 })
  })
})

describe('the statements', () => {
  /** The texts of the statements of one judgement. */
  async function textsOf(isAsking: boolean): Promise<string[]> {
    const { tenant, code } = await newAskedUser(2)
    const texts: string[] = []
    const db = {
      prepare: (text: string) => {
        texts.push(text)
        return env.DB.prepare(text)
      },
      batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    } as unknown as D1Database
    const scope = { db, tenantId: tenant.id, now: Date.now(), attemptsMax: 10, failuresMax: 100 }
    await judge(
      { ...scope, mode: 'PASSWORD_RESET' },
      JANE,
      [digestOf(tenant, code)],
      { network: null, client: null },
      { tag: 'validate' },
      isAsking
        ? { questions: JSON.stringify([COLOR, CITY]), answeredUser: '', answeredCode: '', answers: ',,' }
        : undefined,
    )
    return texts
  }

  it('of tenants that ask nothing know of no answers', async () => {
    expect((await textsOf(false)).join()).not.toContain('challenge')
  })

  it('find every row by a key, and read no table through', async () => {
    const texts = await textsOf(true)
    expect(texts).toHaveLength(2)
    const details: string[] = []
    for (const text of texts) {
      const placeholders = [...text.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number))
      const bound = Array.from({ length: Math.max(...placeholders) }, () => '[]')
      const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`)
        .bind(...bound)
        .all<{ detail: string }>()
      details.push(...plan.results.map(({ detail }) => detail))
    }
    const scans = details.filter((detail) => detail.startsWith('SCAN '))
    expect(scans.filter((detail) => !/json_each|known$|subquery|CONSTANT ROW/.test(detail))).toEqual([])
    expect(details).toContain('SEARCH challenge_answers USING PRIMARY KEY (tenant_id=? AND user_id=?)')
  })
})

describe('what is kept of an answer', () => {
  it('D4: is a digest, another for each user and question, and no log line holds the answer', async () => {
    const logged = vi.spyOn(console, 'log')
    const { tenant, userId, code } = await newAskedUser(3)
    const other = await tenant.addUser('else@example.com')
    await challenges(tenant, 'PUT', other, [
      { ChallengeCode: COLOR, Answer: 'Blue' },
      { ChallengeCode: CITY, Answer: 'Blue' },
    ])
    await presentJson(tenant, { code, challenge: answered(tenant, userId, COLOR) })
    await presentJson(tenant, { code, challenge: answered(tenant, userId, COLOR, 'Bucktastic') })
    const kept = [...(await storedAnswers(userId)), ...(await storedAnswers(other))]
    expect(new Set(kept.map(({ digest }) => digest)).size).toBe(5)
    expect(kept.every(({ digest, pepper_id }) => /^[\w-]{43}$/.test(digest) && pepper_id === 'new')).toBe(
      true,
    )
    const text = JSON.stringify([kept, logged.mock.calls])
    expect(text).toContain('"wrong-answer')
    for (const answer of ['Blue', 'Dubai', 'Bucktastic'])
      expect(text.toLowerCase()).not.toContain(answer.toLowerCase())
  })

  it('R9: is no answer itself', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    const [kept] = await storedAnswers(userId)
    for (const text of [kept?.digest, `,${kept?.digest},`, ',', ',,']) {
      const challenge = answered(tenant, userId, COLOR, text)
      expect(await outcomeOf(presentJson(tenant, { code, challenge, address: addressOf(1) }))).toBe(COLOR)
    }
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ failures: 4 })
  })

  it('is good under an older pepper, as a code is', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    const of = { userId, challengeCode: COLOR, text: 'Blue' }
    const [, old] = answerDigests(parseKeyring('PEPPERS', env.PEPPERS), tenant.id, of)
    expect(old?.pepperId).toBe('old')
    await env.DB.prepare('UPDATE challenge_answers SET digest = ?, pepper_id = ? WHERE user_id = ?')
      .bind(old?.digest, 'old', userId)
      .run()
    const challenge = answered(tenant, userId, COLOR)
    expect(await outcomeOf(presentJson(tenant, { code, challenge }))).toBe('accepted')
  })

  it.each([
    ['Blue', 'bLUE'],
    ['Blue', '  blue \n'],
    ['New  York', 'new york'],
    ['ＮＥＷ　ＹＯＲＫ', 'new york'],
    ['Zoë', 'ZOE\u0308'],
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['ﬁat', 'FIAT'],
  ])('is the same for %j and %j', (one, two) => {
    expect(normaliseAnswer(one)).toBe(normaliseAnswer(two))
  })

  it.each([
    ['Blue', 'Blu'],
    ['Zoe', 'Zoë'],
    ['New York', 'NewYork'],
    ['red, blue', 'red blue'],
  ])('differs for %j and %j', (one, two) => {
    expect(normaliseAnswer(one)).not.toBe(normaliseAnswer(two))
  })
})

describe('E3: tenants are sealed', () => {
  it('an answer under the id of another tenant’s user is not looked at, and asks as if none had come', async () => {
    const [here, there] = [await newAskedUser(1), await newAskedUser(1)]
    const wires = [
      `${here.userId}.${there.tenant.id}`,
      `${there.userId}.${there.tenant.id}`,
      `${there.userId}.${here.tenant.id}`,
      there.userId,
    ]
    for (const UserID of wires) {
      const challenge = { ...answered(here.tenant, here.userId, COLOR), UserID }
      expect(await outcomeOf(presentJson(here.tenant, { code: here.code, challenge }))).toBe(COLOR)
    }
    expect(await storedCode(here.tenant.id, JANE)).toMatchObject({ attempts: 0, failures: 0 })
  })

  it('the answers of a user are found and changed by a token of their own tenant alone', async () => {
    const [here, there] = [await newAskedUser(1), await newAskedUser(1)]
    const token = await here.tenant.token('super-admin')
    const before = await storedAnswers(there.userId)
    for (const id of [
      there.userId,
      `${there.userId}.${there.tenant.id}`,
      `${there.userId}.${here.tenant.id}`,
    ]) {
      for (const at of [here.tenant, there.tenant]) {
        expect((await challenges(at, 'GET', id, undefined, token)).status).toBe(404)
        expect((await challenges(at, 'PUT', id, rightAnswers(2), token)).status).toBe(404)
        expect((await challenges(at, 'PUT', id, [], token)).status).toBe(404)
        expect((await challenges(at, 'DELETE', id, undefined, token)).status).toBe(404)
      }
    }
    expect(await storedAnswers(there.userId)).toEqual(before)
  })
})
