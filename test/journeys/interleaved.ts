import { expect } from 'vitest'
import { mannWhitneyP } from './mann-whitney.ts'

/**
 * How times of two kinds of calls are compared. Noise alone fails one sample in a hundred at p > 0.01, so a sample
 * that fails is repeated once, with fresh requests, and the second decides: one run in ten thousand fails by chance,
 * and a real difference fails both.
 */
export const P_MIN = 0.01

/** A call of one kind or the other, the n-th of its kind: how long it took, in ms. */
export type TimedCall = (kind: 0 | 1, n: number) => Promise<number>

/**
 * Times of as many calls of the one kind as of the other, in pairs whose order alternates: so each of the two comes
 * as often after the one as after the other, whose mail may keep the machine busy.
 */
export async function interleaved(pairs: number, call: TimedCall): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []]
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
    for (const kind of order) times[kind].push(await call(kind, pair))
  }
  return times
}

/** Expects that time tells nothing. What p was is told by `annotate`. */
export async function expectAlike(
  measure: () => Promise<[number[], number[]]>,
  annotate: (text: string) => Promise<unknown>,
): Promise<void> {
  const samples = [mannWhitneyP(...(await measure()))]
  if ((samples[0] ?? 0) <= P_MIN) samples.push(mannWhitneyP(...(await measure())))
  await annotate(`p = ${samples.map((p) => p.toFixed(4)).join(', then ')}`)
  expect(samples.at(-1)).toBeGreaterThan(P_MIN)
}
