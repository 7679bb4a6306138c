import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Miniflare } from 'miniflare'
import { chromium } from 'playwright-core'
import { rolldown } from 'rolldown'
import { findChromium } from '../../scripts/gate/chromium.ts'
import type { Situation } from './checks.ts'

/** Runs the checks somewhere, and gives what went wrong with each. */
export type Run = (situation: Situation) => Promise<Record<string, string>>

/** Without any flag for Node: the client needs none. */
const COMPATIBILITY_DATE = '2026-01-01'

const ROOT = resolve(import.meta.dirname, '../..')

/** The checks as one module that imports nothing, with what is published of the client in it. */
export async function bundledChecks(): Promise<string> {
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'checks.ts'),
    platform: 'neutral',
    resolve: { alias: { '@rescind/client': join(ROOT, 'sdk', 'dist', 'index.js') } },
  })
  const { output } = await bundle.generate({ format: 'esm' })
  return output[0].code
}

export function inNode(program: string): Run {
  return async (situation) => {
    const folder = mkdtempSync(join(tmpdir(), 'rescind-sdk-'))
    try {
      writeFileSync(join(folder, 'checks.mjs'), await bundledChecks())
      const script = `
        import { text } from 'node:stream/consumers'
        import { runChecks } from './checks.mjs'
        process.stdout.write(JSON.stringify(await runChecks(JSON.parse(await text(process.stdin)))))`
      writeFileSync(join(folder, 'run.mjs'), script)
      const child = spawn(program, ['run.mjs'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
      child.stdin.end(JSON.stringify(situation))
      return JSON.parse(await text(child.stdout)) as Record<string, string>
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

export const inWorkerd: Run = async (situation) => {
  const worker = `
    import { runChecks } from './checks.js'
    export default {
      async fetch(request) { return Response.json(await runChecks(await request.json())) },
    }`
  const miniflare = new Miniflare({
    enableDevRegistry: false,
    workers: [
      {
        config: {
          name: 'checks',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: {
            mainModule: 'worker.js',
            modulesRoot: import.meta.dirname,
            modules: {
              'worker.js': { type: 'esm', contents: worker },
              'checks.js': { type: 'esm', contents: await bundledChecks() },
            },
          },
        },
      },
    ],
  })
  try {
    const body = JSON.stringify(situation)
    const response = await miniflare.dispatchFetch('http://worker/', { method: 'POST', body })
    return (await response.json()) as Record<string, string>
  } finally {
    await miniflare.dispose()
  }
}

/**
 * In a container, Chromium's own sandbox cannot be set up. And the page seems to come from the internet, from where
 * Chromium lets nobody call this machine: as if the service were here alone.
 */
const CHROMIUM_ARGUMENTS = ['--no-sandbox', '--disable-features=LocalNetworkAccessChecks']

/** The page and the checks are handed out here; all else goes to the service. */
export function inChromium(origin: (situation: Situation) => string, entry: string): Run {
  return async (situation) => {
    const browser = await chromium.launch({ executablePath: findChromium() ?? '', args: CHROMIUM_ARGUMENTS })
    try {
      const page = await browser.newPage()
      const checks = await bundledChecks()
      await page.route('**/sdk-checks.*', (route) =>
        route.request().url().endsWith('.mjs')
          ? route.fulfill({ contentType: 'text/javascript', body: checks })
          : route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Checks</title>' }),
      )
      await page.goto(`${origin(situation)}/sdk-checks.html`)
      const script = `import('/sdk-checks.mjs').then((checks) => checks.${entry}(${JSON.stringify(situation)}))`
      return await page.evaluate<Record<string, string>>(script)
    } finally {
      await browser.close()
    }
  }
}
