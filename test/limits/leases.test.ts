import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excessOf } from '../../bench/limits/simulation.ts'
import { Admission, type LimiterAccess } from '../../src/limits/admission.ts'
import { Bucket } from '../../src/limits/bucket.ts'
import { decide, demandOf, drain, LimiterWorld } from '../rig/limiter-world.ts'

describe('a lease', () => {
  describe('whose end has passed', () => {
    const rate = { perMinute: 600, burst: 100 }

    /** Two isolates; one has leased 5 units at 0, which end at 500 and lapse at 750. */
    async function leasedAt0() {
      const world = new LimiterWorld()
      const [holder, other] = [new Admission('holder'), new Admission('other')]
      const admissions: number[] = []
      const requests = async (isolate: Admission, now: number, most?: number) => {
        const admitted = await drain(isolate, world, rate, now, most)
        admissions.push(...Array.from({ length: admitted }, () => now))
        return admitted
      }
      // The sixth request of a burst asks for more than itself.
      await requests(holder, 0, 6)
      expect(world.calls).toBe(6)
      return { world, holder, other, requests, excess: () => excessOf(admissions, rate) }
    }

    it('L1: is not used, also not while a hold spares the isolate the call', async () => {
      const { world, holder, other, requests, excess } = await leasedAt0()
      expect(await requests(other, 450)).toBe(93)
      // Another waits for the next unit, so that the holder, which asks to renew, is told to wait until 900.
      expect(await requests(new Admission('third'), 450)).toBe(0)
      const { calls: callsBefore } = world
      // The request that asked is admitted all the same, since the lease still has units.
      expect(await requests(holder, 450, 1)).toBe(1)
      const { calls } = world
      expect(calls).toBe(callsBefore + 1)
      // Meanwhile it may use its lease, for as long as that lasts.
      expect(await requests(holder, 499, 1)).toBe(1)
      expect(await requests(holder, 500)).toBe(0)
      expect(world.calls).toBe(calls)
      // Now it has lapsed, all of it counts as used, and the other takes whatever has come back.
      expect(await requests(other, 800)).toBeGreaterThan(0)
      expect(await requests(holder, 800)).toBe(0)
      expect(excess()).toBeLessThan(1e-6)
    })

    it('L1: is not used beside a newer one', async () => {
      const { world, holder, other, requests, excess } = await leasedAt0()
      // In time to renew: six units are needed, five are on lease, one more is lent until 950.
      expect(await requests(holder, 450, 1)).toBe(1)
      expect(world.calls).toBe(7)
      expect(await requests(other, 800)).toBeGreaterThan(0)
      const { calls } = world
      expect(await requests(holder, 800, 1)).toBe(1)
      expect(world.calls).toBe(calls)
      expect(await requests(holder, 800)).toBe(0)
      expect(world.calls).toBe(calls + 1)
      expect(excess()).toBeLessThan(1e-6)
    })
  })

  it('L1: a lease that outlives a restart of the limiter brings nothing beyond the limit', async () => {
    const rate = { perMinute: 60_000, burst: 1_000 }
    const schedule = fc.record({
      /** When demand begins, how much of it there is every 20 ms, and how long after a restart it goes on. */
      from: fc.integer({ min: 1_500, max: 1_980 }),
      size: fc.constantFrom(1, 4, 20, 100, 300),
      untilUsedMs: fc.integer({ min: 1, max: 500 }),
    })
    await fc.assert(
      fc.asyncProperty(schedule, async ({ from, size, untilUsedMs }) => {
        const world = new LimiterWorld()
        const [one, other] = [new Admission('one'), new Admission('other')]
        const admissions: number[] = []
        const take = async (isolate: Admission, now: number, most?: number) => {
          const admitted = await drain(isolate, world, rate, now, most)
          admissions.push(...Array.from({ length: admitted }, () => now))
        }
        for (let now = from; now < 2_000; now += 20) await take(one, now, size)
        world.restart()
        await take(other, 2_000 + untilUsedMs)
        await take(one, 2_000 + untilUsedMs)
        expect(excessOf(admissions, rate)).toBeLessThan(1e-6)
      }),
      { numRuns: 200 },
    )
  })

  it('L1: what was used of a lease is charged once, in whatever order reports arrive', () => {
    const rate = { perMinute: 60, burst: 100 }
    const reports = [
      { used: 3, hasEnded: false },
      { used: 7, hasEnded: false },
      { used: 8, hasEnded: true },
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(reports, { minLength: 1 }), (arriving) => {
        const bucket = new Bucket()
        const leaseId = bucket.lease('isolate', 10, 1_000)
        for (const report of arriving) bucket.applyReport(rate, { leaseId, ...report }, 500)
        // One whose end is not reported lapses, and counts as used.
        const charged = arriving.some(({ hasEnded }) => hasEnded) ? 8 : 10
        expect(bucket.decide(rate, 0, 1_000).remaining).toBe(100 - charged)
      }),
    )
  })

  it.each([
    ['has passed its end', 2, 600],
    ['is used up', 5, 200],
  ])('that %s is given back with the next ask, once', async (_, used, now) => {
    const world = new LimiterWorld()
    const isolate = new Admission('isolate')
    const rate = { perMinute: 600, burst: 100 }
    await drain(isolate, world, rate, 0, 6)
    expect(await drain(isolate, world, rate, 99, used)).toBe(used)
    expect(world.calls).toBe(6)
    const reports: unknown[] = []
    const ask: LimiterAccess['ask'] = async (_, asks) => {
      reports.push(...asks.map(({ reports }) => reports.map(({ used, hasEnded }) => ({ used, hasEnded }))))
      // Without an answer no new lease comes.
      throw new Error('lost')
    }
    for (let nth = 0; nth < 2; nth++) {
      await expect(decide(isolate, world, [demandOf(rate)], now, ask)).rejects.toThrow('lost')
    }
    expect(reports).toEqual([[{ used, hasEnded: true }], []])
  })

  it('L1: that has lapsed is charged whole, at that time, and a report that comes later changes nothing', () => {
    const rate = { perMinute: 60, burst: 100 }
    const bucket = new Bucket()
    const leaseId = bucket.lease('isolate', 10, 1_000)
    bucket.applyReport(rate, { leaseId, used: 3, hasEnded: true }, 1_000)
    expect(bucket.decide(rate, 0, 1_000)).toMatchObject({ remaining: 90, resetMs: 10_000 })
  })

  it('is charged no more for a report that was overtaken, also when the newer one has drained', () => {
    const rate = { perMinute: 60, burst: 100 }
    const bucket = new Bucket()
    const leaseId = bucket.lease('isolate', 10, 60_000)
    bucket.applyReport(rate, { leaseId, used: 7, hasEnded: false }, 0)
    bucket.applyReport(rate, { leaseId, used: 3, hasEnded: false }, 10_000)
    expect(bucket.decide(rate, 0, 10_000).remaining).toBe(97)
  })

  it('L3: makes those who are refused wait long enough, in whatever order leases lapse', () => {
    const rate = { perMinute: 60, burst: 10 }
    const lease = fc.record({
      units: fc.integer({ min: 1, max: 4 }),
      lapsesAt: fc.integer({ min: 1, max: 9_000 }),
    })
    fc.assert(
      fc.property(fc.array(lease, { maxLength: 4 }), fc.integer({ min: 1, max: 10 }), (leases, cost) => {
        const bucket = new Bucket()
        for (const { units, lapsesAt } of leases) {
          if (bucket.decide(rate, units, 0).isAdmitted) bucket.lease('isolate', units, lapsesAt)
        }
        const { retryMs } = bucket.decide(rate, cost, 0)
        expect(bucket.decide(rate, cost, retryMs).isAdmitted).toBe(true)
      }),
      {
        examples: [
          [
            [
              { units: 9, lapsesAt: 4_000 },
              { units: 1, lapsesAt: 750 },
            ],
            1,
          ],
        ],
      },
    )
  })

  it.each([
    ['below the limit', 30_000],
    ['over it', 600],
  ])('L1: a bucket that is asked for beside another strands nothing on lease, %s', async (_, perMinute) => {
    const rate = { perMinute, burst: 10 }
    const world = new LimiterWorld()
    const isolates = Array.from({ length: 4 }, (_, index) => new Admission(`isolate-${index}`))
    const reported: number[] = []
    let [requests, admitted] = [0, 0]
    for (let now = 0; now < 20_000; now += 10) {
      const ask: LimiterAccess['ask'] = async (name, asks) => {
        reported.push(...asks.map(({ reports }) => reports.length))
        return world.answer(name, asks, now)
      }
      for (const isolate of isolates) {
        const recipient = demandOf({ perMinute: 1, burst: 1 }, `recipient:${requests++}`)
        const decisions = await decide(isolate, world, [demandOf(rate), recipient], now, ask)
        if (decisions.every(({ retryMs }) => retryMs === 0)) admitted += 1
      }
    }
    const allowed = rate.burst + (perMinute / 60) * 20
    expect(admitted).toBeLessThanOrEqual(allowed)
    expect(admitted).toBeGreaterThan(Math.min(requests, allowed) * 0.9)
    expect(Math.max(...reported)).toBe(0)
  })
})
