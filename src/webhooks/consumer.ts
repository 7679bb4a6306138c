import { config, databaseBinding } from '../config.ts'
import { Slots } from '../hooks/slots.ts'
import { faultName, writeEvent } from '../log.ts'
import { tenantOfId } from '../tenants/catalogue.ts'
import type { Poke } from './poke.ts'
import { beginRun, endRun, type Rest } from './run-store.ts'
import { FAST_LANE, runWebhook, SLOW_LANE, type RunEnd } from './run.ts'

/** The queues of webhooks: of pokes, and of webhooks that are slow or fail. */
export const WEBHOOKS = 'rescind-webhooks'
export const SLOW_WEBHOOKS = 'rescind-slow-webhooks'

/** Connections that one invocation may have open at once. */
const CONNECTIONS_MAX = 6
/** The longest delay of a message. */
const DELAY_S_MAX = 43_200
/** When a message is tried again that met a fault of ours: what it has leased is free again by then. */
const RETRY_S = 90

/**
 * The consumer of webhooks. Each message stands for itself: a tenant, or a webhook of the slow lane, neither waits nor
 * fails for another. Several pokes for one tenant are one.
 */
export async function consumeWebhooks({ messages }: MessageBatch, env: Env): Promise<void> {
  const slots = new Slots(CONNECTIONS_MAX)
  const byPoke = Map.groupBy(messages, ({ body }) => JSON.stringify(body))
  const handled = [...byPoke].map(async ([text, some]) => {
    // Nobody but this service writes to its queues. A webhook is named in the slow one alone.
    const poke = JSON.parse(text) as Poke
    try {
      await handle(poke, env, slots)
      for (const message of some) message.ack()
    } catch (error) {
      writeEvent({ event: 'webhook', ...poke, outcome: 'fault', fault: faultName(error) })
      for (const message of some) message.retry({ delaySeconds: RETRY_S })
    }
  })
  await Promise.all(handled)
}

async function handle({ tenantId, webhookId }: Poke, env: Env, slots: Slots): Promise<void> {
  const tenant = await tenantOfId(env.DB, tenantId)
  if (tenant === undefined) return
  const db = databaseBinding(env, tenant.database)
  if (db === undefined) throw new Error('the database binding of a tenant is missing')
  const now = Date.now()
  const runId = crypto.randomUUID()
  const run = await beginRun({ db, tenantId, now }, runId, webhookId)
  await tellRest(env, tenantId, now, { wakes: run.wakes, hasMore: run.hasMore && run.leased.length === 0 })
  if (run.leased.length === 0) return
  const { accessIdKeys: keys, isLocalRun } = config(env)
  const lane = webhookId === undefined ? FAST_LANE : SLOW_LANE
  const context = { tenantId, now, lane, slots, keys, isLocalRun }
  const due = Map.groupBy(run.due, (event) => event.webhook_id)
  const ends = await Promise.all(
    run.leased.map((webhook) => runWebhook(context, webhook, due.get(webhook.id) ?? [])),
  )
  const ended = Date.now()
  const calls = ends.flatMap((end) => end.calls)
  const standings = ends.map(({ standing }) => standing)
  const rest = await endRun({ db, tenantId, now: ended }, runId, calls, standings)
  for (const end of ends) logRun(tenantId, end)
  await tellRest(env, tenantId, ended, rest)
}

/** Queues what is left: the tenant again, and webhooks that are called later or from the slow lane. */
async function tellRest(env: Env, tenantId: string, now: number, { wakes, hasMore }: Rest): Promise<void> {
  if (hasMore) await env.WEBHOOKS.send({ tenantId } satisfies Poke)
  const messages = wakes.map(({ id, wake_at: wakeAt }) => ({
    body: { tenantId, webhookId: id } satisfies Poke,
    delaySeconds: Math.min(DELAY_S_MAX, Math.max(0, Math.ceil((wakeAt - now) / 1_000))),
  }))
  if (messages.length > 0) await env.SLOW_WEBHOOKS.sendBatch(messages)
}

function logRun(tenantId: string, { calls, standing }: RunEnd): void {
  const { id: webhookId, failures, disabledAs } = standing
  const delivered = calls.filter(({ endedAs }) => endedAs === 'delivered').length
  const state = failures > 0 ? 'failing' : 'delivered'
  const outcome = disabledAs === null ? state : 'disabled'
  writeEvent({ event: 'webhook', tenantId, webhookId, outcome, delivered, failed: calls.length - delivered })
}
