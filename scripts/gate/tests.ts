import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './command.ts'
import { inspectLog } from './log-leaks.ts'
import { oneResult, type Step } from './step.ts'

/** Lines of passing tests that nobody reads: our log events, and who logged them. */
const NOISE = /^(?:\{"event":|stdout \| |Using secrets defined in|.*Missing required secrets|\s*$)/

/**
 * The tests of a vitest configuration, each counted as one, and what they made the service log:
 * collected into `logs`, for {@link logLeaks}.
 *
 * @param reporters files of reporters of our own.
 */
export function tests(name: string, config: string, logs: string[], reporters: readonly string[] = []): Step {
  return {
    name,
    async run() {
      const folder = mkdtempSync(join(tmpdir(), 'rescind-tests-'))
      const json = join(folder, 'results.json')
      const reporting = ['default', 'json', ...reporters].map((reporter) => `--reporter=${reporter}`)
      const args = ['run', '--config', config, ...reporting, `--outputFile.json=${json}`]
      const { code, output } = await run('vitest', args, printUseful)
      logs.push(output)
      const counts = countTests(json)
      const { passed, skipped } = counts
      // An error outside tests fails no test but the run.
      const failed = counts.failed || (code === 0 ? 0 : 1)
      if (failed === 0) {
        rmSync(folder, { recursive: true })
        return {
          passed,
          failed,
          skipped,
          report: skipped > 0 ? `${passed} tests, ${skipped} skipped` : `${passed} tests`,
        }
      }
      const log = join(folder, 'output.txt')
      writeFileSync(log, output)
      return { passed, failed, skipped, report: `${failed} failed; all that was printed: ${log}` }
    },
  }
}

/** Nothing that the service logged while it was tested says more than it may. */
export function logLeaks(logs: readonly string[]): Step {
  return {
    name: 'the log tells no secret',
    async run() {
      const { events, leaks } = inspectLog(logs.join('\n'))
      // None at all would mean that nothing was inspected.
      return oneResult(events > 0 && leaks.length === 0, [`${events} events`, ...leaks].join('\n'))
    },
  }
}

function printUseful(line: string): void {
  if (!NOISE.test(line)) console.log(`  ${line}`)
}

type Results = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

function countTests(path: string): { passed: number; failed: number; skipped: number } {
  if (!existsSync(path)) return { passed: 0, failed: 0, skipped: 0 }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(path, 'utf8'),
  ) as Results
  // A file that cannot be loaded holds no test that could fail: it counts as one itself.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  const failed = numFailedTests + unloaded.length
  return { passed: numPassedTests, failed, skipped: numPendingTests }
}
