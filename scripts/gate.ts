import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { deployDryRun, startupCpu } from './gate/bundle.ts'
import { CHROMIUM_ADVICE, findChromium } from './gate/chromium.ts'
import { clientBuild } from './gate/client.ts'
import { command } from './gate/command.ts'
import { consoleSize } from './gate/console.ts'
import { everythingWasSeen } from './gate/contract.ts'
import { migrationsDrift, migrationsKeepTables, triggersOnOneLine } from './gate/migrations.ts'
import { nodeAdvice } from './gate/node.ts'
import { oneResult, type Step } from './gate/step.ts'
import { logLeaks, tests } from './gate/tests.ts'
import { ROOT } from './local/home.ts'

/** `npm test`: everything that a change must pass. Every step runs, whatever became of the others. */

const logs: string[] = []

const steps: readonly Step[] = [
  command('format', 'oxfmt', '--check'),
  command('lint', 'oxlint'),
  command('types', 'tsc', '--noEmit'),
  command('types of the console', 'tsc', '--noEmit', '--project', 'console'),
  command('types of the bindings are fresh', 'npm', 'run', '--silent', 'types', '--', '--check'),
  migrationsDrift,
  migrationsKeepTables,
  triggersOnOneLine,
  command('nothing unused', 'knip'),
  command('openapi.json can be made', 'npm', 'run', '--silent', 'openapi'),
  command(
    'openapi.json is sound',
    'redocly',
    'lint',
    'public/docs/openapi.json',
    '--config=scripts/openapi/redocly.yaml',
  ),
  command('types of the client are fresh', 'npm', 'run', '--silent', 'types', '-w', 'sdk', '--', '--check'),
  clientBuild,
  command('the console can be built', 'npm', 'run', '--silent', 'console'),
  consoleSize,
  tests('tests in workerd', 'vitest.config.ts', logs, ['./scripts/gate/contract-reporter.ts']),
  everythingWasSeen,
  tests('journeys against npm start', 'vitest.journeys.config.ts', logs),
  tests('reset pages in Chromium', 'vitest.browser.config.ts', logs),
  tests('the client on Node, workerd and Chromium', 'vitest.sdk.config.ts', logs),
  logLeaks(logs),
  deployDryRun('production', 'src/index.ts'),
  deployDryRun('production-control', 'src/control.ts'),
  deployDryRun('production-background', 'src/background.ts'),
  startupCpu('production'),
  startupCpu('production-control'),
  startupCpu('production-background'),
]

const startedAt = Date.now()
const total = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []
mkdirSync(join(ROOT, '.wrangler'), { recursive: true })

for (const step of steps) {
  const stepAt = Date.now()
  console.log(`\n> ${step.name}`)
  const {
    passed,
    failed,
    skipped = 0,
    report,
  } = await step.run().catch((error: unknown) => oneResult(false, String(error)))
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
  if (failed > 0) failures.push(step.name)
  if (report !== '') console.log(report.replace(/^/gm, '  '))
  console.log(`  ${failed === 0 ? 'ok' : 'FAILED'} (${seconds(stepAt)} s)`)
}

if (total.skipped > 0) {
  const advice = [...(findChromium() === undefined ? [CHROMIUM_ADVICE] : []), ...nodeAdvice()]
  console.log(`\n${advice.join('\n')}`)
}
if (failures.length > 0) console.log(`\nFailed: ${failures.join('; ')}`)
console.log(`\n${seconds(startedAt)} s`)
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed === 0 ? 0 : 1

function seconds(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1000).toFixed(1)
}
