import { describe, expect, it } from 'vitest'
import { Distance } from '../../src/limits/distance.ts'

const LEAST_MS = 150

/** A distance learnt from calls that took so long each, one after another. */
function learntFrom(...roundTripsMs: number[]): Distance {
  const distance = new Distance()
  for (const [nth, ms] of roundTripsMs.entries()) distance.learn(nth * 1_000, nth * 1_000 + ms)
  return distance
}

const steadily = (ms: number) => learntFrom(...Array.from({ length: 50 }, () => ms))

describe('how long a request waits for a limiter', () => {
  it.each([
    ['that is near: the least, so that an object may wake up', steadily(5), 150],
    ['that is far: as long as its calls take', steadily(400), 400],
    ['whose calls vary: four deviations longer', learntFrom(200), 600],
    ['that is farther than any place: the most', steadily(5_000), 800],
    ['of which nothing is known: the most', new Distance(), 800],
  ])('L5: %s', (_, distance, deadlineMs) => {
    expect(distance.deadlineMs(LEAST_MS, false)).toBeCloseTo(deadlineMs, 0)
  })

  it('F3: a request that would be refused without an answer waits the most', () => {
    expect(steadily(5).deadlineMs(LEAST_MS, true)).toBe(800)
  })

  it('L5: that does not answer three calls one after another: the least, until it answers', () => {
    const distance = steadily(400)
    for (const askedAt of [60_000, 61_000]) distance.miss(askedAt, askedAt + 400)
    expect(distance.deadlineMs(LEAST_MS, false)).toBeCloseTo(400, 0)
    distance.miss(62_000, 62_400)
    expect(distance.deadlineMs(LEAST_MS, false)).toBe(LEAST_MS)
    expect(distance.deadlineMs(LEAST_MS, true)).toBe(LEAST_MS)
    distance.learn(62_500, 62_900)
    expect(distance.deadlineMs(LEAST_MS, false)).toBeCloseTo(400, 0)
  })

  it('L5: calls under way together miss once, and one that was asked before an answer does not', () => {
    const distance = steadily(400)
    for (const askedAt of [60_000, 60_001, 60_002]) distance.miss(askedAt, askedAt + 400)
    distance.learn(60_100, 60_500)
    for (const askedAt of [60_200, 60_300, 60_400]) distance.miss(askedAt, askedAt + 400)
    expect(distance.deadlineMs(LEAST_MS, false)).toBeCloseTo(400, 0)
  })

  it('L5: a deadline that is set longer than the most is kept', () => {
    expect(steadily(5).deadlineMs(20_000, false)).toBe(20_000)
  })
})
