import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ask, handle } from '../rig/deliveries.ts'
import { JANE, playHook, withHook } from '../rig/password-hook.ts'
import { AUTHENTICATE, meter, passwordCall, userEvents } from '../rig/presenting.ts'
import { call, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode } from '../rig/stored-code.ts'

/** What may happen to a code between its right presentation and the word of the tenant's hook. */

const SLOW = { timeout: 60_000 }
const accept = () => new Response(null, { status: 204 })
const fail = () => new Response(null, { status: 500 })

const reset = async (tenant: Tenant, code: string) =>
  (await call(`https://${tenant.host}${AUTHENTICATE}`, passwordCall(JANE, code))).status
const endOf = async (tenant: Tenant) => (await storedCode(tenant.id, JANE))?.ended_as
const times = <Result>(count: number, each: () => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, each))

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('while the hook is asked', () => {
  it('R1: of 30 parallel calls one reaches the hook, and one is answered 200', SLOW, async () => {
    for (let round = 0; round < 5; round++) {
      const { tenant, code } = await withHook()
      const othersRefused = Promise.withResolvers<void>()
      const calls = playHook(async () => {
        await othersRefused.promise
        return accept()
      })
      let refused = 0
      const answers = await times(30, async () => {
        const { status, queued } = await meter(tenant, AUTHENTICATE, passwordCall(JANE, code))
        if (status === 401) refused += 1
        if (refused === 29) othersRefused.resolve()
        return { status, queued }
      })
      expect(calls).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 200)).toEqual([{ status: 200, queued: 1 }])
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(29)
      expect(await storedCode(tenant.id, JANE)).toMatchObject({ ended_as: 'redeemed', failures: 0 })
      expect((await userEvents(tenant)).filter((event) => event.startsWith('redeemed'))).toEqual([
        'redeemed hook x1',
      ])
    }
  })

  it('R1: calls one after another while it fails are judged anew each time, with one id for the same password', async () => {
    const { tenant, code } = await withHook()
    const answers = [fail(), fail(), accept()]
    const calls = playHook(() => answers.shift() ?? fail())
    const statuses = []
    for (let time = 0; time < 4; time++) statuses.push(await reset(tenant, code))
    expect(statuses).toEqual([503, 503, 200, 401])
    expect(calls).toHaveLength(3)
    expect(new Set(calls.map(({ headers }) => headers.get('Webhook-Id'))).size).toBe(1)
  })

  it('the right code validates, and a wrong one is counted', async () => {
    const { tenant, code } = await withHook()
    const statuses: number[] = []
    playHook(async () => {
      for (const each of [code, wrongCode(code)]) statuses.push((await tenant.validate(JANE, each)).status)
      return fail()
    })
    expect(await reset(tenant, code)).toBe(503)
    expect(statuses).toEqual([200, 401])
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 1, failures: 1, ended_as: null })
  })

  it('R5: wrong guesses up to the lock do not stop what the hook has done', async () => {
    const { tenant, code } = await withHook({ code: { attemptsMax: 5 } })
    playHook(async () => {
      await times(10, () => tenant.validate(JANE, wrongCode(code)))
      expect(await endOf(tenant)).toBe('locked')
      return accept()
    })
    expect(await reset(tenant, code)).toBe(200)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ ended_as: 'redeemed', failures: 0 })
  })

  it('G1: wrong guesses up to the lock lock the code, when the hook then fails', async () => {
    const { tenant, code } = await withHook({ code: { attemptsMax: 5 } })
    playHook(async () => {
      await times(10, () => tenant.validate(JANE, wrongCode(code)))
      return fail()
    })
    expect(await reset(tenant, code)).toBe(503)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ ended_as: 'locked', failures: 5 })
    expect(await reset(tenant, code)).toBe(401)
  })

  it.each([
    ['sets the password: it was redeemed', accept, 200, 'redeemed'],
    ['fails: it is dead all the same', fail, 503, 'voided'],
  ])('R3: a void says that the code is in use; the hook then %s', async (_, answer, status, end) => {
    const { tenant, code } = await withHook()
    playHook(async () => {
      expect(await tenant.void([JANE])).toMatchObject([
        { status: 1015, errorMessage: expect.stringMatching(/use/) },
      ])
      expect((await tenant.validate(JANE, code)).status).toBe(401)
      return answer()
    })
    expect(await reset(tenant, code)).toBe(status)
    expect(await endOf(tenant)).toBe(end)
    expect((await tenant.validate(JANE, code)).status).toBe(401)
    expect(await reset(tenant, code)).toBe(401)
    expect(await tenant.void([JANE])).toMatchObject([{ status: 1015 }])
  })

  it('R2: a new code is its own, whatever the hook says of the old one', async () => {
    for (const [answer, status] of [
      [accept, 200],
      [fail, 503],
    ] as const) {
      const { tenant, code } = await withHook()
      let newest = ''
      playHook(async () => {
        newest = await tenant.newCode(JANE)
        return answer()
      })
      expect(await reset(tenant, code)).toBe(status)
      expect((await tenant.validate(JANE, newest)).status).toBe(200)
      expect((await tenant.validate(JANE, code)).status).toBe(401)
    }
  })
})

describe('a send that is handled while the hook is asked', () => {
  it.each([
    ['R1: makes no second code, when the hook then sets the password', accept, 200, 'redeemed'],
    ['R2, R5: leaves the code as it was, when the hook then fails', fail, 503, null],
  ])('%s', async (_, answer, status, end) => {
    const { tenant, code } = await withHook()
    const sent: unknown[] = []
    const EMAIL = { send: async (mail: unknown) => sent.push(mail) } as unknown as Env['EMAIL']
    playHook(async () => {
      const reserved = await storedCode(tenant.id, JANE)
      expect(await handle([await ask(tenant, JANE)], { bindings: { EMAIL } })).toEqual(['ack'])
      expect(await storedCode(tenant.id, JANE)).toEqual(reserved)
      return answer()
    })
    const { code_id: codeId } = (await storedCode(tenant.id, JANE)) ?? {}
    expect(await reset(tenant, code)).toBe(status)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ code_id: codeId, ended_as: end })
    expect((await tenant.validate(JANE, code)).status).toBe(end === null ? 200 : 401)
    expect(sent).toEqual([])
    expect(await userEvents(tenant)).toContain('delivery-failed superseded x1')
  })
})

describe('while the hook is asked for two at once', () => {
  /** A hook that holds its calls until they are answered here, one by one. */
  function holdHook() {
    const answers = [0, 1, 2].map(() => Promise.withResolvers<Response>())
    const arrived = [0, 1, 2].map(() => Promise.withResolvers<void>())
    let count = 0
    const calls = playHook(() => {
      const [index, answer] = [count, answers[count]?.promise]
      count += 1
      arrived[index]?.resolve()
      return answer ?? fail()
    })
    return { calls, answers, arrived }
  }
  const start = (tenant: Tenant, code: string) => meter(tenant, AUTHENTICATE, passwordCall(JANE, code))

  it('R1: a newer code waits for the end of an older code’s reset, and is good after it', async () => {
    for (const [answer, status] of [
      [accept, 200],
      [fail, 503],
    ] as const) {
      const { tenant, code } = await withHook()
      const { calls, answers, arrived } = holdHook()
      const older = start(tenant, code)
      await arrived[0]?.promise
      const newCode = await tenant.newCode(JANE)
      expect((await tenant.validate(JANE, newCode)).status).toBe(200)
      expect(await start(tenant, newCode)).toMatchObject({ status: 401 })
      expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 0, failures: 0 })
      answers[0]?.resolve(answer())
      expect(await older).toMatchObject({ status })
      answers[1]?.resolve(accept())
      expect(await start(tenant, newCode)).toMatchObject({ status: 200 })
      expect(calls).toHaveLength(2)
      expect(await endOf(tenant)).toBe('redeemed')
    }
  })

  it.each([
    ['sets the password', accept, 200],
    ['fails', fail, 503],
  ])(
    'R3: a void after a new code was generated says that a code is in use; the hook then %s',
    async (_, answer, status) => {
      const { tenant, code } = await withHook()
      const { answers, arrived } = holdHook()
      const older = start(tenant, code)
      await arrived[0]?.promise
      const newCode = await tenant.newCode(JANE)
      expect(await tenant.void([JANE])).toMatchObject([
        { status: 1015, errorMessage: expect.stringMatching(/being used/) },
      ])
      answers[0]?.resolve(answer())
      expect(await older).toMatchObject({ status })
      for (const each of [code, newCode]) expect((await tenant.validate(JANE, each)).status).toBe(401)
      expect(await tenant.void([JANE])).toMatchObject([
        { status: 1015, errorMessage: expect.stringMatching(/voided before/) },
      ])
    },
  )

  it('R1: the failure of a lapsed call does not free the code for a third', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant, code } = await withHook({ code: { attemptsMax: 10, ttlMinutes: 60 } })
    const { calls, answers, arrived } = holdHook()
    const lapsed = start(tenant, code)
    await arrived[0]?.promise
    vi.setSystemTime(Date.now() + 30_000)
    const second = start(tenant, code)
    await arrived[1]?.promise
    answers[0]?.resolve(fail())
    expect(await lapsed).toMatchObject({ status: 503 })
    expect(await start(tenant, code)).toMatchObject({ status: 401 })
    answers[1]?.resolve(accept())
    expect(await second).toMatchObject({ status: 200 })
    expect(calls).toHaveLength(2)
  })
})

describe('a void racing a reset', () => {
  it('R3: the one or the other, and the void says which', SLOW, async () => {
    const { tenant } = await withHook()
    const token = await tenant.token()
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`
    const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: [JANE] }
    const calls = playHook(accept)
    const ends: string[] = []
    for (let round = 0; round < 60; round++) {
      const code = await tenant.newCode(JANE)
      const racers = [
        async () => String(await reset(tenant, code)),
        async () => {
          const { results } = await (
            await call(url, { token, body })
          ).json<{ results: { status: number }[] }>()
          return String(results[0]?.status)
        },
      ]
      const order = round % 2 === 0 ? racers : racers.toReversed()
      const answers = await Promise.all(order.map((racer) => racer()))
      ends.push(answers.toSorted().join(' '))
      expect(await endOf(tenant)).toBe(ends.at(-1) === '1015 200' ? 'redeemed' : 'voided')
    }
    expect(new Set(ends)).toEqual(new Set(['1015 200', '1016 401']))
    expect(calls).toHaveLength(ends.filter((end) => end === '1015 200').length)
  })
})

describe('a reservation that is never settled', () => {
  /** The real database until the Worker is cut off after the first round trip. */
  function cutOff(): D1Database {
    let trips = 0
    return {
      prepare: (query: string) => env.DB.prepare(query),
      batch(statements: D1PreparedStatement[]) {
        trips += 1
        if (trips > 1) throw new Error('D1_ERROR: Network connection lost.')
        return env.DB.batch(statements)
      },
    } as unknown as D1Database
  }

  it('keeps the code for 30 s, and lapses by itself', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant, code } = await withHook()
    await tenant.validate('nobody@example.com', 'x')
    const calls = playHook(fail)
    const lost = await meter(tenant, AUTHENTICATE, passwordCall(JANE, code), { DB: cutOff() })
    expect(lost).toMatchObject({ status: 503 })
    const reservedAt = Date.now()
    vi.setSystemTime(reservedAt + 29_999)
    expect(await reset(tenant, code)).toBe(401)
    expect(calls).toHaveLength(1)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ attempts: 0, failures: 0, ended_as: null })
    vi.setSystemTime(reservedAt + 30_000)
    playHook(accept)
    expect(await reset(tenant, code)).toBe(200)
  })

  it('does not outlive a void, nor a lapse stop one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    for (const [waitedMs, status] of [
      [29_999, 1015],
      [30_000, 1016],
    ] as const) {
      const { tenant, code } = await withHook()
      playHook(fail)
      await meter(tenant, AUTHENTICATE, passwordCall(JANE, code), { DB: cutOff() })
      vi.setSystemTime(Date.now() + waitedMs)
      expect(await tenant.void([JANE])).toMatchObject([{ status }])
      vi.setSystemTime(Date.now() + 30_000)
      expect(await reset(tenant, code)).toBe(401)
    }
  })
})
