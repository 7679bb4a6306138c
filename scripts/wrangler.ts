import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './local/home.ts'
import { NEW_SECRETS } from './local/local-secrets.ts'

type Variables = Record<string, string | undefined>

/** Without its launcher, which would stand between us and the process that we stop. */
const WRANGLER = join(ROOT, 'node_modules/wrangler/wrangler-dist/cli.js')

/**
 * Starts wrangler, without a terminal and without asking anything, in a process group of its own, so
 * that it is stopped by us alone and never by the terminal behind our back.
 */
export function spawnWrangler(args: readonly string[], env: Variables = {}): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...inherited(), ...env } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

/** Runs wrangler to its end. */
export async function runWrangler(args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawnWrangler(args)
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  return { code, output }
}

function inherited(): Variables {
  const env: Variables = {
    ...process.env,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    // Its debug log and its local traces keep whole URLs, and a reset code may be in one.
    WRANGLER_WRITE_LOGS: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
  }
  // wrangler would let these win over the service's own.
  const ours = [...Object.keys(NEW_SECRETS), 'BASE_URL', 'OPERATOR_PUBLIC_JWK', 'CLOUDFLARE_ENV']
  for (const name of ours) delete env[name]
  return env
}
