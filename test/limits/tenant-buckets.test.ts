import { describe, expect, it } from 'vitest'
import { demandOf, LimiterWorld } from '../rig/limiter-world.ts'

describe('the buckets of one tenant', () => {
  it('L2: no more than 10,000 are in memory; the others are read again, as they were left', () => {
    const world = new LimiterWorld()
    const take = (nth: number) => {
      const demand = demandOf({ perMinute: 1, burst: 1 }, `recipient:${nth}`)
      const [answer] = world.answer('isolate', [{ ...demand, demandPerSecond: 0, reports: [] }], 0)
      return answer?.retryMs
    }
    for (let nth = 0; nth < 9_999; nth++) expect(take(nth)).toBe(0)
    expect(take(0)).toBe(60_000)
    expect(world.readsOf('recipient:0')).toBe(1)
    expect([take(9_999), take(10_000)]).toEqual([0, 0])
    expect(take(0)).toBe(60_000)
    expect(world.readsOf('recipient:0')).toBe(2)
  })

  it('few admissions wait for storage: a twentieth of the burst is stored in advance', () => {
    const world = new LimiterWorld()
    const ask = { ...demandOf({ perMinute: 600, burst: 100 }), demandPerSecond: 0, reports: [] }
    for (let nth = 0; nth < 60; nth++) expect(world.answer('isolate', [ask], 0)[0]?.retryMs).toBe(0)
    // Every write is good for itself and five more.
    expect(world.writes).toBe(10)
  })
})
