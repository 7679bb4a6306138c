import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { STRANGERS_PER_NETWORK, STRANGERS_PER_TENANT } from '../../src/delivery/stranger-budget.ts'
import { handle, requestHeld } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { meter } from '../rig/presenting.ts'
import { newTenant, NO_LIMITS, SEND, sendCall, type Tenant } from '../rig/service.ts'

/** Mails to addresses without an account: anybody can cause them, to anybody. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

async function newNotifying(policy: object = NO_LIMITS) {
  const hook = newMailHook()
  const tenant = await newTenant({
    policy: { ...policy, ...hook.policy, notify: { issued: false }, unknownAddress: 'notify' },
    users: 1,
  })
  return { hook, tenant }
}

async function send(tenant: Tenant, address: string, network = '10.9.113.1') {
  return requestHeld(`https://${tenant.host}${SEND}`, sendCall(address, { 'CF-Connecting-IP': network }))
}

/** Asks for codes, and has the mails sent. */
async function mail(tenant: Tenant, addresses: readonly string[], network?: (nth: number) => string) {
  for (const [nth, address] of addresses.entries()) {
    const { messages } = await send(tenant, address, network?.(nth))
    await handle(messages)
  }
}

const strangers = (count: number) => Array.from({ length: count }, (_, nth) => `stranger${nth}@example.com`)

describe('strangers', () => {
  it('are mailed as often as the budget of a network allows, and once it is back again', async () => {
    const { hook, tenant } = await newNotifying()
    const { burst, perMinute } = STRANGERS_PER_NETWORK
    await mail(tenant, strangers(burst + 15))
    expect(hook.mails).toHaveLength(burst)
    await mail(tenant, ['elsewhere@example.com'], () => '10.9.100.1')
    expect(hook.mails).toHaveLength(burst + 1)
    later(60_000 / perMinute)
    await mail(tenant, strangers(3))
    expect(hook.mails).toHaveLength(burst + 2)
  })

  it('are mailed as often as the budget of their tenant allows, from however many networks', async () => {
    const { hook, tenant } = await newNotifying()
    const { burst } = STRANGERS_PER_TENANT
    await mail(tenant, strangers(burst + 10), (nth) => `fd00:8:0:${nth}::1`)
    expect(hook.mails).toHaveLength(burst)
    const { hook: theirs, tenant: other } = await newNotifying()
    await mail(other, strangers(1))
    expect(theirs.mails).toHaveLength(1)
  })

  it('N1: cost no user a mail, and a spent budget shows in no answer', async () => {
    const shown = []
    for (const address of ['user1@example.com', 'stranger@example.com']) {
      const { hook, tenant } = await newNotifying()
      await mail(tenant, strangers(STRANGERS_PER_NETWORK.burst + 5))
      const before = hook.mails.length
      const { response, messages } = await send(tenant, address)
      await handle(messages)
      const headers = [...response.headers].filter(([name]) => name !== 'x-request-id')
      const { objects, queued, trips } = await meter(tenant, SEND, sendCall(address))
      shown.push([response.status, headers, objects, queued, trips])
      expect(hook.mails.slice(before).map(({ to }) => to)).toEqual(
        address === 'user1@example.com' ? [address] : [],
      )
    }
    expect(shown[0]).toEqual(shown[1])
    expect(shown[0]).toMatchObject([200, expect.anything(), 1, 1, 0])
  })

  it('F3: wait while the limiter is out of reach: nobody is mailed without a limit', async () => {
    const { hook, tenant } = await newNotifying()
    const { messages } = await send(tenant, 'stranger@example.com')
    const TENANT_LIMITER = {
      getByName: () => ({ answer: () => Promise.reject(new Error('gone')) }),
    } as unknown as Env['TENANT_LIMITER']
    expect(await handle(messages, { bindings: { TENANT_LIMITER } })).toEqual([10])
    expect(hook.calls).toEqual([])
    expect(await handle(messages, { attempts: 2 })).toEqual(['ack'])
    expect(hook.mails).toHaveLength(1)
  })
})

describe('the recipient’s limit', () => {
  const statusOf = async (tenant: Tenant, address: string) => (await send(tenant, address)).response.status

  it('counts the sub-addresses of one mailbox as one', async () => {
    const { tenant } = await newNotifying({})
    const addresses = [
      'victim@example.com',
      'victim+1@example.com',
      'Victim+2+3@example.com',
      'victim+@example.com',
    ]
    const seen: number[] = []
    for (const address of addresses) seen.push(await statusOf(tenant, address))
    expect(seen).toEqual([200, 429, 429, 429])
    for (const other of [
      'victi@example.com',
      'victim@other.example',
      '+victim@example.com',
      '+v@example.com',
    ]) {
      expect(await statusOf(tenant, other)).toBe(200)
    }
  })

  it('E2: folds for itself alone: a sub-address is nobody’s but its own', async () => {
    const { hook, tenant } = await newNotifying()
    await tenant.addUser('user1+team@example.com')
    await mail(tenant, ['user1+team@example.com'])
    await mail(tenant, ['user1+other@example.com'])
    expect(hook.mails.map(({ type, to }) => `${type} ${to}`)).toEqual([
      'reset-code.issued user1+team@example.com',
      'reset-code.no-account user1+other@example.com',
    ])
  })
})
