import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../user-error.ts'
import { spawnWrangler } from '../wrangler.ts'
import { DEV_VARS, SCRATCH, STATE } from './home.ts'
import { INBOX_PATH } from './inbox.ts'

/** The Worker with the inbox of local runs around it; what is deployed is `main` of wrangler.toml. */
const ENTRY = 'scripts/local/worker.ts'

/**
 * What wrangler prints besides the log: its line per request, which shows a path that our event leaves out
 * on purpose; mails, which the inbox shows; and, whenever it likes, the table of bindings.
 */
const NOISE =
  /^(?:\s*$|\[wrangler:info\]|(?:From|To|Cc|Bcc|Reply-To|Subject|Text|HTML): |\u2394|Your Worker has access|Binding {2}|env\.\w)/

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 5_000

/** A `wrangler dev` with this service in it. */
export class DevServer {
  readonly #child: ChildProcess
  readonly #inboxUrl: string
  /** Its output until {@link showOutput}; shown earlier only if the start fails. */
  #withheld: string[] | undefined = []
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>

  /** `noteServer` is told the leader of the server's process group as soon as there is one. */
  constructor(port: number, noteServer: (pid: number) => void) {
    const bindings = ['--var', `BASE_URL:http://localhost:${port}`, '--env-file', DEV_VARS]
    const listening = [
      '--port',
      String(port),
      '--inspector-port',
      '0',
      '--show-interactive-dev-session=false',
    ]
    this.#inboxUrl = `http://localhost:${port}${INBOX_PATH}`
    this.#child = spawnWrangler(
      ['dev', ENTRY, '--env', '', '--local', '--persist-to', STATE, ...bindings, ...listening],
      {
        // Where a request comes from is Cloudflare's to say; asking it at every start needs a network.
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        // Mails lie in the folder for temporary files, which everybody may read.
        TMPDIR: SCRATCH,
      },
    )
    if (this.#child.pid !== undefined) noteServer(this.#child.pid)
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code) => resolve(code ?? 1))
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#receive(line))
    }
  }

  /** @throws {UserError} with all that wrangler said, when it ends or takes too long. */
  async started(baseUrl: string): Promise<void> {
    const deadlineAt = Date.now() + START_TIMEOUT_MS
    while (this.#isRunning() && Date.now() < deadlineAt) {
      if (await isHealthy(baseUrl)) return
      await Promise.race([sleep(200), this.ended])
    }
    const output = this.#withheld?.join('\n')
    const fate = this.#isRunning() ? 'did not answer in time' : 'ended while it started'
    throw new UserError(`${output}\n\nwrangler dev ${fate}; what it said is above.`)
  }

  /** From now on, passes on what is logged. */
  showOutput(): void {
    this.#withheld = undefined
  }

  /** Stops wrangler and all that it started: kindly first. */
  async stop(): Promise<void> {
    this.#signalAll('SIGTERM')
    await Promise.race([this.ended, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })])
    this.#signalAll('SIGKILL')
  }

  /** The group is its own: wrangler, esbuild and workerd, and outlives its leader if that is killed. */
  #signalAll(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  #receive(line: string): void {
    if (this.#withheld) this.#withheld.push(line)
    else if (line.startsWith('Subject: ')) console.log(`A mail is in the inbox: ${this.#inboxUrl}`)
    else if (!NOISE.test(line)) console.log(line)
  }
}

async function isHealthy(baseUrl: string): Promise<boolean> {
  const response = await fetch(`${baseUrl}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(
    () => undefined,
  )
  return response?.ok === true
}
