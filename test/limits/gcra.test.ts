import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gcra, type Rate } from '../../src/limits/gcra.ts'

const NOW = Date.UTC(2027, 0, 1)
const rates = fc.record({
  perMinute: fc.integer({ min: 1, max: 1_000_000 }),
  burst: fc.integer({ min: 1, max: 300 }),
})

/** One bucket that requests go through, one after another; says when each unit was admitted. */
function admissions(rate: Rate, schedule: readonly { waitMs: number; cost: number }[]) {
  let now = NOW
  let fullAt: number | undefined
  const admitted: { at: number; cost: number }[] = []
  for (const { waitMs, cost } of schedule) {
    now += waitMs
    const decision = gcra(fullAt, rate, cost, now)
    fullAt = decision.fullAt
    if (decision.isAdmitted) admitted.push({ at: now, cost })
  }
  return admitted
}

describe('gcra', () => {
  it('decides as the worked example: 60 a minute in bursts of 3', () => {
    const rate = { perMinute: 60, burst: 3 }
    let fullAt: number | undefined
    const rows = [
      { afterMs: 0, cost: 1, limited: false, remaining: 2, resetMs: 1000, retryMs: 0 },
      { afterMs: 0, cost: 1, limited: false, remaining: 1, resetMs: 2000, retryMs: 0 },
      { afterMs: 0, cost: 1, limited: false, remaining: 0, resetMs: 3000, retryMs: 0 },
      { afterMs: 0, cost: 1, limited: true, remaining: 0, resetMs: 3000, retryMs: 1000 },
      { afterMs: 1, cost: 1, limited: true, remaining: 0, resetMs: 2999, retryMs: 999 },
      { afterMs: 999, cost: 1, limited: true, remaining: 0, resetMs: 2001, retryMs: 1 },
      { afterMs: 1000, cost: 1, limited: false, remaining: 0, resetMs: 3000, retryMs: 0 },
      { afterMs: 1000, cost: 1, limited: true, remaining: 0, resetMs: 3000, retryMs: 1000 },
      { afterMs: 2500, cost: 2, limited: true, remaining: 1, resetMs: 1500, retryMs: 500 },
      { afterMs: 2500, cost: 1, limited: false, remaining: 0, resetMs: 2500, retryMs: 0 },
      { afterMs: 9000, cost: 4, limited: true, remaining: 3, resetMs: 0, retryMs: 1000 },
      { afterMs: 9000, cost: 3, limited: false, remaining: 0, resetMs: 3000, retryMs: 0 },
      { afterMs: 60_000, cost: 1, limited: false, remaining: 2, resetMs: 1000, retryMs: 0 },
    ]
    for (const { afterMs, cost, limited, ...expected } of rows) {
      const { isAdmitted, fullAt: next, ...decision } = gcra(fullAt, rate, cost, NOW + afterMs)
      expect({ limited: !isAdmitted, ...decision }, `after ${afterMs} ms`).toEqual({ limited, ...expected })
      fullAt = next
    }
  })

  it('L1: never admits more than burst + rate × time, between any two moments', () => {
    const schedule = fc.array(
      fc.record({
        waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 70_000 })),
        cost: fc.integer({ min: 1, max: 5 }),
      }),
      { maxLength: 150 },
    )
    fc.assert(
      fc.property(rates, schedule, (rate, requests) => {
        const admitted = admissions(rate, requests)
        for (const [first, { at: from }] of admitted.entries()) {
          let units = 0
          for (const { at, cost } of admitted.slice(first)) {
            units += cost
            expect(units * 60_000).toBeLessThanOrEqual(rate.burst * 60_000 + rate.perMinute * (at - from))
          }
        }
      }),
    )
  })

  it('L1: at one instant exactly the burst is admitted, whatever the rate', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 1e12 }), (rate, laterMs) => {
        const asked = Array.from({ length: rate.burst + 10 }, (_, index) => ({
          waitMs: index === 0 ? laterMs : 0,
          cost: 1,
        }))
        expect(admissions(rate, asked)).toHaveLength(rate.burst)
      }),
    )
  })

  it('L1: a burst of 100,000 at a million a minute is exact as well', () => {
    for (const perMinute of [7, 999_000, 999_999, 1_000_000]) {
      const rate = { perMinute, burst: 100_000 }
      const asked = Array.from({ length: rate.burst + 50 }, () => ({ waitMs: 0, cost: 1 }))
      expect(admissions(rate, asked), `${perMinute} a minute`).toHaveLength(rate.burst)
    }
  })

  it('L3: retryMs is exact: refused one millisecond before, admitted then', () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 5_000 }),
        (rate, cost, waitMs) => {
          fc.pre(cost <= rate.burst)
          let fullAt: number | undefined
          for (let taken = 0; taken < rate.burst; taken += 1) fullAt = gcra(fullAt, rate, 1, NOW).fullAt
          const now = NOW + waitMs
          const { isAdmitted, retryMs, fullAt: kept } = gcra(fullAt, rate, cost, now)
          fc.pre(!isAdmitted)
          const admittedAt = now + Math.ceil(retryMs)
          expect(gcra(kept, rate, cost, admittedAt).isAdmitted).toBe(true)
          expect(gcra(kept, rate, cost, admittedAt - 1).isAdmitted).toBe(false)
        },
      ),
    )
  })

  it('L3: a refused request costs nothing', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 100 }), (rate, times) => {
        let fullAt: number | undefined
        for (let taken = 0; taken < rate.burst; taken += 1) fullAt = gcra(fullAt, rate, 1, NOW).fullAt
        const empty = fullAt
        for (let refused = 0; refused < times; refused += 1) fullAt = gcra(fullAt, rate, 1, NOW).fullAt
        expect(fullAt).toBe(empty)
      }),
    )
  })

  it('a clock that steps back refuses rather than refills', () => {
    const rate = { perMinute: 60, burst: 1 }
    const { fullAt } = gcra(undefined, rate, 1, NOW)
    expect(gcra(fullAt, rate, 1, NOW - 60_000)).toMatchObject({ isAdmitted: false, retryMs: 61_000 })
  })
})
