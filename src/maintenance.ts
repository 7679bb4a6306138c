import { databaseBinding } from './config.ts'
import { faultName, writeEvent } from './log.ts'
import { purge } from './users/purge-store.ts'

/** What the cron trigger does: in each database, what is kept for a time is removed when it is over. */
export async function maintain(controller: ScheduledController, env: Env): Promise<void> {
  const failed: string[] = []
  for (const name of Object.keys(env)) {
    const db = databaseBinding(env, name)
    if (db === undefined) continue
    try {
      writeEvent({ event: 'purge', database: name, removed: await purge(db, controller.scheduledTime) })
    } catch (error) {
      // The other databases have theirs removed all the same.
      failed.push(name)
      writeEvent({ event: 'purge', database: name, removed: 0, fault: faultName(error) })
    }
  }
  if (failed.length > 0) throw new Error('a database could not be purged')
}
