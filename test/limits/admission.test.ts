import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { excessOf, simulate } from '../../bench/limits/simulation.ts'
import { Admission, type LimiterAccess } from '../../src/limits/admission.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { decide, demandOf, drain, LimiterWorld, request, WITHOUT_DEADLINE } from '../rig/limiter-world.ts'

const rates = fc.record({
  perMinute: fc.constantFrom(7, 60, 600, 6_000, 60_000, 300_000),
  burst: fc.constantFrom(1, 2, 7, 100, 1_000),
})
/** Requests: milliseconds after the one before, and the isolate that gets them. */
const schedules = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5_000 })),
    isolate: fc.integer({ min: 0, max: 4 }),
    size: fc.integer({ min: 1, max: 60 }),
    fate: fc.constantFrom('answered', 'answered', 'answered', 'answered', 'lost', 'restart'),
  }),
  { minLength: 1, maxLength: 60 },
)

describe('holds and leases', () => {
  it('L1: no schedule admits more than burst + rate × time, with answers lost and restarts between', async () => {
    await fc.assert(
      fc.asyncProperty(rates, schedules, async (rate, schedule) => {
        const world = new LimiterWorld()
        const isolates = Array.from({ length: 5 }, (_, index) => new Admission(`isolate-${index}`))
        const admissions: number[] = []
        let now = 1_000_000
        for (const { afterMs, isolate, size, fate } of schedule) {
          now += afterMs
          if (fate === 'restart') world.restart()
          for (let nth = 0; nth < size; nth++) {
            const asking = isolates[isolate] ?? new Admission('never')
            const ask: LimiterAccess['ask'] = async (name, asks) => {
              const answers = world.answer(name, asks, now)
              if (fate === 'lost') throw new Error('the answer is lost')
              return answers
            }
            const decisions = await decide(asking, world, [demandOf(rate)], now, ask).catch(() => undefined)
            if (decisions?.every(({ retryMs }) => retryMs === 0)) admissions.push(now)
          }
        }
        expect(excessOf(admissions, rate)).toBeLessThan(1e-6)
      }),
      { numRuns: 300 },
    )
  })

  it('L1: nor does any sequence of busy isolates, whose leases are used up, given back or left to lapse', async () => {
    const busy = fc.record({
      perMinute: fc.constantFrom(12_000, 60_000, 300_000),
      burst: fc.constantFrom(50, 200, 1_000),
    })
    const phases = fc.array(
      fc.record({
        isolate: fc.integer({ min: 0, max: 2 }),
        everyMs: fc.constantFrom(1, 2, 5),
        atOnce: fc.constantFrom(1, 1, 40),
        durationMs: fc.integer({ min: 5, max: 1_500 }),
        pauseMs: fc.constantFrom(0, 0, 100, 600, 3_000),
        isLost: fc.constantFrom(false, false, true),
      }),
      { minLength: 2, maxLength: 8 },
    )
    await fc.assert(
      fc.asyncProperty(busy, phases, async (rate, schedule) => {
        const world = new LimiterWorld()
        const isolates = Array.from({ length: 3 }, (_, index) => new Admission(`isolate-${index}`))
        const admissions: number[] = []
        let now = 1_000_000
        for (const { isolate, everyMs, atOnce, durationMs, pauseMs, isLost } of schedule) {
          for (const end = now + durationMs; now < end; now += everyMs) {
            for (let nth = 0; nth < atOnce; nth++) {
              const asking = isolates[isolate] ?? new Admission('never')
              if ((await request(asking, world, rate, now)).isAdmitted) admissions.push(now)
            }
          }
          // An isolate may be gone with its leases.
          if (isLost) isolates[isolate] = new Admission(`isolate-${isolate}`)
          now += pauseMs
        }
        expect(excessOf(admissions, rate)).toBeLessThan(1e-6)
      }),
      { numRuns: 60 },
    )
  })

  it('L3: a refused isolate that waits as long as it was told is admitted', async () => {
    await fc.assert(
      fc.asyncProperty(rates, schedules, async (rate, schedule) => {
        const world = new LimiterWorld()
        const isolates = Array.from({ length: 5 }, (_, index) => new Admission(`isolate-${index}`))
        let now = 1_000_000
        for (const { afterMs, isolate, size } of schedule) {
          now += afterMs
          for (let nth = 0; nth < size; nth++) {
            const asking = isolates[isolate] ?? new Admission('never')
            const decided = await request(asking, world, rate, now)
            if (decided.isAdmitted) continue
            // Nobody else asks meanwhile: leases lapse, and what was told must be enough.
            now += decided.retryMs
            expect((await request(asking, world, rate, now)).isAdmitted).toBe(true)
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  it('L2: of isolates that all ask without pause none starves', async () => {
    const rate = { perMinute: 120, burst: 5 }
    const world = new LimiterWorld()
    const isolates = Array.from({ length: 12 }, (_, index) => new Admission(`isolate-${index}`))
    const admitted = isolates.map(() => 0)
    for (let now = 0; now < 120_000; now += 50) {
      for (const [index, isolate] of isolates.entries()) {
        if ((await request(isolate, world, rate, now)).isAdmitted)
          admitted[index] = (admitted[index] ?? 0) + 1
      }
    }
    expect(Math.min(...admitted)).toBeGreaterThan(5)
    expect(world.calls).toBeLessThan((12 * 120_000) / 50 / 20)
  })

  it('a refusal holds without another call, and only as long as it says', async () => {
    const rate = { perMinute: 60, burst: 1 }
    const world = new LimiterWorld()
    const isolate = new Admission('isolate')
    expect(await request(isolate, world, rate, 0)).toEqual({ isAdmitted: true, retryMs: 0 })
    expect(await request(isolate, world, rate, 0)).toEqual({ isAdmitted: false, retryMs: 1_000 })
    expect(await request(isolate, world, rate, 999)).toEqual({ isAdmitted: false, retryMs: 1 })
    // With the last unit came word that there is no other.
    expect(world.calls).toBe(1)
    expect(await request(isolate, world, rate, 1_000)).toEqual({ isAdmitted: true, retryMs: 0 })
  })

  it('L1: nor do isolates whose calls cross each other, are lost or find the limiter restarted', async () => {
    const scenario = fc.record({
      rate: rates,
      load: fc.constantFrom(0.5, 2, 20),
      faults: fc.constantFrom(0, 0.06),
      seed: fc.integer({ min: 1, max: 1_000_000 }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ rate, load, faults, seed }) => {
        const durationMs = Math.min(20_000, (1_500 / (rate.perMinute * load)) * 60_000)
        const { excess } = await simulate({ rate, load, durationMs, seed, faults })
        expect(excess).toBeLessThan(1e-6)
      }),
      { numRuns: 60 },
    )
  })

  it.each([80, 200, 400])(
    'L1, F3: %i ms away, with one call in a hundred lost, nothing is over-admitted, and nobody below the limit refused',
    async (roundTripMs) => {
      const far = { roundTripMs, lost: 0.01, durationMs: 20_000 }
      const rate = { perMinute: 3_000, burst: 300 }
      for (const seed of [1, 2, 3]) {
        const below = await simulate({ ...far, rate, load: 0.9, seed })
        expect(below).toMatchObject({ refused: 0, starved: 0 })
        expect(below.excess).toBeLessThan(1e-6)
        const above = await simulate({ ...far, rate, load: 3, seed })
        expect(above.excess).toBeLessThan(1e-6)
        expect(above.admittedFraction).toBeGreaterThan(0.8)
        const recipient = { rate: { perMinute: 1, burst: 1 }, protectsPerson: true } as const
        // A minute allows one beside the burst.
        expect((await simulate({ ...far, ...recipient, load: 60, seed })).admitted).toBeLessThanOrEqual(2)
      }
    },
  )

  it('L3: of two isolates that are refused together each is admitted when it was told to come', async () => {
    const rate = { perMinute: 60, burst: 1 }
    const world = new LimiterWorld()
    const [first, one, other] = ['first', 'one', 'other'].map((name) => new Admission(name)) as [
      Admission,
      Admission,
      Admission,
    ]
    expect((await request(first, world, rate, 0)).isAdmitted).toBe(true)
    // There is one unit a second: told to come at the same time, one of the two would come in vain.
    expect(await request(one, world, rate, 0)).toEqual({ isAdmitted: false, retryMs: 1_000 })
    expect(await request(other, world, rate, 0)).toEqual({ isAdmitted: false, retryMs: 2_000 })
    // Asked again, each keeps its turn.
    expect(await request(other, world, rate, 1)).toEqual({ isAdmitted: false, retryMs: 1_999 })
    expect((await request(one, world, rate, 1_000)).isAdmitted).toBe(true)
    expect((await request(other, world, rate, 2_000)).isAdmitted).toBe(true)
  })

  describe('while a call is under way', () => {
    /** An isolate at 1,000, after so many requests at 0, with a limiter that answers when told to. */
    async function callsUnderWay(rate: Rate, requestsBefore: number) {
      const world = new LimiterWorld()
      const isolate = new Admission('isolate')
      for (let nth = 0; nth < requestsBefore; nth++) await request(isolate, world, rate, 0)
      const answers: PromiseWithResolvers<void>[] = []
      const now = 1_000
      const access: LimiterAccess = {
        async ask(name, asks) {
          const answer = Promise.withResolvers<void>()
          answers.push(answer)
          await answer.promise
          return world.answer(name, asks, now)
        },
        ...WITHOUT_DEADLINE,
      }
      const arrive = (changed: Partial<LimiterAccess> = {}) =>
        isolate.decide({ ...access, ...changed }, 'tenant', [demandOf(rate)], () => now)
      return { answers, arrive }
    }
    /** A hold that has just ended. */
    const refusedOnce = () => callsUnderWay({ perMinute: 60, burst: 1 }, 2)

    it('an answer that is overtaken by a later one does not shorten its hold', async () => {
      const rate = { perMinute: 60, burst: 2 }
      const world = new LimiterWorld()
      const isolate = new Admission('isolate')
      const deliveries: PromiseWithResolvers<void>[] = []
      const arrive = () =>
        decide(isolate, world, [demandOf(rate)], 0, async (name, asks) => {
          const answers = world.answer(name, asks, 0)
          const delivery = Promise.withResolvers<void>()
          deliveries.push(delivery)
          await delivery.promise
          return answers
        })
      // The second takes the last unit, and with it comes the hold.
      const [first, second] = [arrive(), arrive()]
      deliveries[1]?.resolve()
      await second
      deliveries[0]?.resolve()
      await first
      expect(await decide(isolate, world, [demandOf(rate)], 0)).toMatchObject([{ retryMs: 1_000 }])
      expect(world.calls).toBe(2)
    })

    it('every request asks for itself, unless one asks whether a hold has ended', async () => {
      const { answers, arrive } = await callsUnderWay({ perMinute: 60, burst: 10 }, 1)
      const requests = Array.from({ length: 3 }, () => arrive())
      expect(answers).toHaveLength(3)
      for (const answer of answers) answer.resolve()
      expect((await Promise.all(requests)).map(([decided]) => decided?.decision.retryMs)).toEqual([0, 0, 0])
    })

    it('L3: one call asks for all requests that come before its answer', async () => {
      const { answers, arrive } = await refusedOnce()
      const requests = Array.from({ length: 50 }, () => arrive())
      expect(answers).toHaveLength(1)
      answers[0]?.resolve()
      const waits = (await Promise.all(requests)).map(([decided]) => decided?.decision.retryMs)
      expect(waits.filter((retryMs) => retryMs === 0)).toHaveLength(1)
      expect(waits.filter((retryMs) => retryMs === 1_000)).toHaveLength(49)
      expect(answers).toHaveLength(1)
    })

    it('L5: when that call fails those who waited learn it, and the next request asks anew', async () => {
      const { answers, arrive } = await refusedOnce()
      const requests = Array.from({ length: 3 }, () => arrive())
      answers[0]?.reject(new Error('overloaded'))
      const settled = await Promise.allSettled(requests)
      expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      const next = arrive()
      answers[1]?.resolve()
      expect(await next).toMatchObject([{ decision: { retryMs: 0 } }])
    })

    it('L5: when that call fails and nobody waited, the next request asks anew', async () => {
      const { answers, arrive } = await refusedOnce()
      const failing = arrive()
      answers[0]?.reject(new Error('overloaded'))
      await expect(failing).rejects.toThrow('overloaded')
      const next = arrive()
      answers[1]?.resolve()
      expect(await next).toMatchObject([{ decision: { retryMs: 0 } }])
    })

    it('L5: when the request that asked is cut off, nobody waits for it twice', async () => {
      const { answers, arrive } = await refusedOnce()
      void arrive()
      const within = () => Promise.reject(new Error('TimeoutError'))
      await expect(arrive({ within })).rejects.toThrow('TimeoutError')
      const next = arrive()
      answers[1]?.resolve()
      expect(await next).toMatchObject([{ decision: { retryMs: 0 } }])
    })
  })

  describe('F3: an answer that comes too late for its request', () => {
    /** An isolate whose calls are answered when told to, by an object as it is then. */
    function farAway() {
      const world = new LimiterWorld()
      const isolate = new Admission('isolate')
      const answers: PromiseWithResolvers<void>[] = []
      const deadlines: number[] = []
      const arrive = (rate: Rate, now: number, { isLate = true, protectsPerson = false } = {}) =>
        isolate.decide(
          {
            async ask(name, asks) {
              const answer = Promise.withResolvers<void>()
              answers.push(answer)
              await answer.promise
              return world.answer(name, asks, now)
            },
            within(answer, ms) {
              deadlines.push(ms)
              return isLate ? Promise.reject(new Error('TimeoutError')) : answer
            },
            afterwards: () => undefined,
            deadlineMs: 150,
          },
          'tenant',
          [{ ...demandOf(rate), ...(protectsPerson && { protectsPerson }) }],
          () => now,
        )
      return { world, arrive, answers, deadlines }
    }

    it('L1: still holds the next, without another call', async () => {
      const { world, arrive, answers } = farAway()
      const rate = { perMinute: 60, burst: 1 }
      await expect(arrive(rate, 0)).rejects.toThrow('TimeoutError')
      answers[0]?.resolve()
      await expect.poll(() => world.calls).toBe(1)
      expect(await arrive(rate, 300)).toMatchObject([{ decision: { retryMs: 700 } }])
      expect(answers).toHaveLength(1)
    })

    it('L1: still lends, for as long as from when it was asked', async () => {
      const { world, arrive, answers } = farAway()
      const rate = { perMinute: 6_000, burst: 1_000 }
      for (let nth = 0; nth < 40; nth++) await arrive(rate, 0).catch(() => undefined)
      for (const answer of answers) answer.resolve()
      await expect.poll(() => world.calls).toBe(40)
      expect(await arrive(rate, 499)).toMatchObject([{ decision: { retryMs: 0 } }])
      expect(world.calls).toBe(40)
      await expect(arrive(rate, 500)).rejects.toThrow('TimeoutError')
    })
  })

  it('a busy tenant asks once for many requests, and gives back what it did not use', async () => {
    const rate = { perMinute: 60_000, burst: 1_000 }
    const world = new LimiterWorld()
    const isolate = new Admission('isolate')
    for (let now = 0; now < 10_000; now += 2)
      expect((await request(isolate, world, rate, now)).isAdmitted).toBe(true)
    expect(world.calls).toBeLessThan(100)
    // A second isolate finds nearly all of the burst once the first is quiet.
    const other = new Admission('other')
    expect(await drain(other, world, rate, 12_000)).toBe(1_000)
  })

  it('J2: an isolate remembers 10,000 buckets, those that were used last', async () => {
    const world = new LimiterWorld()
    const isolate = new Admission('isolate')
    // One unit a minute: with it comes the word that there is no other, which an isolate remembers.
    const ask = async (nth: number) =>
      (await decide(isolate, world, [demandOf({ perMinute: 1, burst: 1 }, `recipient:${nth}`)], 0))[0]
        ?.retryMs
    for (let nth = 0; nth < 10_000; nth++) expect(await ask(nth)).toBe(0)
    expect(world.calls).toBe(10_000)
    // All are remembered, and the first is now the one used last: the next makes room.
    expect(await ask(0)).toBe(60_000)
    expect(world.calls).toBe(10_000)
    expect(await ask(10_000)).toBe(0)
    expect(world.calls).toBe(10_001)
    expect(await ask(0)).toBe(60_000)
    expect(world.calls).toBe(10_001)
    expect(await ask(1)).toBe(60_000)
    expect(world.calls).toBe(10_002)
  })
})
