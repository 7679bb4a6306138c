import { afterEach, describe, expect, it, vi } from 'vitest'
import { ask, handle } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { REDEEM } from '../rig/presenting.ts'
import { newTenant, NO_LIMITS, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode } from '../rig/stored-code.ts'
import { whatHappened } from '../rig/user-events.ts'
import { from, present } from '../rig/visiting.ts'

/** What strangers can do to a code that they do not hold, and what it costs them (F4). */

const VICTIM = 'user1@example.com'
const WIDE = { limits: { ...NO_LIMITS.limits, client: { perMinute: 1_000_000, burst: 100_000 } } }

const newVictim = (policy: object = {}) => newTenant({ policy: { ...WIDE, ...policy }, users: 1 })

/** A tenant whose mails a hook takes, with one user. */
async function newMailed(policy: object = {}) {
  const hook = newMailHook()
  const tenant = await newVictim({ ...hook.policy, ...policy })
  /** The code that the user, or anybody, has just asked for. */
  const askedCode = async () => {
    await handle([await ask(tenant, VICTIM)])
    return String(hook.calls.at(-1)?.code)
  }
  return { tenant, askedCode }
}

const isGood = async (tenant: Tenant, code: string, address = '203.0.113.250') =>
  (await present(tenant, VICTIM, code, from(address))).status === 200

/** Wrong guesses from one address; those that are not compared any more are as wrong. */
async function guess(tenant: Tenant, code: string, address: string, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    expect((await present(tenant, VICTIM, wrongCode(code), from(address))).status).toBe(401)
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('F4: one client', () => {
  it('spends four of the ten attempts, and not the code', async () => {
    const tenant = await newVictim()
    const code = await tenant.newCode(VICTIM)
    await guess(tenant, code, '192.0.2.1', 50)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ attempts: 4, failures: 4, ended_as: null })
    expect(await isGood(tenant, code)).toBe(true)
    expect(await whatHappened(tenant)).toEqual(
      expect.arrayContaining(['refused:wrong', 'refused:cut-off', 'validated']),
    )
  })

  it('G1: is refused the right code too after that, until there is a new one', async () => {
    const tenant = await newVictim()
    const code = await tenant.newCode(VICTIM)
    await guess(tenant, code, '192.0.2.1', 4)
    const refused = await present(tenant, VICTIM, code, from('192.0.2.1'))
    const wrong = await present(tenant, VICTIM, wrongCode(code), from('192.0.2.2'))
    expect([refused.status, await refused.text()]).toEqual([401, await wrong.text()])
    expect(await isGood(tenant, await tenant.newCode(VICTIM), '192.0.2.1')).toBe(true)
  })

  it('G2: spends no more when its guesses come all at once', async () => {
    const tenant = await newVictim()
    const code = await tenant.newCode(VICTIM)
    await Promise.all(
      Array.from({ length: 40 }, () => present(tenant, VICTIM, wrongCode(code), from('2001:db8::1'))),
    )
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ attempts: 4, failures: 4 })
  })

  it('G1: is cut off for a user after ten wrong codes, however many codes are asked for', async () => {
    const { tenant, askedCode } = await newMailed()
    for (let codes = 0; codes < 8; codes++) await guess(tenant, await askedCode(), '192.0.2.1', 6)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ failures: 10, ended_as: null })
    expect(await isGood(tenant, await askedCode())).toBe(true)
  })

  it('may be many where its network is the trusted one of a backend: there the cap alone holds', async () => {
    const tenant = await newVictim({ limits: { ...WIDE.limits, trustedClients: ['192.0.2.0/24'] } })
    const code = await tenant.newCode(VICTIM)
    await guess(tenant, code, '192.0.2.1', 50)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({
      attempts: 50,
      failures: 10,
      ended_as: 'locked',
    })
  })
})

describe('what it costs to deny a known user a reset', () => {
  it('F4: a code, three networks and ten requests; before there were shares, one network and five', async () => {
    const tenant = await newVictim()
    const code = await tenant.newCode(VICTIM)
    await guess(tenant, code, '192.0.2.1', 4)
    await guess(tenant, code, '192.0.2.2', 4)
    await guess(tenant, code, '192.0.2.3', 1)
    expect(await isGood(tenant, code)).toBe(true)
    await guess(tenant, code, '192.0.2.3', 1)
    expect(await isGood(tenant, code)).toBe(false)
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ failures: 10, ended_as: 'locked' })
  })

  it('F4: self-service, ten networks and a hundred requests over ten codes; before, one network', async () => {
    const { tenant, askedCode } = await newMailed()
    const failures = async () => (await storedCode(tenant.id, VICTIM))?.failures ?? 0
    /** Guesses as many wrong codes as so many networks may, and says over how many codes. */
    const attack = async (networks: number, codesMax: number) => {
      let codes = 0
      for (let nth = 0; codes < codesMax && (await failures()) < 100; codes++) {
        const code = await askedCode()
        for (const count of [4, 4, 2]) await guess(tenant, code, `192.0.2.${nth++ % networks}`, count)
      }
      return codes
    }
    await attack(9, 40)
    // Nine networks cannot do it, and a code that the help desk shows forgives it all.
    expect(await failures()).toBe(90)
    await tenant.newCode(VICTIM)
    expect(await attack(10, 40)).toBe(10)
    expect(await failures()).toBe(100)
  })
})

describe('F4: a code that is asked for', () => {
  it('R2: leaves the one alive that the help desk has shown, and is alive beside it', async () => {
    const { tenant, askedCode } = await newMailed()
    const shown = await tenant.newCode(VICTIM)
    const asked = await askedCode()
    expect([await isGood(tenant, shown), await isGood(tenant, asked)]).toEqual([true, true])
    const newer = await askedCode()
    const good = [await isGood(tenant, shown), await isGood(tenant, asked), await isGood(tenant, newer)]
    expect(good).toEqual([true, false, true])
    const shownAgain = await tenant.newCode(VICTIM)
    expect([
      await isGood(tenant, shown),
      await isGood(tenant, newer),
      await isGood(tenant, shownAgain),
    ]).toEqual([false, true, true])
  })

  it('R1: is spent when the other one is redeemed, and R11: both are void at once', async () => {
    const { tenant, askedCode } = await newMailed({
      redeem: { kind: 'grant', audience: 'https://app.example.com' },
    })
    for (const which of [0, 1]) {
      const codes = [await tenant.newCode(VICTIM), await askedCode()]
      const redeemed = await present(tenant, VICTIM, codes[which] ?? '', from('203.0.113.1'), REDEEM)
      expect(redeemed.status).toBe(200)
      for (const code of codes) expect(await isGood(tenant, code)).toBe(false)
    }
    const codes = [await tenant.newCode(VICTIM), await askedCode()]
    expect(await tenant.void([VICTIM])).toMatchObject([{ status: 1016 }])
    for (const code of codes) expect(await isGood(tenant, code)).toBe(false)
  })

  it('G1: gives no new attempts at the one that is kept', async () => {
    const { tenant, askedCode } = await newMailed()
    const shown = await tenant.newCode(VICTIM)
    for (const nth of [1, 2, 3]) {
      await guess(tenant, shown, `192.0.2.${nth}`, 3)
      await askedCode()
    }
    expect(await isGood(tenant, shown)).toBe(true)
    await guess(tenant, shown, '192.0.2.4', 1)
    expect(await isGood(tenant, shown)).toBe(false)
  })

  it('G1: of 200 guesses beside two live codes no more are compared than the cap', async () => {
    const { tenant, askedCode } = await newMailed()
    const codes = [await tenant.newCode(VICTIM), await askedCode()]
    await Promise.all(
      Array.from({ length: 200 }, (_, nth) =>
        present(tenant, VICTIM, wrongCode(codes[nth % 2] ?? ''), from(`198.51.100.${nth}`)),
      ),
    )
    expect(await storedCode(tenant.id, VICTIM)).toMatchObject({ failures: 10, ended_as: 'locked' })
  })

  it('R6: outlives it or not, as its own time says', async () => {
    const { tenant, askedCode } = await newMailed()
    const [result] = await tenant.generate([VICTIM], {
      code_validity: '60',
      validity_time_duration_unit: 'MIN',
    })
    const shown = String(result?.verify_code)
    const asked = await askedCode()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    expect([await isGood(tenant, asked), await isGood(tenant, shown)]).toEqual([false, true])
  })
})
