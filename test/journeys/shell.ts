import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { vi } from 'vitest'

const MARK = '== block done:'
const BLOCK_TIMEOUT_MS = 30_000

/** Whether this machine has the shell. */
export function hasShell(name: string): boolean {
  return spawnSync(name, ['-c', 'true']).status === 0
}

/** An interactive shell with nobody's settings, which blocks are pasted into one after the other. */
export class Shell {
  readonly #child: ChildProcess
  #output = ''

  constructor(name: 'bash' | 'zsh', cwd: string, env: Record<string, string>) {
    const settings = name === 'bash' ? ['--norc', '--noprofile'] : ['-f']
    this.#child = spawn(name, [...settings, '-i', '-s'], {
      cwd,
      env: { ...process.env, NODE_ENV: '', PS1: '', PS2: '', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A session of its own, so that it has no terminal to ask for control of.
      detached: true,
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => (this.#output += String(chunk)))
    }
  }

  /**
   * Pastes a block, and waits for its last command.
   *
   * @param typed what is typed while it runs, for a block that reads a line.
   * @returns what it printed on both streams, and the exit code of its last command.
   */
  async paste(block: string, typed = ''): Promise<{ code: number; output: string }> {
    const start = this.#output.length
    this.#child.stdin?.write(`${block}${typed}printf '\\n${MARK}%s\\n' $?\n`)
    const pattern = new RegExp(`\\n${MARK}(\\d+)\\n`)
    return vi.waitFor(
      () => {
        const output = this.#output.slice(start)
        const done = pattern.exec(output)
        if (done === null) throw new Error(`the block did not end:\n${block}\n${output}`)
        return { code: Number(done[1]), output: output.slice(0, done.index) }
      },
      { timeout: BLOCK_TIMEOUT_MS, interval: 10 },
    )
  }

  close(): void {
    this.#child.stdin?.end('exit\n')
  }
}
