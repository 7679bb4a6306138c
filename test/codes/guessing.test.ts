import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { codeDigests } from '../../src/codes/code.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { ask, handle } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { newTenant, NO_LIMITS, operate, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode } from '../rig/stored-code.ts'

/** For tests of hundreds of requests, on a busy machine. */
const SLOW = { timeout: 60_000 }

const VICTIM = 'user1@example.com'

const newVictim = (code: object = {}) => newTenant({ policy: { ...NO_LIMITS, code }, users: 1 })

/** A guess from an address of its own; private ones, which no flood shield counts. */
const guess = async (tenant: Tenant, code: string, index: number) => {
  const response = await tenant.validate(VICTIM, code, {
    'CF-Connecting-IP': `10.0.${index >> 8}.${index & 255}`,
  })
  return response.status
}

/** Wrong codes, none equal to another or to the right one. */
const wrongCodes = (right: string, count: number) =>
  Array.from({ length: count }, (_, index) => wrongCode(right).slice(0, -2) + String(10 + index))

/** The right code among the wrong ones. */
const hidden = (right: string, wrong: readonly string[], at: number) => [
  ...wrong.slice(0, at),
  right,
  ...wrong.slice(at),
]

describe('one code', () => {
  it.each([1, 5, 10])('G1: after the cap of %i wrong codes the right one fails too', async (attemptsMax) => {
    const tenant = await newVictim({ attemptsMax })
    const code = await tenant.newCode(VICTIM)
    for (const [index, wrong] of wrongCodes(code, attemptsMax).entries()) {
      expect((await tenant.validate(VICTIM, code)).status).toBe(200)
      expect(await guess(tenant, wrong, index)).toBe(401)
    }
    expect((await tenant.validate(VICTIM, code)).status).toBe(401)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({
      failures: attemptsMax,
      ended_as: 'locked',
    })
  })

  it('G1: the same wrong code again is another attempt', async () => {
    const tenant = await newVictim({ attemptsMax: 3 })
    const code = await tenant.newCode(VICTIM)
    for (let attempt = 0; attempt < 3; attempt++) await tenant.validate(VICTIM, wrongCode(code))
    expect((await tenant.validate(VICTIM, code)).status).toBe(401)
  })

  it('G1: a right code between wrong ones does not refill the cap', async () => {
    const tenant = await newVictim({ attemptsMax: 2 })
    const code = await tenant.newCode(VICTIM)
    const answers = []
    for (const each of [wrongCode(code), code, wrongCode(code), code]) {
      answers.push((await tenant.validate(VICTIM, each)).status)
    }
    expect(answers).toEqual([401, 200, 401, 401])
  })

  it('G1: a cap that is lowered counts what was attempted before', async () => {
    const tenant = await newVictim({ attemptsMax: 5 })
    const code = await tenant.newCode(VICTIM)
    for (const wrong of wrongCodes(code, 3)) await guess(tenant, wrong, 0)
    expect((await tenant.validate(VICTIM, code)).status).toBe(200)
    const changed = { name: 'A tenant', hosts: [tenant.host], policy: { code: { attemptsMax: 3 } } }
    expect((await operate('PUT', `/tenants/${tenant.id}`, changed)).status).toBe(200)
    expect((await tenant.validate(VICTIM, code)).status).toBe(401)
    expect(await tenant.void([VICTIM])).toMatchObject([{ errorMessage: expect.stringMatching(/locked/) }])
  })

  it('G2: of 30 parallel guesses from 30 addresses no more than the cap are judged', SLOW, async () => {
    const tenant = await newVictim({ attemptsMax: 5 })
    const [rounds, guesses] = [20, 30]
    const accepted: number[] = []
    for (let round = 0; round < rounds; round++) {
      // Steps through places early and late: 7 and 30 have no divisor in common.
      const place = (round * 7) % guesses
      const code = await tenant.newCode(VICTIM)
      const codes = hidden(code, wrongCodes(code, guesses - 1), place)
      const answers = await Promise.all(codes.map((each, index) => guess(tenant, each, index)))
      const isAccepted = answers[place] === 200
      if (isAccepted) accepted.push(place)
      expect(answers.filter((status) => status === 401)).toHaveLength(isAccepted ? guesses - 1 : guesses)
      // Only what was judged against the live code is a failure; what came after the lock is not.
      expect(await storedCode(tenant.id, VICTIM)).toMatchObject({
        failures: 5,
        attempts: isAccepted ? guesses - 1 : guesses,
        ended_as: 'locked',
      })
      expect((await tenant.validate(VICTIM, code)).status).toBe(401)
    }
    // Were guesses judged on an old count, the right code would be found wherever it hides.
    expect(accepted.length).toBeLessThan(rounds / 2)
  })

  it('G5: the right code beside fewer wrong ones than the cap is always accepted', SLOW, async () => {
    const tenant = await newVictim({ attemptsMax: 5 })
    for (let round = 0; round < 25; round++) {
      const code = await tenant.newCode(VICTIM)
      const codes = hidden(code, wrongCodes(code, 4), round % 5)
      const answers = await Promise.all(codes.map((each, index) => guess(tenant, each, index)))
      expect(answers).toEqual(codes.map((each) => (each === code ? 200 : 401)))
      expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ attempts: 4, failures: 4, ended_as: null })
    }
  })

  it('G6: locking a code changes nothing about the account, and an administrator can issue again', async () => {
    const tenant = await newTenant({ policy: { code: { attemptsMax: 1 } } })
    const id = await tenant.addUser(VICTIM)
    const before = await (await tenant.scim('GET', `/Users/${id}`)).json()
    for (let round = 0; round < 3; round++) {
      const code = await tenant.newCode(VICTIM)
      expect((await tenant.validate(VICTIM, wrongCode(code))).status).toBe(401)
      expect((await tenant.validate(VICTIM, code)).status).toBe(401)
    }
    expect(await (await tenant.scim('GET', `/Users/${id}`)).json()).toEqual(before)
    expect((await tenant.validate(VICTIM, await tenant.newCode(VICTIM))).status).toBe(200)
  })
})

describe('the failures of a user, across codes', () => {
  /** A victim who can ask for codes, and what they do for another: the code that they are mailed. */
  async function newAskingVictim(code: object) {
    const hook = newMailHook()
    const policy = { ...NO_LIMITS, ...hook.policy, code, notify: { locked: false, issued: false } }
    const tenant = await newTenant({ policy, users: 1 })
    const askAgain = async () => {
      await handle([await ask(tenant, VICTIM)])
      return hook.mails.at(-1)?.code ?? ''
    }
    return { tenant, askAgain }
  }

  it('G3: a new code has what the failures of the old ones left of the budget', async () => {
    const { tenant, askAgain } = await newAskingVictim({ attemptsMax: 5, failuresMax: 7 })
    for (const wrong of wrongCodes(await askAgain(), 5)) expect(await guess(tenant, wrong, 0)).toBe(401)
    const code = await askAgain()
    const [one = '', two = ''] = wrongCodes(code, 2)
    expect((await tenant.validate(VICTIM, code)).status).toBe(200)
    expect(await guess(tenant, one, 0)).toBe(401)
    expect((await tenant.validate(VICTIM, code)).status).toBe(200)
    expect(await guess(tenant, two, 0)).toBe(401)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({
      attempts: 2,
      failures: 7,
      ended_as: 'locked',
    })

    expect(await askAgain()).toBe(code)
    expect((await tenant.validate(VICTIM, code)).status).toBe(401)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ failures: 7 })
  })

  it('G3: no parallel guesses pass the budget together', async () => {
    const { tenant, askAgain } = await newAskingVictim({ attemptsMax: 5, failuresMax: 7 })
    for (const expected of [5, 7, 7]) {
      const code = await askAgain()
      await Promise.all(wrongCodes(code, 20).map((wrong, index) => guess(tenant, wrong, index)))
      expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ failures: expected })
    }
  })

  it('G3: an administrator who displays a code starts the budget anew', async () => {
    const tenant = await newVictim({ attemptsMax: 5, failuresMax: 5 })
    const code = await tenant.newCode(VICTIM)
    for (const wrong of wrongCodes(code, 5)) await guess(tenant, wrong, 0)
    expect((await tenant.validate(VICTIM, await tenant.newCode(VICTIM))).status).toBe(200)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ attempts: 0, failures: 0 })
  })

  it('G3: a budget that is lowered to what is spent already ends the live code, and one above it does not', async () => {
    const tenant = await newVictim({ attemptsMax: 10, failuresMax: 9 })
    const code = await tenant.newCode(VICTIM)
    for (const wrong of wrongCodes(code, 3)) await guess(tenant, wrong, 0)
    const lowerTo = async (failuresMax: number) => {
      const policy = { ...NO_LIMITS, code: { attemptsMax: 10, failuresMax } }
      const changed = { name: 'A tenant', hosts: [tenant.host], policy }
      expect((await operate('PUT', `/tenants/${tenant.id}`, changed)).status).toBe(200)
    }
    await lowerTo(4)
    expect((await tenant.validate(VICTIM, code)).status).toBe(200)
    await lowerTo(3)
    expect((await tenant.validate(VICTIM, code)).status).toBe(401)
    expect(await tenant.void([VICTIM])).toMatchObject([
      { status: 1015, errorMessage: expect.stringMatching(/locked/) },
    ])
  })

  it('G3: only guesses at a live code are failures', async () => {
    const tenant = await newVictim({ failuresMax: 7 })
    const code = await tenant.newCode(VICTIM)
    await tenant.void([VICTIM])
    for (const wrong of wrongCodes(code, 10)) await guess(tenant, wrong, 0)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ failures: 0, ended_as: 'voided' })
  })
})

describe('equal codes', () => {
  it('G8: two users with equal codes each validate, void and lock only their own', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, code: { attemptsMax: 2 } }, users: 2 })
    const other = 'user2@example.com'
    const code = await tenant.newCode(VICTIM)
    await tenant.newCode(other)
    const [found] = codeDigests(
      parseKeyring('PEPPERS', env.PEPPERS),
      { tenantId: tenant.id, emailKey: other, mode: 'PASSWORD_RESET' },
      code,
    )
    const user = await storedCode(tenant.id, other)
    await env.DB.prepare('UPDATE reset_codes SET digest = ? WHERE user_id = ?')
      .bind(found?.digest, user?.user_id)
      .run()
    for (const email of [VICTIM, other]) {
      const response = await tenant.validate(email, code)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ userName: email, emailAddress: email })
    }
    for (let attempt = 0; attempt < 2; attempt++) await tenant.validate(VICTIM, wrongCode(code))
    expect((await tenant.validate(VICTIM, code)).status).toBe(401)
    expect((await tenant.validate(other, code)).status).toBe(200)
    await tenant.void([other])
    expect((await tenant.validate(other, code)).status).toBe(401)
  })

  it('G8: a code moved to another user by its digest alone is not theirs', async () => {
    const tenant = await newTenant({ users: 2 })
    const other = 'user2@example.com'
    const code = await tenant.newCode(VICTIM)
    await tenant.newCode(other)
    const [mine, theirs] = [await storedCode(tenant.id, VICTIM), await storedCode(tenant.id, other)]
    await env.DB.prepare('UPDATE reset_codes SET digest = ? WHERE user_id = ?')
      .bind(mine?.digest, theirs?.user_id)
      .run()
    expect((await tenant.validate(other, code)).status).toBe(401)
    expect((await tenant.validate(VICTIM, code)).status).toBe(200)
  })
})
