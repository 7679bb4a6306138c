import { describe, expect, it } from 'vitest'
import doc from '../../docs/limits.md?raw'
import config from '../../wrangler.toml?raw'

const sources = import.meta.glob<string>(['../../src/limits/*.ts', '!**/{rate-limit,flood-shield}.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** 1_000, 1,000, 1 / 3 or 1/3 as a number. */
function valueOf(text: string): number {
  const [dividend = '', divisor = '1'] = text.replaceAll(/[_,\s]/g, '').split('/')
  return Number(dividend) / Number(divisor)
}

describe('docs/limits.md', () => {
  it('gives every constant of the leases its value', () => {
    const documented = [...doc.matchAll(/^\| `([A-Z_]+)` +\| ([\d,/]+) +\|/gm)]
    const code = `${Object.values(sources).join('\n')}\n${config}`
    const known = [...code.matchAll(/^(?:const )?([A-Z_]+) = ([\d_ /]+)$/gm)]
    const values = (rows: RegExpMatchArray[]) =>
      Object.fromEntries(rows.map(([, name = '', value = '']) => [name, valueOf(value)]))
    expect(documented.length).toBeGreaterThan(0)
    expect(values(documented)).toEqual(values(known))
  })
})

describe('wrangler.toml', () => {
  it('L3, L5: gives the ratelimit bindings the windows that docs/limits.md and Retry-After tell', () => {
    const bindings = [...config.matchAll(/ratelimits\]\]\nname = "(\w+)"\n.*\nsimple = (\{.*\})/g)]
    const local = [
      ['FLOOD_SHIELD', '{ limit = 1000, period = 10 }'],
      ['FALLBACK_LIMITER', '{ limit = 100, period = 10 }'],
    ]
    // For local runs, and for each Worker of production.
    expect(bindings.map(([, name, simple]) => [name, simple])).toEqual([
      ...local,
      ...local,
      ...local,
      ...local,
    ])
  })
})
