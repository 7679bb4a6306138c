import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simulate } from '../../bench/limits/simulation.ts'
import { Admission, type LimiterAccess } from '../../src/limits/admission.ts'
import { Bucket } from '../../src/limits/bucket.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { TenantBuckets, type Demand } from '../../src/limits/tenant-buckets.ts'

/**
 * The limiter and its isolates without the runtime: time is a number, calls take as long as the schedule
 * says, and answers may be lost.
 */

const demandOf = (rate: Rate): Demand => ({ bucket: 'validate', key: 'validate', ...rate, cost: 1 })

type World = { storage: Map<string, number>; buckets: TenantBuckets; calls: number }

function newWorld(storage = new Map<string, number>()): World {
  const buckets = new TenantBuckets({
    read: () => storage,
    write: (fullAts) => fullAts.forEach((fullAt, key) => storage.set(key, fullAt)),
  })
  return { storage, buckets, calls: 0 }
}

/** Asks at `now`, and is answered at once. */
const direct =
  (world: World, now: number): LimiterAccess['ask'] =>
  async (isolate, asks) => {
    world.calls += 1
    return world.buckets.answer(isolate, asks, now)
  }

/** One request to an isolate at `now`. */
const decide = (isolate: Admission, ask: LimiterAccess['ask'], demands: Demand[], now: number) =>
  isolate.decide({ ask, within: (answer) => answer }, 'tenant', demands, () => now)

const admits = async (isolate: Admission, world: World, rate: Rate, now: number) => {
  const decisions = await decide(isolate, direct(world, now), [demandOf(rate)], now)
  return { isAdmitted: decisions.every(({ retryMs }) => retryMs === 0), retryMs: decisions[0]?.retryMs ?? 0 }
}

/** By how much admissions pass burst + rate × time, in the worst window; parts of a unit are rounding. */
function excessOf(admissions: readonly number[], { perMinute, burst }: Rate): number {
  let [level, last, excess] = [0, 0, 0]
  for (const at of admissions) {
    level = Math.max(0, level - ((at - last) * perMinute) / 60_000) + 1
    last = at
    excess = Math.max(excess, level - burst)
  }
  return excess
}

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
        let world = newWorld()
        const isolates = Array.from({ length: 5 }, (_, index) => new Admission(`isolate-${index}`))
        const admissions: number[] = []
        let now = 1_000_000
        for (const { afterMs, isolate, size, fate } of schedule) {
          now += afterMs
          if (fate === 'restart') world = newWorld(world.storage)
          for (let request = 0; request < size; request++) {
            const ask: LimiterAccess['ask'] = async (isolate, asks) => {
              const answers = await direct(world, now)(isolate, asks)
              if (fate === 'lost') throw new Error('the answer is lost')
              return answers
            }
            const decided = decide(isolates[isolate] ?? new Admission('never'), ask, [demandOf(rate)], now)
            const decisions = await decided?.catch(() => undefined)
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
        const world = newWorld()
        const isolates = Array.from({ length: 3 }, (_, index) => new Admission(`isolate-${index}`))
        const admissions: number[] = []
        let now = 1_000_000
        for (const { isolate, everyMs, atOnce, durationMs, pauseMs, isLost } of schedule) {
          for (const end = now + durationMs; now < end; now += everyMs) {
            for (let request = 0; request < atOnce; request++) {
              const asking = isolates[isolate] ?? new Admission('never')
              if ((await admits(asking, world, rate, now)).isAdmitted) admissions.push(now)
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
        const world = newWorld()
        const isolates = Array.from({ length: 5 }, (_, index) => new Admission(`isolate-${index}`))
        let now = 1_000_000
        for (const { afterMs, isolate, size } of schedule) {
          now += afterMs
          for (let request = 0; request < size; request++) {
            const asking = isolates[isolate] ?? new Admission('never')
            const decided = await admits(asking, world, rate, now)
            if (decided.isAdmitted) continue
            // Nobody else asks meanwhile: leases lapse, and what was told must be enough.
            now += decided.retryMs
            expect((await admits(asking, world, rate, now)).isAdmitted).toBe(true)
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  it('L2: of isolates that all ask without pause none starves', async () => {
    const rate = { perMinute: 120, burst: 5 }
    const world = newWorld()
    const isolates = Array.from({ length: 12 }, (_, index) => new Admission(`isolate-${index}`))
    const admitted = isolates.map(() => 0)
    for (let now = 0; now < 120_000; now += 50) {
      for (const [index, isolate] of isolates.entries()) {
        if ((await admits(isolate, world, rate, now)).isAdmitted) admitted[index] = (admitted[index] ?? 0) + 1
      }
    }
    expect(Math.min(...admitted)).toBeGreaterThan(5)
    expect(world.calls).toBeLessThan((12 * 120_000) / 50 / 20)
  })

  it('a refusal holds without another call, and only as long as it says', async () => {
    const rate = { perMinute: 60, burst: 1 }
    const world = newWorld()
    const isolate = new Admission('isolate')
    expect(await admits(isolate, world, rate, 0)).toEqual({ isAdmitted: true, retryMs: 0 })
    expect(await admits(isolate, world, rate, 0)).toEqual({ isAdmitted: false, retryMs: 1_000 })
    expect(await admits(isolate, world, rate, 999)).toEqual({ isAdmitted: false, retryMs: 1 })
    // With the last unit came word that there is no other.
    expect(world.calls).toBe(1)
    expect(await admits(isolate, world, rate, 1_000)).toEqual({ isAdmitted: true, retryMs: 0 })
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
        const world = newWorld()
        const [one, other] = [new Admission('one'), new Admission('other')]
        const admissions: number[] = []
        const take = async (isolate: Admission, now: number, most: number) => {
          for (let taken = 0; taken < most; taken++) {
            if (!(await admits(isolate, world, rate, now)).isAdmitted) return
            admissions.push(now)
          }
        }
        for (let now = from; now < 2_000; now += 20) await take(one, now, size)
        world.buckets = newWorld(world.storage).buckets
        await take(other, 2_000 + untilUsedMs, 2_000)
        await take(one, 2_000 + untilUsedMs, 2_000)
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
        const bucket = new Bucket(0)
        const leaseId = bucket.lease('isolate', 10, 1_000)
        for (const report of arriving) bucket.applyReport(rate, { leaseId, ...report }, 500)
        // One whose end is not reported lapses, and counts as used.
        const charged = arriving.some(({ hasEnded }) => hasEnded) ? 8 : 10
        expect(bucket.decide(rate, 0, 1_000).remaining).toBe(100 - charged)
      }),
    )
  })

  describe('once refused', () => {
    const rate = { perMinute: 60, burst: 1 }

    /** An isolate whose hold has just ended, with a limiter that answers when told to. */
    async function refusedOnce() {
      const world = newWorld()
      const isolate = new Admission('isolate')
      await admits(isolate, world, rate, 0)
      await admits(isolate, world, rate, 0)
      const answers: PromiseWithResolvers<void>[] = []
      let now = 1_000
      const access: LimiterAccess = {
        async ask(isolate, asks) {
          const answer = Promise.withResolvers<void>()
          answers.push(answer)
          await answer.promise
          return world.buckets.answer(isolate, asks, now)
        },
        within: (answer) => answer,
      }
      const arrive = (changed: Partial<LimiterAccess> = {}) =>
        isolate.decide({ ...access, ...changed }, 'tenant', [demandOf(rate)], () => now)
      return { answers, arrive, later: (ms: number) => (now += ms) }
    }

    it('L3: one call asks for all requests that come before its answer', async () => {
      const { answers, arrive } = await refusedOnce()
      const requests = Array.from({ length: 50 }, () => arrive())
      expect(answers).toHaveLength(1)
      answers[0]?.resolve()
      const waits = (await Promise.all(requests)).map(([decision]) => decision?.retryMs)
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
      expect(await next).toMatchObject([{ retryMs: 0 }])
    })

    it('L5: when the request that asked is cut off, nobody waits for it twice', async () => {
      const { answers, arrive } = await refusedOnce()
      void arrive()
      const within = () => Promise.reject(new Error('TimeoutError'))
      await expect(arrive({ within })).rejects.toThrow('TimeoutError')
      const next = arrive()
      answers[1]?.resolve()
      expect(await next).toMatchObject([{ retryMs: 0 }])
    })
  })

  it('a busy tenant asks once for many requests, and gives back what it did not use', async () => {
    const rate = { perMinute: 60_000, burst: 1_000 }
    const world = newWorld()
    const isolate = new Admission('isolate')
    for (let now = 0; now < 10_000; now += 2)
      expect((await admits(isolate, world, rate, now)).isAdmitted).toBe(true)
    expect(world.calls).toBeLessThan(100)
    // A second isolate finds nearly all of the burst once the first is quiet.
    const other = new Admission('other')
    let admitted = 0
    while ((await admits(other, world, rate, 12_000)).isAdmitted) admitted += 1
    expect(admitted).toBe(1_000)
  })

  it.each([
    ['below the limit', 30_000],
    ['over it', 600],
  ])('L1: a bucket that is asked for beside another strands nothing on lease, %s', async (_, perMinute) => {
    const rate = { perMinute, burst: 10 }
    const world = newWorld()
    const isolates = Array.from({ length: 4 }, (_, index) => new Admission(`isolate-${index}`))
    const settled: number[] = []
    let [requests, admitted] = [0, 0]
    for (let now = 0; now < 20_000; now += 10) {
      const ask: LimiterAccess['ask'] = async (isolate, asks) => {
        settled.push(...asks.map(({ reports }) => reports.length))
        return direct(world, now)(isolate, asks)
      }
      for (const isolate of isolates) {
        const recipient = { ...demandOf({ perMinute: 1, burst: 1 }), key: `recipient:${requests++}` }
        const decisions = await decide(isolate, ask, [demandOf(rate), recipient], now)
        if (decisions.every(({ retryMs }) => retryMs === 0)) admitted += 1
      }
    }
    const allowed = rate.burst + (perMinute / 60) * 20
    expect(admitted).toBeLessThanOrEqual(allowed)
    expect(admitted).toBeGreaterThan(Math.min(requests, allowed) * 0.9)
    expect(Math.max(...settled)).toBe(0)
  })

  it('remembers no more than so many buckets', async () => {
    const world = newWorld()
    const isolate = new Admission('isolate')
    for (let recipient = 0; recipient < 10_050; recipient++) {
      const demand = { ...demandOf({ perMinute: 1, burst: 1 }), key: `recipient:${recipient}` }
      await decide(isolate, direct(world, 0), [demand], 0)
      await decide(isolate, direct(world, 0), [demand], 0)
    }
    const calls = world.calls
    const first = { ...demandOf({ perMinute: 1, burst: 1 }), key: 'recipient:0' }
    expect((await decide(isolate, direct(world, 1), [first], 1))[0]?.retryMs).toBe(59_999)
    expect(world.calls).toBe(calls + 1)
  })
})
