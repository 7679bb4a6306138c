import { beforeAll, describe, expect, inject, it } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import { findNode, NODE_MAJORS } from '../../scripts/gate/node.ts'
import { Rescind } from '@rescind/client'
import { CHECKS } from './checks.ts'
import { inChromium, inNode, inWorkerd, type Run } from './runtimes.ts'

/** The client as it is published, in each runtime that it is for, against the real service. */

const nodes = NODE_MAJORS.map((major) => {
  const program = findNode(major)
  return [`node ${major}`, program === undefined ? undefined : inNode(program)] as const
})
const runtimes: readonly (readonly [string, Run | undefined])[] = [
  ...nodes,
  ['workerd', inWorkerd],
  ['chromium', findChromium() === undefined ? undefined : inChromium(({ baseUrl }) => baseUrl, 'runChecks')],
]

/** They run side by side, each with its own users and keys. */
const started = new Map(
  runtimes.map(([name, run]): [string, Promise<Record<string, string>>] => {
    const situation = inject('situations')[name]
    const faults = run !== undefined && situation !== undefined ? run(situation) : Promise.resolve({})
    faults.catch(() => undefined)
    return [name, faults]
  }),
)

describe.each(runtimes)('the client in %s', (name, run) => {
  let faults: Record<string, string> = {}

  beforeAll(async () => {
    faults = (await started.get(name)) ?? {}
  })

  // One that is not on this machine is skipped, and counted.
  it.skipIf(run === undefined).each(Object.keys(CHECKS))('%s', (check) => {
    expect(faults[check]).toBe('')
  })
})

it.skipIf(findChromium() === undefined)(
  'the client in a page of another origin, which the policy allows, and one that it does not',
  async () => {
    const situation = inject('situations')['unit']
    if (situation === undefined) throw new Error('no situation')
    const { baseUrl, key, users } = situation
    const [made] = await new Rescind({ baseUrl, key }).codes.generate(users.slice(1, 2))
    const code = made?.outcome === 'shown' ? made.code : ''
    const from = (origin: string) => inChromium(() => origin, 'runVisitorChecks')({ ...situation, code })
    expect(await from(situation.issuer)).toEqual({
      outcome: 'valid',
      refused: 'CodeRefusedError',
      requestId: 'yes',
    })
    expect(await from('http://evil.localhost:8080')).toEqual({ outcome: 'ConnectionError' })
  },
)
