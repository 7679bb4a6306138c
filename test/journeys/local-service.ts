import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { InboxMail } from '../../scripts/local/inbox.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const START_TIMEOUT_MS = 90_000

/** `npm start` with a home of its own, as somebody with a fresh clone meets it. */
export class LocalService {
  readonly home = mkdtempSync(join(tmpdir(), 'rescind-journey-'))
  /** All that was printed, over all starts. */
  output = ''
  port = 0
  #child: ChildProcess | undefined

  get url(): string {
    return `http://localhost:${this.port}`
  }

  /** The process of `npm start`. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  keyFile(name: string): string {
    return join(this.home, '.rescind', name)
  }

  /** Starts on a port that was free a moment ago, and waits for the banner. */
  async start({ port }: { port?: number } = {}): Promise<void> {
    this.port = port ?? (await freePort())
    const child = npm(['start'], { PORT: String(this.port), RESCIND_HOME: this.home })
    this.#child = child
    const start = this.output.length
    const isReady = () => this.output.slice(start).includes('Rescind runs on')
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`${what}:\n${this.output.slice(start)}`))
      const timer = setTimeout(() => fail('npm start took too long'), START_TIMEOUT_MS)
      const receive = (chunk: Buffer) => {
        this.output += String(chunk)
        if (!isReady()) return
        clearTimeout(timer)
        resolve()
      }
      child.stdout?.on('data', receive)
      child.stderr?.on('data', receive)
      child.once('exit', (code) => fail(`npm start ended with ${code}`))
    })
  }

  /** @returns the exit code of `npm start`, told to stop as a terminal or a supervisor tells it. */
  async stop(): Promise<number | null> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await exited) as [number | null]
    return code
  }

  /** The mails sent since the start, newest first, as its inbox has them. */
  async mails(): Promise<InboxMail[]> {
    const response = await fetch(`${this.url}/dev/mail.json`)
    return (await response.json<{ mails: InboxMail[] }>()).mails
  }

  /** Who holds the home, as the service itself wrote down. */
  holder(): { pid: number; port: number; server: { pid: number } } {
    return JSON.parse(readFileSync(this.keyFile('running.json'), 'utf8'))
  }

  /** Kills `npm start` and nothing that it started, as an impatient user or the system does. */
  async kill(): Promise<void> {
    const ended = this.#child && once(this.#child, 'exit')
    process.kill(this.holder().pid, 'SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.home, { recursive: true, force: true })
  }
}

/** Runs a start that is to fail, to its end. */
export async function runStart(home: string, port: string): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await runToEnd(npm(['start'], { PORT: port, RESCIND_HOME: home }))
  return { code, output: stdout + stderr }
}

/** Runs a script of package.json to its end, with the home that key files are in. */
export async function runNpm(home: string, name: string, ...args: string[]): Promise<Ended> {
  return runToEnd(npm(['run', '--silent', name, '--', ...args], { RESCIND_HOME: home }))
}

/** The same without npm, which takes longer than most scripts. */
export async function runScript(home: string, name: string, ...args: string[]): Promise<Ended> {
  return runNode([`scripts/${name}.ts`, ...args], { RESCIND_HOME: home })
}

/** Runs Node in the root of the repository. */
export async function runNode(args: string[], env: Record<string, string>): Promise<Ended> {
  return runToEnd(
    spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}

/** Runs the token script to its end, as the quick start does. */
export async function runToken(...args: string[]): Promise<Ended> {
  return runNpm('', 'token', ...args)
}

/** Runs lines as they are pasted into a shell. */
export async function runShell(shell: string, lines: string): Promise<Ended> {
  // A file, since npm would read what follows from a standard input that it shared.
  return runToEnd(spawn(shell, ['-c', lines], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] }))
}

type Ended = { code: number; stdout: string; stderr: string }

async function runToEnd(child: ChildProcess): Promise<Ended> {
  const result = { code: 1, stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (result.stdout += String(chunk)))
  child.stderr?.on('data', (chunk) => (result.stderr += String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { ...result, code: code ?? 1 }
}

/** The token that the script prints for a key file. */
export async function tokenOf(keyFile: string): Promise<string> {
  const { code, stdout, stderr } = await runScript('', 'token', keyFile)
  if (code !== 0) throw new Error(stderr)
  return stdout.trim()
}

function npm(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn('npm', args, {
    cwd: ROOT,
    // NODE_ENV is the test runner's, and would reach wrangler.
    env: { ...process.env, NODE_ENV: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
