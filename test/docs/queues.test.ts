import { expect, it } from 'vitest'
import operating from '../../docs/operating.md?raw'
import wrangler from '../../wrangler.toml?raw'

const [secrets = ''] = Object.values(
  import.meta.glob<string>('../../scripts/secrets.ts', { query: '?raw', import: 'default', eager: true }),
)

it('every queue of wrangler.toml is created before the first deploy, and has a consumer in both environments', () => {
  const queues = (pattern: RegExp) =>
    [...wrangler.matchAll(pattern)].map(([, name = '']) => name).toSorted((a, b) => a.localeCompare(b))
  const names = [...new Set(queues(/(?:queue|dead_letter_queue) = "([\w-]+)"/g))]
  expect(names).toHaveLength(5)
  for (const text of [operating, secrets]) {
    const created = [...text.matchAll(/wrangler queues create ([\w-]+)/g)].map(([, name = '']) => name)
    expect(created.toSorted((a, b) => a.localeCompare(b))).toEqual(names)
  }
  for (const environment of ['', 'env\\.production\\.']) {
    expect(
      queues(new RegExp(`^\\[\\[${environment}queues\\.consumers\\]\\]\\nqueue = "([\\w-]+)"`, 'gm')),
    ).toEqual(names)
  }
})
