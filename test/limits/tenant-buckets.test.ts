import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Admission } from '../../src/limits/admission.ts'
import { Bucket } from '../../src/limits/bucket.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { demandOf, LimiterWorld, request } from '../rig/limiter-world.ts'

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

describe('a bucket whose limit changes', () => {
  const rates = fc.record({
    perMinute: fc.constantFrom(1, 7, 60, 600, 60_000),
    burst: fc.constantFrom(1, 2, 7, 100),
  })
  const schedules = fc.array(
    fc.record({
      afterMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 20_000 })),
      rate: rates,
      size: fc.integer({ min: 1, max: 120 }),
      isRestarted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )

  /** What is used, draining at the limit of each time, may never be more than the burst of that time. */
  function meter() {
    let [level, last] = [0, 0]
    return {
      drain({ perMinute }: Rate, now: number) {
        level = Math.max(0, level - ((now - last) * perMinute) / 60_000)
        last = now
      },
      use({ burst }: Rate) {
        level += 1
        expect(level).toBeLessThanOrEqual(burst + 1e-6)
      },
    }
  }

  it('L1: keeps what is used of it, also across restarts', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const world = new LimiterWorld()
        const used = meter()
        let now = 1_000_000
        let before = schedule[0]?.rate ?? { perMinute: 1, burst: 1 }
        for (const { afterMs, rate, size, isRestarted } of schedule) {
          now += afterMs
          used.drain(before, now)
          before = rate
          if (isRestarted) world.restart()
          const ask = { ...demandOf(rate), demandPerSecond: 0, reports: [] }
          for (let nth = 0; nth < size; nth++) {
            if (world.answer('isolate', [ask], now)[0]?.retryMs === 0) used.use(rate)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('L1: keeps leases, also forgotten ones, when it is raised', async () => {
    const phases = fc.array(
      fc.record({
        isolate: fc.integer({ min: 0, max: 2 }),
        everyMs: fc.constantFrom(5, 10),
        atOnce: fc.constantFrom(1, 40),
        durationMs: fc.integer({ min: 5, max: 800 }),
        pauseMs: fc.constantFrom(0, 100, 600),
        isRaised: fc.boolean(),
        isRestarted: fc.boolean(),
      }),
      { minLength: 2, maxLength: 8 },
    )
    await fc.assert(
      fc.asyncProperty(phases, async (schedule) => {
        const world = new LimiterWorld()
        const isolates = Array.from({ length: 3 }, (_, index) => new Admission(`isolate-${index}`))
        const used = meter()
        let rate = { perMinute: 3_000, burst: 50 }
        let now = 1_000_000
        for (const { isolate, everyMs, atOnce, durationMs, pauseMs, isRaised, isRestarted } of schedule) {
          for (const end = now + durationMs; now < end; now += everyMs) {
            used.drain(rate, now)
            for (let nth = 0; nth < atOnce; nth++) {
              const asking = isolates[isolate] ?? new Admission('never')
              if ((await request(asking, world, rate, now)).isAdmitted) used.use(rate)
            }
          }
          now += pauseMs
          used.drain(rate, now)
          if (isRestarted) world.restart()
          if (isRaised) rate = { perMinute: Math.min(rate.perMinute * 20, 1_000_000), burst: rate.burst * 2 }
        }
      }),
      { numRuns: 40 },
    )
  })

  it('L1: charges leases that have lapsed before by the limit before', () => {
    const bucket = new Bucket()
    bucket.adopt({ perMinute: 60, burst: 100 }, 0)
    bucket.lease('isolate', 10, 1_000)
    const raised = { perMinute: 600, burst: 100 }
    bucket.adopt(raised, 2_000)
    // Of ten units one has come back in the second since.
    expect(bucket.decide(raised, 0, 2_000)).toMatchObject({ remaining: 91, resetMs: 900 })
  })

  it('L1: is not raised for what a restart has left before forgotten leases have lapsed', () => {
    const raised = { perMinute: 60_000, burst: 100 }
    // A hundred units on lease until 750, and charged then, at ten milliseconds each.
    const stored = { fullAt: 1_750, unitMs: 10, lapsesAt: 750 }
    const bucket = new Bucket(stored)
    bucket.adopt(raised, 0)
    expect(bucket.decide(raised, 1, 749).isAdmitted).toBe(false)
    const later = new Bucket(stored)
    later.adopt(raised, 750)
    expect(later.decide(raised, 1, 751).isAdmitted).toBe(true)
  })

  it('L3: makes nobody wait for a turn under the limit before', async () => {
    const world = new LimiterWorld()
    const [one, other] = [new Admission('one'), new Admission('other')]
    const slow = { perMinute: 1, burst: 1 }
    expect((await request(one, world, slow, 0)).isAdmitted).toBe(true)
    expect((await request(other, world, slow, 0)).isAdmitted).toBe(false)
    const fast = { perMinute: 60, burst: 1 }
    expect(await request(other, world, fast, 0)).toEqual({ isAdmitted: false, retryMs: 1_000 })
  })
})
