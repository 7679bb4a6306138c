import { env } from 'cloudflare:workers'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  BASE_URL,
  call,
  newRequest,
  newTenant,
  NO_LIMITS,
  wrongCode,
  type Tenant,
} from '../../rig/service.ts'
import { bytesOf, codeForm, FORM, meter, REDEEM, userEvents, VALIDATE } from '../../rig/presenting.ts'
import { storedCode, storedCodes } from '../../rig/stored-code.ts'
import { app } from '../../../src/local.ts'

const JANE = 'jane.saoirse@example.com'
const AUDIENCE = 'https://accounts.example.com'
const SLOW = { timeout: 60_000 }
const POLICY = {
  ...NO_LIMITS,
  code: { attemptsMax: 10 },
  mail: { from: 'reset@example.com' },
  redeem: { kind: 'grant', audience: AUDIENCE },
}

/** A tenant that redeems to grants, with Jane and her code. */
async function withCode(policy: object = {}) {
  const tenant = await newTenant({ policy: { ...POLICY, ...policy } })
  const janeId = await tenant.addUser(JANE, { userName: 'JaneSaoirse' })
  return { tenant, janeId, code: await tenant.newCode(JANE) }
}

const post = (tenant: Tenant, path: string, email: string, code: string) =>
  call(`https://${tenant.host}${path}`, codeForm(email, code))
const redeem = (tenant: Tenant, code: string, email = JANE) => post(tenant, REDEEM, email, code)
const redeemStatus = async (tenant: Tenant, code: string, email = JANE) =>
  (await redeem(tenant, code, email)).status

async function grantFrom(response: Response): Promise<string> {
  expect(response.status).toBe(200)
  return (await response.json<{ resetGrant: string }>()).resetGrant
}

const publishedKeys = async () => (await call(`${BASE_URL}/.well-known/jwks.json`, { method: 'GET' })).json()

/** Verifies as the tenant's own service does: with the published keys alone. */
const verify = async ({ id }: Tenant, grant: string, keys?: unknown) =>
  jwtVerify(grant, createLocalJWKSet((keys ?? (await publishedKeys())) as JSONWebKeySet), {
    algorithms: ['ES256'],
    typ: 'reset-grant+jwt',
    issuer: BASE_URL,
    audience: `${AUDIENCE}/${id}`,
    requiredClaims: ['sub', 'jti', 'iat', 'exp'],
  })

afterEach(() => {
  vi.useRealTimers()
})

/** A limiter is asked once, or not at all where the isolate holds a lease. */
const AT_MOST_ONE = expect.toSatisfy((calls: number) => calls <= 1) as number

describe('a redeem', () => {
  it.each<[string, (code: string) => { query?: string; body?: string; headers?: Record<string, string> }]>([
    ['form', (code) => ({ body: `emailAddress=${JANE}&passwordResetCode=${code}`, headers: FORM })],
    ['query', (code) => ({ query: `?emailAddress=${JANE}&passwordResetCode=${code}` })],
    [
      'JSON',
      (code) => ({
        body: JSON.stringify({ Email: JANE, PasswordResetCode: code }),
        headers: { 'Content-Type': 'application/vnd.soa.v72+json' },
      }),
    ],
  ])('by %s answers name, address and grant, and nothing else', async (_, sent) => {
    const { tenant, code } = await withCode()
    const { query = '', ...options } = sent(code)
    const response = await call(`https://${tenant.host}${REDEEM}${query}`, options)
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(await response.json()).toStrictEqual({
      userName: 'JaneSaoirse',
      emailAddress: JANE,
      resetGrant: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    })
  })

  it('is one round trip to the database, one to the limiter and one notice', async () => {
    const { tenant, code } = await withCode()
    await tenant.validate('nobody@example.com', 'x')
    const refused = await meter(tenant, REDEEM, codeForm(JANE, wrongCode(code)))
    expect(refused).toMatchObject({ status: 401, trips: 1, objects: AT_MOST_ONE, queued: 0 })
    expect(await meter(tenant, REDEEM, codeForm(JANE, code))).toMatchObject({
      status: 200,
      trips: 1,
      objects: AT_MOST_ONE,
      queued: 1,
    })
  })

  it('starts the failure budget anew', async () => {
    const { tenant, code } = await withCode({ code: { attemptsMax: 10, failuresMax: 10 } })
    for (let guess = 0; guess < 9; guess++) expect(await redeemStatus(tenant, wrongCode(code))).toBe(401)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ failures: 9 })
    expect(await redeemStatus(tenant, code)).toBe(200)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ failures: 0, ended_as: 'redeemed' })
  })

  it.each([undefined, { kind: 'hook', url: 'https://hook.example.com', secret: `whsec_${'A'.repeat(32)}` }])(
    'without a grant policy is 501, says what to configure, and spends nothing: %o',
    async (policy) => {
      const { tenant, code } = await withCode({ redeem: policy })
      const before = await storedCodes(tenant.id)
      for (const presented of [code, wrongCode(code)]) {
        const response = await redeem(tenant, presented)
        expect(response.status).toBe(501)
        expect(await response.json()).toStrictEqual({
          faultcode: 'Server',
          faultstring: expect.stringMatching(/policy\.redeem.*"kind": "grant".*"audience"/),
        })
      }
      expect(await storedCodes(tenant.id)).toEqual(before)
      expect(await userEvents(tenant)).toEqual([])
    },
  )

  it('R10: by another method than POST spends nothing', async () => {
    const { tenant, code } = await withCode()
    const query = `?emailAddress=${JANE}&passwordResetCode=${code}`
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT']) {
      const response = await call(`https://${tenant.host}${REDEEM}${query}`, { method })
      expect(response.status).toBe(405)
    }
    expect(await redeemStatus(tenant, code)).toBe(200)
  })
})

describe('the grant', () => {
  it('verifies by the published keys, and says who, for whom and until when', async () => {
    const nowS = Math.floor(Date.now() / 1000)
    vi.useFakeTimers({ toFake: ['Date'], now: nowS * 1000 + 999 })
    const { tenant, janeId, code } = await withCode()
    const before = await storedCode(tenant.id, JANE)
    const { protectedHeader, payload } = await verify(tenant, await grantFrom(await redeem(tenant, code)))
    expect(protectedHeader).toStrictEqual({ alg: 'ES256', typ: 'reset-grant+jwt', kid: 'new' })
    expect(payload).toStrictEqual({
      iss: BASE_URL,
      aud: `${AUDIENCE}/${tenant.id}`,
      sub: janeId,
      tenant: tenant.id,
      jti: before?.code_id,
      iat: nowS,
      exp: nowS + 300,
    })
  })

  it('lives as long as the policy says, and no two have the same id', async () => {
    const { tenant, code } = await withCode({ redeem: { ...POLICY.redeem, ttlSeconds: 30 } })
    const first = await verify(tenant, await grantFrom(await redeem(tenant, code)))
    expect((first.payload.exp ?? 0) - (first.payload.iat ?? 0)).toBe(30)
    const second = await verify(tenant, await grantFrom(await redeem(tenant, await tenant.newCode(JANE))))
    expect(second.payload.jti).not.toBe(first.payload.jti)
  })

  it('is published with public members only', async () => {
    const { keys } = (await publishedKeys()) as { keys: object[] }
    expect(keys.map((key) => Object.keys(key).toSorted())).toEqual(
      ['new', 'old'].map(() => ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']),
    )
    expect(keys).toMatchObject(['new', 'old'].map((kid) => ({ kid, alg: 'ES256', use: 'sig' })))
  })

  it('outlives a rotation: signed by the key that was first, it verifies when a new one is in front', async () => {
    const [fresh, old] = JSON.parse(env.RESET_GRANT_KEYS) as { kid: string }[]
    const { tenant, code } = await withCode()
    const redeemWith = async (keys: unknown, presented: string) => {
      const changed = { RESET_GRANT_KEYS: JSON.stringify(keys) }
      const { status, body } = await meter(tenant, REDEEM, codeForm(JANE, presented), changed)
      return grantFrom(new Response(body, { status }))
    }
    const jwksWith = async (keys: unknown) => {
      const request = newRequest(`${BASE_URL}/.well-known/jwks.json`, { method: 'GET' })
      return (await app.fetch(request, { ...env, RESET_GRANT_KEYS: JSON.stringify(keys) })).json()
    }
    const before = await redeemWith([old], code)
    const after = await redeemWith([fresh, old], await tenant.newCode(JANE))
    const rotated = await jwksWith([fresh, old])
    expect((await verify(tenant, before, rotated)).protectedHeader.kid).toBe('old')
    expect((await verify(tenant, after, rotated)).protectedHeader.kid).toBe('new')
    await expect(verify(tenant, after, await jwksWith([old]))).rejects.toThrow('no applicable key')
  })
})

describe('once, and in order', () => {
  it('R1: of 50 parallel redeems exactly one succeeds, with one event and one notice', SLOW, async () => {
    for (let round = 0; round < 5; round++) {
      const { tenant, code } = await withCode()
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => meter(tenant, REDEEM, codeForm(JANE, code))),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(49)
      expect(answers.reduce((sum, { queued }) => sum + queued, 0)).toBe(1)
      expect(await userEvents(tenant)).toEqual(['redeemed x1', 'refused redeemed x49'])
    }
  })

  it('R1: a redeemed code is refused everywhere from then on', async () => {
    const { tenant, code } = await withCode()
    expect(await redeemStatus(tenant, code)).toBe(200)
    expect(await redeemStatus(tenant, code)).toBe(401)
    expect((await tenant.validate(JANE, code)).status).toBe(401)
    expect(await tenant.void([JANE])).toMatchObject([{ status: 1015 }])
  })

  it('R2: only the newest code is redeemed, also with wrong guesses and old codes in flight', async () => {
    const { tenant, code: oldest } = await withCode()
    for (let round = 0; round < 20; round++) {
      const old = await tenant.newCode(JANE)
      const code = await tenant.newCode(JANE)
      const presented = [oldest, wrongCode(code), old, code, old, wrongCode(old), oldest]
      const rotated = [...presented.slice(round % 7), ...presented.slice(0, round % 7)]
      const statuses = await Promise.all(rotated.map((each) => redeemStatus(tenant, each)))
      expect(statuses).toEqual(rotated.map((each) => (each === code ? 200 : 401)))
    }
  })

  it('R3: a void racing a redeem: the one or the other, and the void says which', SLOW, async () => {
    const { tenant } = await withCode()
    const token = await tenant.token()
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`
    const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: [JANE] }
    const ends: string[] = []
    for (let round = 0; round < 60; round++) {
      const code = await tenant.newCode(JANE)
      const racers = [
        async () => String(await redeemStatus(tenant, code)),
        async () => {
          const { results } = await (
            await call(url, { token, body })
          ).json<{ results: { status: number }[] }>()
          return String(results[0]?.status)
        },
      ]
      const order = round % 2 === 0 ? racers : racers.toReversed()
      ends.push((await Promise.all(order.map((racer) => racer()))).toSorted().join(' '))
      const { ended_as } = (await storedCode(tenant.id, JANE)) ?? {}
      expect(ended_as).toBe(ends.at(-1) === '1015 200' ? 'redeemed' : 'voided')
    }
    expect(new Set(ends)).toEqual(new Set(['1015 200', '1016 401']))
  })

  it('R6: a code is redeemed to the last millisecond, and not a millisecond longer', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    for (const [left, status] of [
      [1, 200],
      [0, 401],
    ] as const) {
      const { tenant } = await withCode()
      const { expires_at = 0 } = (await storedCode(tenant.id, JANE)) ?? {}
      const code = await tenant.newCode(JANE)
      expect(await storedCode(tenant.id, JANE)).toMatchObject({ expires_at })
      vi.setSystemTime(expires_at - left)
      expect(await redeemStatus(tenant, code)).toBe(status)
    }
  })
})

describe('guessing', () => {
  it('G4: validate and redeem share one counter', async () => {
    const { tenant, code } = await withCode({ code: { attemptsMax: 5 } })
    for (const path of [VALIDATE, REDEEM, VALIDATE, REDEEM]) {
      expect((await post(tenant, path, JANE, wrongCode(code))).status).toBe(401)
    }
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 4, failures: 4, ended_as: null })
    expect((await post(tenant, VALIDATE, JANE, wrongCode(code))).status).toBe(401)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 5, failures: 5, ended_as: 'locked' })
    expect(await redeemStatus(tenant, code)).toBe(401)
  })

  it.each([1, 5])('G1: after the cap of %i wrong redeems the right one fails too', async (attemptsMax) => {
    const { tenant, code } = await withCode({ code: { attemptsMax } })
    for (let guess = 0; guess < attemptsMax; guess++) {
      expect(await redeemStatus(tenant, wrongCode(code))).toBe(401)
    }
    expect(await redeemStatus(tenant, code)).toBe(401)
    expect((await tenant.validate(JANE, code)).status).toBe(401)
  })

  it('G2: of 20 parallel redeems and validates no more than the cap are judged', SLOW, async () => {
    const { tenant } = await withCode({ code: { attemptsMax: 5 } })
    const accepted: number[] = []
    for (let round = 0; round < 20; round++) {
      const place = (round * 7) % 20
      const code = await tenant.newCode(JANE)
      const guesses = Array.from({ length: 20 }, (_, index) => (index === place ? code : wrongCode(code)))
      const statuses = await Promise.all(
        guesses.map(async (each, index) => {
          const path = index === place || index % 2 === 0 ? REDEEM : VALIDATE
          return (await post(tenant, path, JANE, each)).status
        }),
      )
      const { ended_as, failures } = (await storedCode(tenant.id, JANE)) ?? {}
      if (statuses[place] === 200) accepted.push(place)
      expect(statuses.filter((status) => status === 200)).toHaveLength(statuses[place] === 200 ? 1 : 0)
      const end =
        statuses[place] === 200 ? { ended_as: 'redeemed', failures: 0 } : { ended_as: 'locked', failures: 5 }
      expect({ ended_as, failures }).toEqual(end)
    }
    expect(accepted.length).toBeLessThan(10)
  })

  it('G5: the right code beside fewer wrong ones than the cap is always redeemed', SLOW, async () => {
    const { tenant } = await withCode({ code: { attemptsMax: 5 } })
    for (let round = 0; round < 25; round++) {
      const code = await tenant.newCode(JANE)
      const guesses = Array.from({ length: 5 }, (_, index) => (index === round % 5 ? code : wrongCode(code)))
      const statuses = await Promise.all(guesses.map((each) => redeemStatus(tenant, each)))
      expect(statuses).toEqual(guesses.map((each) => (each === code ? 200 : 401)))
    }
  })
})

describe('what a refusal tells', () => {
  it('N1: nothing, to the byte that of validate, in every state and when repeated', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant } = await withCode()
    const elsewhere = await withCode()
    const newCodeOf = async (email: string) => {
      await tenant.addUser(email)
      return tenant.newCode(email)
    }
    const cases: [string, string][] = [['expired@example.com', await newCodeOf('expired@example.com')]]
    vi.setSystemTime(Date.now() + 600_000)
    const names = ['wrong', 'voided', 'superseded', 'locked', 'redeemed', 'disabled']
    for (const name of names) cases.push([`${name}@example.com`, await newCodeOf(`${name}@example.com`)])
    const codeOf = (name: string) => cases.find(([email]) => email === `${name}@example.com`)?.[1] ?? ''
    await tenant.void(['voided@example.com'])
    await tenant.newCode('superseded@example.com')
    for (let guess = 0; guess < 10; guess++) await redeem(tenant, 'wrong', 'locked@example.com')
    expect(await redeemStatus(tenant, codeOf('redeemed'), 'redeemed@example.com')).toBe(200)
    await env.DB.prepare("UPDATE users SET status = 'disabled' WHERE tenant_id = ? AND email_key = ?")
      .bind(tenant.id, 'disabled@example.com')
      .run()
    await tenant.addUser('never-issued@example.com')
    const wrongFor = wrongCode(codeOf('wrong'))
    const sent: [string, string][] = [
      ...cases.filter(([email]) => email !== 'wrong@example.com'),
      ['wrong@example.com', wrongFor],
      ['nobody@example.com', wrongFor],
      ['never-issued@example.com', wrongFor],
      ['no address', wrongFor],
      [JANE, elsewhere.code],
    ]
    const answers = new Set<string>()
    // The wrong code before a request is charged with it: it is so for each of them.
    await post(tenant, VALIDATE, 'nobody@example.com', wrongFor)
    for (const [email, presented] of sent) {
      for (const path of [VALIDATE, REDEEM, REDEEM]) {
        // The bucket is full again for each and nothing on lease, so that its headers can be compared too.
        vi.setSystemTime(Date.now() + 5_000)
        answers.add(await bytesOf(await post(tenant, path, email, presented)))
      }
    }
    expect([...answers].map((answer) => (JSON.parse(answer) as unknown[])[0])).toEqual([401])
  })

  it('N2: a refusal reads a handful of rows more where there is a live code, not dozens', async () => {
    const { tenant, code } = await withCode()
    const read: number[] = []
    for (const email of [JANE, 'nobody@example.com']) {
      for (const path of [VALIDATE, REDEEM]) {
        let rows = 0
        const DB = {
          prepare: (query: string) => env.DB.prepare(query),
          async batch(statements: D1PreparedStatement[]) {
            const results = await env.DB.batch(statements)
            for (const { meta } of results) rows += meta.rows_read
            return results
          },
        } as unknown as D1Database
        expect(await meter(tenant, path, codeForm(email, wrongCode(code)), { DB })).toMatchObject({
          status: 401,
        })
        read.push(rows)
      }
    }
    expect(Math.max(...read) - Math.min(...read)).toBeLessThan(15)
  })

  it('E3: another tenant’s code is as if unknown, and stays its own', async () => {
    const [mine, theirs] = [await withCode(), await withCode()]
    expect(await redeemStatus(theirs.tenant, mine.code)).toBe(401)
    expect(await userEvents(mine.tenant)).toEqual([])
    expect(await redeemStatus(mine.tenant, mine.code)).toBe(200)
    expect(await redeemStatus(theirs.tenant, theirs.code)).toBe(200)
    expect(await userEvents(theirs.tenant)).toEqual(['redeemed x1', 'refused wrong x1'])
  })
})
