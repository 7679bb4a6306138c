import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { expectAlike, interleaved, P_MIN } from './interleaved.ts'
import { LocalService } from './local-service.ts'
import { LocalTenant, type Answer } from './local-tenant.ts'
import { mannWhitneyP } from './mann-whitney.ts'

/**
 * Whether time tells who has an account, measured against the running Worker.
 *
 * What is less than some per cent of a request is lost in its noise here; `judgement-time.test.ts` times
 * the statements by themselves.
 *
 * The tenant mails nothing. What the queue's consumer does for a user and not for a stranger is no part
 * of the answer, but here it runs on the same machine at the same moment, and was seen in its time.
 */
const PAIRS = 500
/** Few enough for one generate; each is guessed at 9 times, warming up included: 10 would lock the code. */
const USERS = 63

const users = Array.from({ length: USERS }, (_, index) => `user${100 + index}@example.com`)
const strangers = users.map((email) => email.replace('user', 'none'))
const service = new LocalService()
/** One connection, kept open: what is measured is the answer alone. */
const tenant = new LocalTenant(service, 'timing', 1)

beforeAll(async () => {
  await service.start()
  await tenant.create({ code: { attemptsMax: 10 }, redeem: { kind: 'grant', audience: 'x' } }, users)
})

afterAll(async () => {
  tenant.close()
  await service.remove()
})

/** A call of the password API; the code, where it takes one, is wrong. */
function ask(operation: string, emailAddress: string): Promise<Answer> {
  return tenant.password(operation, { emailAddress, passwordResetCode: 'UUUUUUUU' })
}

/** Every user has a live code with all its attempts left. */
async function renewCodes(): Promise<void> {
  const entries = users.map((email) => ({ email }))
  await tenant.admin('POST', '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword', entries)
}

const deliveries = () => service.output.split('"event":"delivery"').length - 1

/** What a send leaves to the queue is not its answer, and must not slow the next one on this machine. */
async function delivered(operation: string, before: number): Promise<void> {
  if (operation !== 'sendPasswordResetCode') return
  await vi.waitFor(() => expect(deliveries()).toBeGreaterThan(before), { timeout: 10_000, interval: 1 })
}

/** Times of calls for users and of calls for strangers. */
function sample(operation: string, pairs: number): Promise<[number[], number[]]> {
  const expected = operation === 'sendPasswordResetCode' ? 200 : 401
  return interleaved(pairs, async (kind, n) => {
    const before = deliveries()
    const { status, elapsedMs } = await ask(operation, [users, strangers][kind]?.[n % USERS] ?? '')
    expect(status).toBe(expected)
    await delivered(operation, before)
    return elapsedMs
  })
}

async function measure(operation: string): Promise<[number[], number[]]> {
  await renewCodes()
  await sample(operation, USERS)
  return sample(operation, PAIRS)
}

describe('what time tells', () => {
  it.for(['sendPasswordResetCode', 'validatePasswordResetCode', 'redeemPasswordResetCode'])(
    `N2: not who has an account, over ${PAIRS} interleaved pairs: %s`,
    { timeout: 180_000 },
    async (operation, { annotate }) => {
      await expectAlike(() => measure(operation), annotate)
    },
  )
})

describe('the statistic', () => {
  it('is that of the reference (scipy.stats.mannwhitneyu, asymptotic), with ties and without', () => {
    expect(mannWhitneyP([19, 22, 16, 29, 24], [20, 11, 17, 12])).toBeCloseTo(0.111_346_886, 6)
    expect(mannWhitneyP([1, 2, 2, 3, 3, 3, 4], [2, 3, 4, 4, 5, 5, 5])).toBeCloseTo(0.042_335_466, 6)
    expect(mannWhitneyP([1, 1, 2], [1, 1, 2])).toBe(1)
  })

  it('finds a difference of 5 % in noise of 15 %, and none where there is none', () => {
    const random = lcg(7)
    const noise = () => 5 * (1 + 0.15 * Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6))
    const found = { shifted: 0, same: 0 }
    for (let round = 0; round < 100; round++) {
      const base = Array.from({ length: PAIRS }, noise)
      const other = Array.from({ length: PAIRS }, noise)
      if (
        mannWhitneyP(
          base,
          other.map((ms) => ms * 1.05),
        ) <= P_MIN
      )
        found.shifted += 1
      if (mannWhitneyP(base, other) <= P_MIN) found.same += 1
    }
    expect(found.shifted).toBeGreaterThan(95)
    expect(found.same).toBeLessThan(6)
  })

  /** Numbers from 0 to 1, the same in every run. */
  function lcg(seed: number): () => number {
    let state = seed
    return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  }
})
