import { describe, expect, it } from 'vitest'
import { simulateCrowd } from '../../bench/limits/crowd.ts'
import { Admission } from '../../src/limits/admission.ts'
import { AttackWatch } from '../../src/limits/attack-watch.ts'
import { KnownClient } from '../../src/limits/known-client.ts'
import { Visitors } from '../../src/limits/visitors.ts'
import { LimiterWorld, WITHOUT_DEADLINE } from '../rig/limiter-world.ts'

const CLIENT = { perMinute: 60, burst: 30 }
const TENANT = { perMinute: 3_000, burst: 300 }

describe('F1: clients that flood over many isolates', () => {
  it.each([1, 10, 100])(
    'take nothing from 200 others: %i of them at 20 times the limit',
    async (attackers) => {
      const crowd = {
        tenant: TENANT,
        client: CLIENT,
        others: 200,
        load: 20,
        durationMs: 120_000,
        seed: 20_261_126,
      }
      const outcome = await simulateCrowd({ ...crowd, attackers })
      expect(outcome.othersAsked).toBe(800)
      // The first second of a hundred that begin at once is one sixtieth of these, not one in 120.
      expect(outcome.othersAdmitted).toBeGreaterThanOrEqual(attackers === 100 ? 0.98 : 0.99)
      expect(outcome.excess).toBeLessThan(1e-6)
      expect(outcome.callsPerRequest).toBeLessThanOrEqual(0.05)
    },
  )
})

describe('a client that comes to two isolates', () => {
  /** Admits one unit after the other at one instant, at the isolates in turn, and counts them. */
  async function flood(isolates: number): Promise<number> {
    const world = new LimiterWorld()
    const access = {
      ask: async (name: string, asks: Parameters<LimiterWorld['answer']>[1]) =>
        world.answer(name, asks, 1_000),
      ...WITHOUT_DEADLINE,
    }
    const demand = { bucket: 'validate', key: 'validate', perMinute: 60_000, burst: 100_000, cost: 1 }
    const visitors = Array.from(
      { length: isolates },
      (_, nth) => new Visitors(new Admission(`isolate-${nth}`)),
    )
    let admitted = 0
    for (let nth = 0; nth < 400; nth++) {
      const decided = await visitors[nth % isolates]?.decide(
        access,
        'tenant',
        { network: 'x', rate: CLIENT },
        [demand],
        () => 1_000,
      )
      if (decided?.every(({ decision }) => decision.retryMs === 0)) admitted += 1
    }
    return admitted
  }

  it('F1: has its burst, and at most a third of it at each more', async () => {
    expect(await flood(1)).toBe(30)
    const two = await flood(2)
    expect(two).toBeGreaterThanOrEqual(30)
    expect(two).toBeLessThanOrEqual(30 + 2 * 10)
    expect(await flood(4)).toBeLessThanOrEqual(30 + 4 * 10)
  })
})

describe('what an isolate has seen of a client', () => {
  it('L3: a refused request costs nothing, and waiting as told is enough', () => {
    const client = new KnownClient()
    for (let nth = 0; nth < 30; nth++) expect(client.take(CLIENT, 0).retryMs).toBe(0)
    for (let nth = 0; nth < 9; nth++) expect(client.take(CLIENT, 500).retryMs).toBe(500)
    expect(client.take(CLIENT, 1_000).retryMs).toBe(0)
  })

  it('gives back what others refuse', () => {
    const client = new KnownClient()
    for (let nth = 0; nth < 100; nth++) client.giveBack(CLIENT, client.take(CLIENT, 0))
    expect(client.take(CLIENT, 0)).toMatchObject({ retryMs: 0, remaining: 29, isModest: true })
    expect(client.untold).toBe(1)
  })

  it('is modest for a third of its burst, which comes back ten times slower', () => {
    const client = new KnownClient()
    const modest = (now: number) => Array.from({ length: 20 }, () => client.take(CLIENT, now).isModest)
    expect(modest(0).filter(Boolean)).toHaveLength(10)
    expect(modest(30_000).filter(Boolean)).toHaveLength(3)
  })
})

describe('an attack on codes', () => {
  const MINUTE = 60_000

  it('begins at 100 wrong codes that are three quarters of all, not before', () => {
    const watch = new AttackWatch()
    watch.count({ right: 34, wrong: 100 }, 0)
    expect(watch.since(0)).toBe(0)
    watch.count({ right: 0, wrong: 2 }, 5)
    expect(watch.since(5)).toBe(5)
    const few = new AttackWatch()
    few.count({ right: 0, wrong: 99 }, 0)
    expect(few.since(0)).toBe(0)
  })

  it('ends by itself, five minutes after it last went on', () => {
    const watch = new AttackWatch()
    watch.count({ right: 0, wrong: 100 }, 7)
    expect(watch.since(5 * MINUTE)).toBe(7)
    expect(watch.since(5 * MINUTE + 7)).toBe(0)
  })

  it('goes on while half of the codes are wrong', () => {
    const watch = new AttackWatch()
    for (let minute = 0; minute < 60; minute++) watch.count({ right: 10, wrong: 40 }, 1 + minute * MINUTE)
    expect(watch.since(60 * MINUTE)).toBe(1 + 2 * MINUTE)
    for (let minute = 60; minute < 90; minute++) watch.count({ right: 40, wrong: 10 }, 1 + minute * MINUTE)
    expect(watch.since(90 * MINUTE)).toBe(0)
  })

  it('is remembered by what it stores, through a restart', () => {
    const stored = new AttackWatch().count({ right: 0, wrong: 100 }, 7)
    expect(new AttackWatch(stored).since(MINUTE)).toBe(7)
  })

  it('is stored when it begins, and then once a minute at most', () => {
    const watch = new AttackWatch()
    let writes = 0
    for (let second = 0; second < 300; second++) {
      if (watch.count({ right: 0, wrong: 10 }, second * 1_000)) writes += 1
    }
    expect(writes).toBe(5)
  })
})
