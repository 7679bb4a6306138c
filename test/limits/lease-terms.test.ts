import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leaseTerms } from '../../src/limits/lease-terms.ts'

describe('the terms of a lease', () => {
  it('L1: lend no more than is left, and lapse no sooner than the isolate stops', () => {
    const need = fc.record({
      perMinute: fc.integer({ min: 1, max: 1_000_000 }),
      burst: fc.integer({ min: 1, max: 100_000 }),
      cost: fc.integer({ min: 1, max: 5 }),
      demandPerSecond: fc.double({ min: 0, max: 10_000, noNaN: true }),
      roundTripMs: fc.nat(10_000),
    })
    fc.assert(
      fc.property(need, fc.nat(100_000), fc.boolean(), (need, remaining, isContended) => {
        const { units, ttlMs, lapseMs } = leaseTerms(need, remaining, isContended)
        expect(units).toBeLessThanOrEqual(remaining)
        expect(Number.isInteger(units)).toBe(true)
        expect(lapseMs).toBeGreaterThanOrEqual(ttlMs)
        // Whatever distance an isolate claims.
        expect(ttlMs).toBeLessThanOrEqual(4_400)
      }),
    )
  })
})
