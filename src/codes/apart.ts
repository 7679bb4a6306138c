import { isRowFault } from '../database/row-fault.ts'
import { faultName } from '../log.ts'

/** What became of one item of a bulk call. Where it failed, that is a fault of ours, named for the log. */
export type Apart<Item, Done> = { tag: 'done'; done: Done } | { tag: 'failed'; item: Item; fault: string }

type Run<Item, Done> = (items: readonly Item[]) => Promise<Done[]>

/**
 * Runs a bulk call in one transaction. Where it fails for what is in one item's rows, it is run again over
 * halves, each a transaction of its own, until the items that fail are alone: they do not fail the others.
 *
 * @returns the outcome of every item, in their order.
 * @throws what `run` throws, when it fails for another reason, or for every item: nothing is changed then.
 */
export async function runApart<Item, Done>(
  items: readonly Item[],
  run: Run<Item, Done>,
): Promise<Apart<Item, Done>[]> {
  try {
    return (await run(items)).map(asDone)
  } catch (error) {
    if (!isRowFault(error)) throw error
    let isAnyDone = false
    const outcomes = await runInHalves(items, error, async (half) => {
      const done = await run(half)
      isAnyDone = true
      return done
    })
    if (!isAnyDone) throw error
    return outcomes
  }
}

/** Some items may be done by now, so that every failure is told item by item. */
async function runInHalves<Item, Done>(
  items: readonly Item[],
  error: unknown,
  run: Run<Item, Done>,
): Promise<Apart<Item, Done>[]> {
  if (items.length === 1 || !isRowFault(error)) {
    return items.map((item) => ({ tag: 'failed', item, fault: faultName(error) }))
  }
  const middle = Math.ceil(items.length / 2)
  const outcomes: Apart<Item, Done>[] = []
  for (const half of [items.slice(0, middle), items.slice(middle)]) {
    const halved = run(half).then(
      (done) => done.map(asDone),
      (fault: unknown) => runInHalves(half, fault, run),
    )
    outcomes.push(...(await halved))
  }
  return outcomes
}

function asDone<Done>(done: Done): { tag: 'done'; done: Done } {
  return { tag: 'done', done }
}
