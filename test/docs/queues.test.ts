import { expect, it } from 'vitest'
import operating from '../../docs/operating.md?raw'
import wrangler from '../../wrangler.toml?raw'

const [secrets = ''] = Object.values(
  import.meta.glob<string>('../../scripts/secrets.ts', { query: '?raw', import: 'default', eager: true }),
)

it('every queue of wrangler.toml is created before the first deploy, and has a consumer locally and in production', () => {
  const queues = (pattern: RegExp) =>
    [...wrangler.matchAll(pattern)].map(([, name = '']) => name).toSorted((a, b) => a.localeCompare(b))
  const names = [...new Set(queues(/(?:queue|dead_letter_queue) = "([\w-]+)"/g))]
  expect(names).toHaveLength(6)
  for (const text of [operating, secrets]) {
    const created = [...text.matchAll(/wrangler queues create ([\w-]+)/g)].map(([, name = '']) => name)
    expect(created.toSorted((a, b) => a.localeCompare(b))).toEqual(names)
  }
  for (const environment of ['', 'env\\.production-background\\.']) {
    expect(
      queues(new RegExp(`^\\[\\[${environment}queues\\.consumers\\]\\]\\nqueue = "([\\w-]+)"`, 'gm')),
    ).toEqual(names)
  }
})

it('the Workers of production are given the same of what all are given', () => {
  const blocksOf = (environment: string) =>
    wrangler
      .replaceAll(/^ *#.*$/gm, '')
      .split(/^(?=\[)/m)
      .filter((block) => new RegExp(`^\\[+env\\.${environment}\\.`).test(block))
      .map((block) => block.replace(`env.${environment}.`, '').trim())
  const data = blocksOf('production')
  const isShared = (block: string) =>
    /^\[+(?:secrets|vars|assets|d1_databases|ratelimits|queues\.producers)\]/.test(block)
  expect(data.filter(isShared)).toHaveLength(11)
  for (const other of ['production-control', 'production-background']) {
    expect(blocksOf(other).filter(isShared)).toEqual(data.filter(isShared))
  }
})
