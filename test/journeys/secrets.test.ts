import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runScript } from './local-service.ts'

let home = ''

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rescind-secrets-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const file = (name: string) => join(home, '.rescind', name)

describe('npm run secrets', () => {
  it('warns while BASE_URL of production is another', async () => {
    const { code, stdout, stderr } = await runScript(home, 'secrets', 'https://reset.acme.test')
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /Warning: BASE_URL of production in wrangler\.toml is https:\/\/reset\.example\.com/,
    )
    expect(stderr).toContain('BASE_URL = "https://reset.acme.test"')
    expect(JSON.parse(readFileSync(file('production-operator.key'), 'utf8'))).toMatchObject({
      baseUrl: 'https://reset.acme.test',
    })
    const { PEPPERS } = JSON.parse(readFileSync(file('production.secrets.json'), 'utf8')) as {
      PEPPERS: string
    }
    expect(stdout + stderr).not.toContain(PEPPERS.split(':')[1])
    for (const name of ['production-operator.key', 'production.secrets.json']) {
      expect(statSync(file(name)).mode & 0o777).toBe(0o600)
    }
  })

  it('does not warn when both are the same, and overwrites nothing', async () => {
    const { code, stderr } = await runScript(home, 'secrets', 'https://reset.example.com/')
    expect([code, stderr]).toEqual([0, ''])
    const before = readFileSync(file('production.secrets.json'), 'utf8')
    const again = await runScript(home, 'secrets', 'https://reset.example.com')
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/is there already, and is never/)])
    expect(readFileSync(file('production.secrets.json'), 'utf8')).toBe(before)
  })
})
