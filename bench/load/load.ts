import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Order, Report } from './message.ts'

export type Done = Extract<Report, { tag: 'done' }>

/** A process of its own that puts servers under load. */
export class Load {
  readonly #child: ChildProcess = fork(join(import.meta.dirname, 'client.ts'), {
    execArgv: ['--no-warnings'],
  })

  /** @throws {Error} as soon as one answer is not as it must be. */
  async run(order: Order): Promise<Done> {
    const report = await new Promise<Report>((resolve, reject) => {
      this.#child.once('message', resolve)
      this.#child.once('exit', () => reject(new Error('the load process ended')))
      this.#child.send(order)
    })
    this.#child.removeAllListeners()
    if (report.tag === 'failed') throw new Error(report.reason)
    return report
  }

  stop(): void {
    this.#child.removeAllListeners()
    this.#child.kill()
  }
}
