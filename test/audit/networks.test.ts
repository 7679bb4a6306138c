import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { networkHash } from '../../src/audit/network-hash.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { ask, handle, requestHeld } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { AUTHENTICATE, passwordCall, REDEEM, codeForm } from '../rig/presenting.ts'
import { call, newTenant, NO_LIMITS, SEND, sendCall, wrongCode, type Tenant } from '../rig/service.ts'
import { userEvents } from '../rig/user-events.ts'

/** From which networks codes were presented and asked for. */

const USER = 'user1@example.com'
const KEYS = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const GRANT = { redeem: { kind: 'grant', audience: 'https://app.example' } }
const newUser = (policy: object = {}) =>
  newTenant({ policy: { ...NO_LIMITS, ...GRANT, ...policy }, users: 1 })
const from = (address: string) => ({ 'CF-Connecting-IP': address })
const hashOf = (tenant: Tenant, address: string) => networkHash(KEYS, tenant.id, address)
const redeemFrom = (tenant: Tenant, address: string, code: string) => {
  const form = codeForm(USER, code)
  return call(`https://${tenant.host}${REDEEM}`, { ...form, headers: { ...form.headers, ...from(address) } })
}

/** `action:reason` and the networks of a tenant's events. */
async function networks(tenant: Tenant): Promise<Record<string, string | null>> {
  const events = await userEvents(tenant)
  return Object.fromEntries(events.map(({ action, reason, networks }) => [`${action}:${reason}`, networks]))
}

describe('the events of users', () => {
  it('F5: say from which network a code was presented, and never its address', async () => {
    const tenant = await newUser({ code: { attemptsMax: 2 } })
    const code = await tenant.newCode(USER)
    await tenant.validate(USER, code, from('10.9.113.1'))
    await tenant.validate('nobody@example.com', code, from('10.9.113.2'))
    await tenant.validate(USER, wrongCode(code), from('fd00:8:1:2::1'))
    await redeemFrom(tenant, '10.9.113.4', code)
    await redeemFrom(tenant, '10.9.113.5', code)
    const locked = await tenant.newCode(USER)
    await tenant.validate(USER, wrongCode(locked), from('fd00:8:1:2:ffff::9'))
    await tenant.validate(USER, wrongCode(locked), from('10.9.113.6'))
    expect(await networks(tenant)).toEqual({
      'validated:': hashOf(tenant, '10.9.113.1'),
      'refused:unknown': hashOf(tenant, '10.9.113.2'),
      'refused:wrong': `${hashOf(tenant, 'fd00:8:1:2::')} ${hashOf(tenant, '10.9.113.6')}`,
      'redeemed:': hashOf(tenant, '10.9.113.4'),
      'refused:redeemed': hashOf(tenant, '10.9.113.5'),
      'locked:': hashOf(tenant, '10.9.113.6'),
    })
    const stored = JSON.stringify(await userEvents(tenant))
    expect(stored).not.toMatch(/10\.9\.113|fd00:8/)
  })

  it('F5: say it of a redeem through a hook, whether it succeeds or fails', async () => {
    const hook = {
      url: 'https://password.example/',
      secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
    }
    const tenant = await newUser({ redeem: { kind: 'hook', ...hook } })
    const code = await tenant.newCode(USER)
    let status = 500
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('', { status }))
    const url = `https://${tenant.host}${AUTHENTICATE}`
    const presented = passwordCall(USER, code)
    await call(url, { ...presented, headers: from('10.9.113.1') })
    status = 200
    vi.setSystemTime(Date.now() + 1_000)
    await call(url, { ...presented, headers: from('10.9.113.2') })
    vi.restoreAllMocks()
    const seen = await networks(tenant)
    expect(seen['redeem-failed:hook-500']).toBe(hashOf(tenant, '10.9.113.1'))
    expect(seen['redeemed:hook']).toBe(hashOf(tenant, '10.9.113.2'))
  })

  it('F5: say which network asked for a code that was mailed', async () => {
    const tenant = await newUser(newMailHook().policy)
    const url = `https://${tenant.host}${SEND}`
    const { messages } = await requestHeld(url, sendCall(USER, from('fd00:8:1:2::77')))
    await handle(messages)
    expect(await networks(tenant)).toEqual({ 'sent:': hashOf(tenant, 'fd00:8:1:2::'), 'delivered:': null })
  })

  it('are there where the address of the client is unknown', async () => {
    const tenant = await newUser(newMailHook().policy)
    await handle([await ask(tenant, USER)])
    for (const headers of [{}, from('no address'), from('fe80::1%eth0')]) {
      expect((await tenant.validate(USER, 'wrong', headers)).status).toBe(401)
    }
    expect(await networks(tenant)).toEqual({ 'sent:': null, 'delivered:': null, 'refused:wrong': null })
  })

  it('stay small under a flood: a row names eight networks, each once, and that there were more', async () => {
    const tenant = await newUser({ code: { attemptsMax: 1 } })
    await tenant.validate(USER, 'wrong')
    const visit = (nth: number) => tenant.validate('nobody@example.com', 'wrong', from(`10.9.113.${nth}`))
    for (const nth of [1, 1, 2, 3, 4, 5, 6, 7, 8, 3, 8]) await visit(nth)
    const eight = [1, 2, 3, 4, 5, 6, 7, 8].map((nth) => hashOf(tenant, `10.9.113.${nth}`)).join(' ')
    expect((await networks(tenant))['refused:unknown']).toBe(eight)
    for (let nth = 9; nth < 40; nth++) await visit(nth)
    await visit(2)
    expect((await networks(tenant))['refused:unknown']).toBe(`${eight} +`)
  })
})

describe('the hash of a network', () => {
  it('D4: is of 12 symbols, and differs by tenant and by key', () => {
    const [tenant, other] = ['one', 'two']
    const hash = networkHash(KEYS, tenant, '10.9.113.1')
    expect(hash).toMatch(/^[\w-]{12}$/)
    expect(networkHash(KEYS, other, '10.9.113.1')).not.toBe(hash)
    const newer = parseKeyring('TRANSIENT_KEYS', `newer:${Buffer.alloc(32, 7).toString('base64url')}`)
    expect(networkHash([...newer, ...KEYS], tenant, '10.9.113.1')).not.toBe(hash)
    expect(networkHash(KEYS, tenant, '10.9.113.2')).not.toBe(hash)
  })
})
