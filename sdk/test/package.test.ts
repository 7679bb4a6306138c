import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { codeBlocks, tables } from '../../test/docs/markdown.ts'
import { findNode, NODE_MAJORS } from '../../scripts/gate/node.ts'

/** What is published, as somebody meets it who has nothing but an empty folder. */

const ROOT = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'rescind-package-'))
const README = readFileSync(join(ROOT, 'sdk', 'README.md'), 'utf8')
const EXAMPLES = codeBlocks(README, 'js')

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

let files: string[] = []

beforeAll(() => {
  const to = ['--pack-destination', folder, '--json']
  const [packed] = JSON.parse(npm(join(ROOT, 'sdk'), 'pack', '--ignore-scripts', ...to)) as [
    { filename: string; files: { path: string }[] },
  ]
  files = packed.files.map(({ path }) => path)
  // Its one dependency, as it is in this repository: a registry need not be in reach.
  npm(join(ROOT, 'node_modules', 'jose'), 'pack', '--ignore-scripts', ...to)
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  expect(tarballs).toHaveLength(2)
  npm(folder, 'init', '--yes')
  npm(folder, 'install', '--offline', '--no-audit', '--no-fund', ...tarballs.map((name) => `./${name}`))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the package', () => {
  it('holds the module, its types, what to read, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']),
    )
    const strange = files.filter((path) => !/^(?:LICENSE|README\.md|package\.json|dist\/[\w.-]+)$/.test(path))
    expect(strange).toEqual([])
    const [ours, theirs] = [join(ROOT, 'LICENSE'), join(folder, 'node_modules/@rescind/client/LICENSE')]
    expect(readFileSync(theirs, 'utf8')).toBe(readFileSync(ours, 'utf8'))
  })

  it('needs jose alone', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'sdk', 'package.json'), 'utf8'))
    expect(Object.keys(dependencies)).toEqual(['jose'])
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@rescind',
      'jose',
    ])
  })
})

describe.each(NODE_MAJORS)('the example of the README on Node %i', (major) => {
  const program = findNode(major)

  it.skipIf(program === undefined)('runs in an empty folder', () => {
    writeFileSync(join(folder, 'example.mjs'), EXAMPLES[0] ?? '')
    copyFileSync(join(inject('home'), '.rescind', 'demo.key'), join(folder, 'demo.key'))
    const env = { RESCIND_URL: inject('situations')['unit']?.issuer, RESCIND_KEY: 'demo.key' }
    const { status, stdout, stderr } = spawnSync(program ?? '', ['example.mjs'], {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.trim().split('\n')).toEqual([
      'user1@example.com shown',
      'user2@example.com shown',
      'nobody@example.com refused',
      'valid user1@example.com',
      'a grant for string true',
      'user1@example.com nothing-to-void',
      'user2@example.com voided',
      'refused 401',
    ])
  })
})

describe('its types', () => {
  const USE = `
    import { Rescind, RescindError, verifyWebhook, type GenerateResult, type VoidResult } from '@rescind/client'
    const rescind = new Rescind({ baseUrl: 'https://reset.example.com' })
    const word = async (emails: Set<string>): Promise<string> => {
      for await (const result of rescind.codes.generate(emails, { sendTo: 'EMAIL' })) {
        switch (result.outcome) {
          case 'shown': return result.code
          case 'mailed': return result.expiresAt.toISOString()
          case 'refused': return result.message
          case 'failed': return result.error.requestId ?? ''
        }
      }
      const voided: VoidResult[] = await rescind.codes.void([...emails])
      const asked = await rescind.codes.redeem('', '')
      if (asked.outcome === 'question') return asked.question.ChallengeCode
      return asked.resetGrant + voided.length
    }
    export const event = verifyWebhook('', {}, ['']).then(({ type }) => type === 'code.redeemed')
    export { word, RescindError, type GenerateResult }
  `
  const options = ['--strict', '--noEmit', '--target', 'es2022', '--exactOptionalPropertyTypes']
  const compile = (compiler: string, resolution: string[], text: string) => {
    writeFileSync(join(folder, 'use.mts'), text)
    return spawnSync(join(ROOT, compiler), [...options, ...resolution, 'use.mts'], {
      cwd: folder,
      encoding: 'utf8',
    })
  }
  const COMPILERS = ['node_modules/.bin/tsc', 'sdk/node_modules/.bin/tsc']
  const RESOLUTIONS = [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]

  it.each(COMPILERS.flatMap((compiler) => RESOLUTIONS.map((each) => [compiler, each] as const)))(
    'hold with %s %j',
    (compiler, resolution) => {
      const { status, stdout } = compile(compiler, resolution, USE)
      expect([status, stdout]).toEqual([0, ''])
    },
  )

  it('refuse a code where there may be none', () => {
    const careless = USE.replace(
      "case 'mailed': return result.expiresAt.toISOString()",
      "case 'mailed': return result.code",
    )
    const { status, stdout } = compile('node_modules/.bin/tsc', ['--module', 'nodenext'], careless)
    expect(status).not.toBe(0)
    expect(stdout).toContain("Property 'code' does not exist")
  })
})

it('its README names every error', async () => {
  const client: Record<string, unknown> = await import('@rescind/client')
  const errors = Object.keys(client).filter((name) => name.endsWith('Error') && name !== 'RescindError')
  const rows = tables(README).find((table) => table[0]?.[0] === 'Class') ?? []
  const named = rows.slice(1).map(([name = '']) => name.replaceAll('`', ''))
  expect(new Set(named)).toEqual(new Set(errors))
})
