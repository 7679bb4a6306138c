import type { Done, Load } from './load/load.ts'
import type { LoadContext } from './load/message.ts'
import type { PlanName } from './load/plans.ts'
import { median } from './report/figures.ts'
import { cpuMs } from './servers/processes.ts'

/** One of the things that are compared. */
export type Contender = {
  name: string
  url: string
  /** Process id of its workerd. */
  pid: number
  plan: PlanName
  context: LoadContext
  /** Requests there are subjects for; a round ends early rather than use one twice. */
  countMax: number
  /** Puts everything back as the first round found it. */
  before?(): Promise<void>
  /** @throws {Error} when a round's answers, each right by itself, are wrong together. */
  check?(round: Done): void
  /** Waits until what was accepted has been done. */
  after?(answers: number): Promise<void>
}

export type Measured = {
  /** Answers per second, by round. */
  rates: number[]
  /** The same, until what was accepted had also been done. */
  doneRates: number[]
  /** Median latency, by round. */
  latenciesMs: number[]
  /** CPU time of the server per answer, by round. It hardly depends on what else the machine does. */
  cpuMs: number[]
}

export type RoundOptions = { connections: number; rounds: number; roundMs: number }

const WARM_UP = 24

/**
 * Puts the contenders under load in turns, in every round in another order, so that what happens on
 * the machine meanwhile meets all of them.
 */
export async function interleave(
  load: Load,
  contenders: readonly Contender[],
  { connections, rounds, roundMs }: RoundOptions,
): Promise<Measured[]> {
  const counts = contenders.map(() => 0)
  for (const [index, contender] of contenders.entries()) {
    counts[index] = await calibrate(load, contender, connections, roundMs)
  }
  const measured = contenders.map((): Measured => ({ rates: [], doneRates: [], latenciesMs: [], cpuMs: [] }))
  for (let round = 0; round < rounds; round += 1) {
    const turns = [...contenders.entries()]
    for (const [index, contender] of round % 2 === 0 ? turns : turns.toReversed()) {
      await contender.before?.()
      const { url, pid, plan, context } = contender
      const count = counts[index] ?? 0
      const cpuBeforeMs = cpuMs(pid)
      const order = { url, plan, context, connections, first: 0, count }
      const done = await load.run(order)
      const { elapsedMs, latenciesMs } = done
      contender.check?.(done)
      const answeredAt = performance.now()
      await contender.after?.(count)
      const afterMs = performance.now() - answeredAt
      measured[index]?.rates.push((count / elapsedMs) * 1000)
      measured[index]?.doneRates.push((count / (elapsedMs + afterMs)) * 1000)
      measured[index]?.latenciesMs.push(median(latenciesMs))
      measured[index]?.cpuMs.push((cpuMs(pid) - cpuBeforeMs) / count)
    }
  }
  return measured
}

/** How many requests take about as long as a round may; found while warming up. */
async function calibrate(load: Load, contender: Contender, connections: number, roundMs: number) {
  const { url, plan, context, countMax } = contender
  let elapsedMs = 0
  let count = Math.min(WARM_UP, countMax)
  for (let turn = 0; turn < 3; turn += 1) {
    await contender.before?.()
    elapsedMs = (await load.run({ url, plan, context, connections, first: 0, count })).elapsedMs
    await contender.after?.(count)
    const wanted = Math.round((count / elapsedMs) * roundMs * (turn === 2 ? 1 : 0.3))
    count = Math.max(connections, Math.min(countMax, wanted))
  }
  return count
}
