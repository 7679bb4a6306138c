import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../local/home.ts'
import { oneResult, type Step } from './step.ts'

/** Runs a tool of this repository to its end, without colours, and gives what it printed. */
export async function run(
  tool: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<{ code: number; output: string }> {
  const path = [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
  const quiet = {
    NO_COLOR: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  }
  const child = spawn(tool, args, {
    cwd: ROOT,
    env: { ...process.env, ...quiet, FORCE_COLOR: undefined, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line)
      onLine?.(line)
    })
  }
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(127))
    child.once('close', (code) => resolve(code ?? 1))
  })
  return { code, output: lines.join('\n') }
}

/** A step that passes when a tool exits with 0. */
export function command(name: string, tool: string, ...args: string[]): Step {
  return {
    name,
    async run() {
      const { code, output } = await run(tool, args)
      return oneResult(code === 0, code === 0 ? '' : output)
    },
  }
}
