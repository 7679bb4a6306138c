import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { demandOf } from '../rig/limiter-world.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})
const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

/** The limiter of a tenant of this test alone. */
function newLimiter() {
  const stub = env.TENANT_LIMITER.getByName(`t-${crypto.randomUUID()}`)
  return {
    stub,
    /** Takes one unit of a bucket of one unit a minute; whether there was one. */
    take: async (key: string): Promise<boolean> => {
      const demand = demandOf({ perMinute: 1, burst: 1 }, key)
      const [answer] = await stub.answer('isolate', [{ ...demand, demandPerSecond: 0, reports: [] }])
      return answer?.retryMs === 0
    },
    alarmAt: () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm()),
    sweep: () => runDurableObjectAlarm(stub),
    evict: () => evictDurableObject(stub),
    keys: () =>
      runInDurableObject(stub, (_, { storage }) =>
        storage.sql.exec<{ key: string }>('SELECT key FROM buckets ORDER BY key').toArray(),
      ),
  }
}

describe('the Durable Object of a tenant', () => {
  it('L1: sets its alarm for an hour after the first bucket of a person', async () => {
    const { take, alarmAt } = newLimiter()
    await take('validate')
    expect(await alarmAt()).toBeNull()
    const firstAt = Date.now()
    await take('recipient:one')
    later(MINUTE_MS)
    await take('recipient:other')
    expect(await alarmAt()).toBe(firstAt + HOUR_MS)
  })

  it('L1: does not put its alarm off when it is started anew', async () => {
    const { take, alarmAt, evict } = newLimiter()
    const firstAt = Date.now()
    await take('recipient:one')
    await evict()
    later(MINUTE_MS)
    await take('recipient:other')
    expect(await alarmAt()).toBe(firstAt + HOUR_MS)
  })

  it('L1: clears only what is full at its alarm, which comes again until all is', async () => {
    const { take, alarmAt, sweep, evict, keys } = newLimiter()
    await take('recipient:full')
    later(HOUR_MS - MINUTE_MS + 1)
    await take('recipient:in-use')
    later(MINUTE_MS - 1)
    expect(await sweep()).toBe(true)
    expect(await keys()).toEqual([{ key: 'recipient:in-use' }])
    expect(await alarmAt()).toBe(Date.now() + HOUR_MS)
    // Only storage remembers now.
    await evict()
    expect(await take('recipient:in-use')).toBe(false)
    later(1)
    expect(await take('recipient:in-use')).toBe(true)
    later(HOUR_MS)
    expect(await sweep()).toBe(true)
    expect(await keys()).toEqual([])
    expect(await alarmAt()).toBeNull()
    // The next one sets it again.
    await take('recipient:one')
    expect(await alarmAt()).toBe(Date.now() + HOUR_MS)
  })

  it('L1: keeps the timestamps that an earlier version has stored', async () => {
    const { take, evict, stub } = newLimiter()
    const fullAt = Date.now() + MINUTE_MS
    await runInDurableObject(stub, (_, { storage: { sql } }) => {
      sql.exec('DROP TABLE buckets')
      sql.exec('CREATE TABLE buckets (key TEXT PRIMARY KEY, full_at REAL NOT NULL) WITHOUT ROWID')
      sql.exec('INSERT INTO buckets VALUES (?, ?)', 'validate', fullAt)
    })
    await evict()
    expect(await take('validate')).toBe(false)
    later(MINUTE_MS)
    expect(await take('validate')).toBe(true)
  })
})
