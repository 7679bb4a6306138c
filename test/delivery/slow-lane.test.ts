import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sealMessage } from '../../src/delivery/message.ts'
import { SLOW_DELIVERIES } from '../../src/delivery/slow-queue.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { ask, handle, heldQueue, type Handling } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { newTenant, NO_LIMITS } from '../rig/service.ts'
import { userEvents, whatHappened } from '../rig/user-events.ts'
import { env } from 'cloudflare:workers'

/** How long nobody calls a hook that hangs. */
const OPEN_MS = 15_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

/** A tenant with a hook, what makes mails for it, and the slow queue in slow motion. */
async function newMailed() {
  const hook = newMailHook()
  const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy }, users: 1 })
  const userId = await tenant.addUser('noticed@example.com')
  const keys = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
  const notice = { kind: 'notice', tenantId: tenant.id, userId, notice: 'voided', requestedAt: 0 } as const
  const notices = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () => sealMessage(keys, { ...notice, noticeId: crypto.randomUUID() })),
    )
  const slow = heldQueue()
  const bindings = { SLOW_DELIVERIES: slow as unknown as Queue }
  return {
    hook,
    tenant,
    notices,
    /** Takes what has been moved to the slow queue. */
    moved: () => slow.messages.splice(0),
    handleFast: (messages: readonly unknown[], options: Handling = {}) =>
      handle(messages, { bindings, ...options }),
    handleSlow: (messages: readonly unknown[], options: Handling = {}) =>
      handle(messages, { bindings, queue: SLOW_DELIVERIES, ...options }),
  }
}

const times = <Value>(count: number, value: Value) => Array.from({ length: count }, () => value)

describe('a hook that hangs', () => {
  it('is called a few times, and its mails are moved to a queue of their own, where none is lost', async () => {
    const { hook, notices, moved, handleFast, handleSlow } = await newMailed()
    hook.answer = 'hanging'
    const log = vi.spyOn(console, 'log')
    expect(await handleFast(await notices(20))).toEqual(times(20, 'ack'))
    expect(log.mock.calls.filter(([line]) => String(line).includes('"outcome":"deferred"'))).toHaveLength(20)
    expect(hook.calls.length).toBeLessThanOrEqual(4)
    const ids = hook.calls.map(({ id }) => id)

    const messages = moved()
    expect(messages).toHaveLength(20)
    hook.answer = 200
    expect(await handleSlow(messages)).toEqual(times(20, 'ack'))
    expect(new Set(hook.mails.map(({ id }) => id)).size).toBe(20)
    // The calls that were given up are made again by the same ids.
    expect(hook.mails.map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
  })

  it('is not called for a while, then once, and freely when it answers again', async () => {
    const { hook, notices, moved, handleFast } = await newMailed()
    hook.answer = 'hanging'
    await handleFast(await notices(5))
    const calls = hook.calls.length
    await handleFast(await notices(5))
    later(OPEN_MS - 1)
    await handleFast(await notices(5))
    expect(hook.calls).toHaveLength(calls)
    later(1)
    await handleFast(await notices(5))
    expect(hook.calls).toHaveLength(calls + 1)
    later(OPEN_MS)
    hook.answer = 200
    moved()
    await handleFast(await notices(5))
    expect([hook.mails.length, moved().length]).toEqual([1, 4])
    await handleFast(await notices(5))
    expect([hook.mails.length, moved().length]).toEqual([6, 0])
  })

  it('makes codes wait that are not issued meanwhile, so that a void still wins over them (R11)', async () => {
    const { hook, tenant, notices, moved, handleFast, handleSlow } = await newMailed()
    hook.answer = 'hanging'
    await handleFast(await notices(5))
    moved()
    const message = await ask(tenant, 'user1@example.com')
    expect(await handleFast([message])).toEqual(['ack'])
    expect(await userEvents(tenant)).toEqual([])
    later(1)
    await tenant.void(['user1@example.com'])
    later(1)
    hook.answer = 200
    expect(await handleSlow(moved())).toEqual(['ack'])
    expect(hook.mails).toEqual([])
    expect(await whatHappened(tenant)).toEqual(['delivery-failed:voided'])
  })

  it('in its own queue too fails a few, and has the rest tried later without a call', async () => {
    const { hook, notices, handleSlow } = await newMailed()
    hook.answer = 'hanging'
    const startedAt = performance.now()
    expect(await handleSlow(await notices(10))).toEqual(times(10, 10))
    expect(hook.calls.length).toBeLessThanOrEqual(4)
    // It was given all the time that a hook has.
    expect(performance.now() - startedAt).toBeGreaterThan(4_900)
  })
})

describe('a hook that is slow', () => {
  it('has a second per batch for its mails, and the rest is moved', async () => {
    const { hook, notices, moved, handleFast } = await newMailed()
    const receive = hook.receive.bind(hook)
    vi.spyOn(hook, 'receive').mockImplementation((...call) => {
      later(300)
      return receive(...call)
    })
    expect(await handleFast(await notices(100))).toEqual(times(100, 'ack'))
    expect(hook.mails.length).toBeLessThanOrEqual(8)
    expect(hook.mails.length + moved().length).toBe(100)
    expect(await handleFast(await notices(3))).toEqual(times(3, 'ack'))
    expect(moved()).toHaveLength(3)
  })
})

describe('a hook that fails at once', () => {
  it('has its mails tried again, and moved when 20 have failed in a row', async () => {
    const { hook, notices, moved, handleFast } = await newMailed()
    hook.answer = 503
    const ends = await handleFast(await notices(40))
    const failed = ends.filter((end) => end === 10)
    expect(failed.length).toBeGreaterThanOrEqual(20)
    expect(failed.length).toBeLessThan(24)
    expect(ends.length - failed.length).toBe(moved().length)
  })

  it('and then answers starts its count anew', async () => {
    const { hook, notices, moved, handleFast } = await newMailed()
    for (let round = 0; round < 4; round++) {
      hook.answer = 503
      expect(await handleFast(await notices(15))).toEqual(times(15, 10))
      hook.answer = 410
      expect(await handleFast(await notices(1))).toEqual(['ack'])
    }
    expect(moved()).toEqual([])
  })
})

describe('a message that was moved', () => {
  it('keeps the attempts that were made before, in its pauses and in their number', async () => {
    const { hook, tenant, notices, moved, handleFast, handleSlow } = await newMailed()
    hook.answer = 'hanging'
    await handleFast(await notices(5))
    moved()
    await handleFast([await ask(tenant, 'user1@example.com')], { attempts: 4 })
    const messages = moved()
    hook.answer = 503
    const pauses: unknown[] = []
    for (let attempts = 1; attempts <= 7; attempts++) {
      pauses.push(...(await handleSlow(messages, { attempts })))
    }
    expect(pauses).toEqual([80, 160, 320, 640, 1200, 1200, 'ack'])
    expect(await whatHappened(tenant)).toContain('delivery-failed:attempts-exhausted')
  })

  it('D1: stays where it is when the slow queue does not take it', async () => {
    const { hook, notices, handleFast } = await newMailed()
    const SLOW_DELIVERIES = {
      sendBatch: () => Promise.reject(new Error('Queue sendBatch failed')),
    } as unknown as Queue
    hook.answer = 'hanging'
    expect(await handleFast(await notices(6), { bindings: { SLOW_DELIVERIES } })).toEqual(times(6, 10))
  })
})
