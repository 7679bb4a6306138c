import { idsWithWebhooks } from '../tenants/tenant-store.ts'
import type { Poke } from './poke.ts'

/** Tenants that one run of the cron trigger pokes, and messages of one call; the others are for the next runs. */
const TENANTS_MAX = 2_000
const MESSAGES_MAX = 100

/** Pokes every tenant that has webhooks: for what has happened and was not told, and messages that were lost. */
export async function sweepWebhooks(db: D1Database, queue: Queue, turn: number): Promise<void> {
  const ids = await idsWithWebhooks(db, turn, TENANTS_MAX)
  for (let start = 0; start < ids.length; start += MESSAGES_MAX) {
    const some = ids.slice(start, start + MESSAGES_MAX)
    await queue.sendBatch(some.map((tenantId) => ({ body: { tenantId } satisfies Poke })))
  }
}
