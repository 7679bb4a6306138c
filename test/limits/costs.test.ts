import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excessOf } from '../../bench/limits/simulation.ts'
import { Admission, type LimiterAccess } from '../../src/limits/admission.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { decide, demandOf, LimiterWorld } from '../rig/limiter-world.ts'

/** One request for so many units: how long it is told to wait, 0 when it is admitted. */
async function take(isolate: Admission, world: LimiterWorld, rate: Rate, cost: number, now: number) {
  const [decision] = await decide(isolate, world, [{ ...demandOf(rate), cost }], now)
  if (decision === undefined) throw new Error('one demand, one decision')
  return decision.retryMs
}

describe('requests for several units', () => {
  it('L1: no schedule of them admits more than burst + rate × time', async () => {
    const rates = fc.record({
      perMinute: fc.constantFrom(60, 600, 60_000),
      burst: fc.constantFrom(100, 1_000),
    })
    const schedules = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: 2_000 }),
        isolate: fc.integer({ min: 0, max: 2 }),
        cost: fc.constantFrom(1, 1, 7, 100),
        times: fc.integer({ min: 1, max: 30 }),
      }),
      { minLength: 1, maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(rates, schedules, async (rate, schedule) => {
        const world = new LimiterWorld()
        const isolates = [new Admission('one'), new Admission('two'), new Admission('three')]
        const admissions: number[] = []
        let now = 1_000_000
        for (const { afterMs, isolate, cost, times } of schedule) {
          now += afterMs
          for (let nth = 0; nth < times; nth += 1) {
            const asking = isolates[isolate] ?? new Admission('never')
            if ((await take(asking, world, rate, cost, now)) === 0) {
              admissions.push(...Array.from({ length: cost }, () => now))
            }
          }
        }
        expect(excessOf(admissions, rate)).toBeLessThan(1e-6)
      }),
      { numRuns: 200 },
    )
  })

  it('L3: take what they name and no more, since they leave no lease to lapse', async () => {
    const rate = { perMinute: 60, burst: 1_000 }
    const world = new LimiterWorld()
    const isolate = new Admission('isolate')
    for (let nth = 0; nth < 5; nth += 1) expect(await take(isolate, world, rate, 100, nth)).toBe(0)
    expect(await take(isolate, world, rate, 1, 10)).toBe(0)
    // Long after every lease would have lapsed: 501 were taken, and ten are back.
    expect(await take(isolate, world, rate, 509, 10_000)).toBe(0)
    expect(await take(isolate, world, rate, 1, 10_000)).toBeGreaterThan(0)
  })

  it('L3: hold no smaller request, and are refused without another call', async () => {
    const rate = { perMinute: 60, burst: 100 }
    const world = new LimiterWorld()
    const isolate = new Admission('isolate')
    expect(await take(isolate, world, rate, 60, 0)).toBe(0)
    expect(await take(isolate, world, rate, 50, 0)).toBe(10_000)
    const { calls } = world
    expect(await take(isolate, world, rate, 50, 1_000)).toBe(9_000)
    expect(await take(isolate, world, rate, 51, 1_000)).toBe(10_000)
    expect(world.calls).toBe(calls)
    expect(await take(isolate, world, rate, 41, 1_000)).toBe(0)
  })

  it('do not make smaller requests wait for each other', async () => {
    const rate = { perMinute: 60, burst: 100 }
    const world = new LimiterWorld()
    const isolate = new Admission('isolate')
    await take(isolate, world, rate, 60, 0)
    await take(isolate, world, rate, 100, 0)
    let asked = 0
    const answers = Promise.withResolvers<void>()
    const ask: LimiterAccess['ask'] = async (name, asks) => {
      asked += 1
      await answers.promise
      return world.answer(name, asks, 1)
    }
    const few = Array.from({ length: 3 }, () => decide(isolate, world, [demandOf(rate)], 1, ask))
    await Promise.resolve()
    expect(asked).toBe(3)
    answers.resolve()
    expect((await Promise.all(few)).flat().map(({ retryMs }) => retryMs)).toEqual([0, 0, 0])
  })
})
