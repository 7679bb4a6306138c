import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../rounds.ts'
import { addUsers, migrate } from '../seed.ts'
import { bundleWorker, readBundle } from './bundle.ts'
import { consumers, makeTenant, POLICY, startRescind } from './rescind.ts'
import { COMPATIBILITY_DATE, type Server } from './server.ts'

/** A mailer that only counts: see {@link mailsOf}. */
export const COUNTED = { from: 'reset@bench.example' }

/**
 * Starts a Rescind whose queues are consumed, with a Worker for a mailer that counts the mails.
 *
 * @param mail how its tenant mails.
 */
export async function startMailing(
  users: number,
  mail: object = COUNTED,
): Promise<Server & { token: string }> {
  const { folder } = await bundleWorker(['--env', ''])
  const counter = await bundleWorker(['--config', 'bench/mail/wrangler.toml'])
  const server = await startRescind({
    name: 'rescind',
    bundle: folder,
    config: {
      env: { EMAIL: { type: 'worker', worker: 'mail', exportName: 'MailSink' } },
      triggers: consumers(),
    },
    others: [
      {
        config: {
          name: 'mail',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: readBundle(counter.folder),
          exports: { MailSink: { type: 'worker' } },
        },
        dev: { unsafeDirectSockets: [{}] },
      },
    ],
  })
  await migrate(server.db)
  const { token } = await makeTenant(server, { ...POLICY, mail })
  await addUsers(server.db, users)
  return { ...server, token }
}

/** A round of sends has ended when all its codes have been issued and handed to the mailer. */
export async function mailsOf(server: Server): Promise<Pick<Contender, 'after'>> {
  const url = await server.urlOf('mail')
  const mails = async () => Number(await (await fetch(url)).text())
  let before = await mails()
  return {
    async after(answers) {
      const deadlineAt = Date.now() + 30_000
      while ((await mails()) < before + answers) {
        if (Date.now() > deadlineAt)
          throw new Error(`${(await mails()) - before} of ${answers} codes were mailed`)
        await sleep(10)
      }
      before += answers
    },
  }
}
