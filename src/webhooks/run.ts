import type { Keyring } from '../crypto/keyring.ts'
import type { Slots } from '../hooks/slots.ts'
import { callHook, type Hook } from '../hooks/webhook.ts'
import { messageId } from './message-id.ts'
import type { Call, Due, Leased, Standing } from './run-store.ts'
import { FAILING_MS_MAX, nextAttempt, pausedUntil } from './schedule.ts'
import { openSecret } from './secret.ts'

/** How patient a lane is: how long a call may take, and how long calls of one webhook are begun in a run. */
export type Lane = { isSlow: boolean; deadlineMs: number; budgetMs: number }

/** What all tenants share: it waits for nobody. What takes longer is called again, by the same id, from the slow lane. */
export const FAST_LANE: Lane = { isSlow: false, deadlineMs: 1_000, budgetMs: 1_000 }
export const SLOW_LANE: Lane = { isSlow: true, deadlineMs: 10_000, budgetMs: 5_000 }

/** A call that took longer than this puts its webhook into the slow lane, for so long. */
const SLOW_CALL_MS = 500
const SLOW_MS = 600_000
/** Calls of one webhook at once, once the first has been taken. */
const PARALLEL_MAX = 4

export type RunContext = {
  tenantId: string
  now: number
  lane: Lane
  slots: Slots
  /** What secrets are sealed with. */
  keys: Keyring
  isLocalRun: boolean
}

export type RunEnd = { calls: Call[]; standing: Standing }

/** What came of a call: a status, or why there was none. `late` in the fast lane is no attempt. */
type Answer = { status: string; isDelivered: boolean; isSlow: boolean }

/**
 * Calls one webhook with what is due, until a call fails or its time is over: what is left waits, and no attempt of
 * it is spent.
 */
export async function runWebhook(context: RunContext, webhook: Leased, due: readonly Due[]): Promise<RunEnd> {
  const { lane } = context
  const hook = await hookOf(context, webhook)
  const begun = Date.now()
  // Its log keeps an event for a time only: of one that is gone there is nothing left to tell.
  const waiting = due.filter((event) => event.occurred_at !== null)
  const gone = due.filter((event) => event.occurred_at === null)
  const calls: Call[] = []
  const seen = { isSlow: false, failure: false }
  const callNext = async () => {
    const event = waiting.shift()
    if (event === undefined) return
    const answer = await callWith(context, hook, event)
    seen.isSlow ||= answer.isSlow
    seen.failure ||= !answer.isDelivered
    if (answer.status !== 'late' || lane.isSlow) calls.push(callOf(event, answer))
  }
  const work = async () => {
    while (!seen.failure && waiting.length > 0 && Date.now() - begun < lane.budgetMs) await callNext()
  }
  // One that hangs takes one connection, not all of them.
  await callNext()
  await Promise.all(Array.from({ length: PARALLEL_MAX }, work))
  const standing = standingOf(webhook, calls, seen.isSlow)
  return { calls: [...calls, ...gone.map(givenUp)], standing }
}

async function hookOf({ keys, tenantId, now }: RunContext, webhook: Leased): Promise<Hook | undefined> {
  const [secret, oldSecret] = await Promise.all(
    [webhook.secret, webhook.old_secret_until > now ? webhook.old_secret : null].map((sealed) => {
      return openSecret(keys, tenantId, webhook.id, sealed)
    }),
  )
  return secret === undefined ? undefined : { url: webhook.url, secret, oldSecret }
}

async function callWith(context: RunContext, hook: Hook | undefined, event: Due): Promise<Answer> {
  const { tenantId, lane, slots, isLocalRun } = context
  const { type, log, seq: sequence } = event
  if (hook === undefined) return { status: 'secret-lost', isDelivered: false, isSlow: false }
  const id = messageId(tenantId, event)
  const occurredAt = event.occurred_at ?? 0
  const data = { tenantId, log, sequence, ...(JSON.parse(event.data) as object) }
  return slots.use(async () => {
    const now = Date.now()
    const answer = await callHook({ hook, id, type, data, now, occurredAt }, isLocalRun, lane.deadlineMs)
    const isSlow = answer.tag === 'late' || Date.now() - now > SLOW_CALL_MS
    if (answer.tag !== 'answered') return { status: answer.tag, isDelivered: false, isSlow }
    const { status } = answer
    return { status: String(status), isDelivered: status >= 200 && status < 300, isSlow }
  })
}

function callOf(event: Due, { status, isDelivered }: Answer): Call {
  // From the end of a call that may have taken long.
  const nextAt = isDelivered ? null : nextAttempt(event.attempts + 1, Date.now())
  const endedAs = isDelivered ? 'delivered' : nextAt === null ? 'failed' : null
  return { event, status, nextAt, endedAs }
}

function givenUp(event: Due): Call {
  return { event, status: 'event-removed', nextAt: null, endedAs: 'failed' }
}

/** 410 Gone is how Standard Webhooks says that a webhook is there no more. */
function standingOf(webhook: Leased, calls: readonly Call[], isSlow: boolean): Standing {
  const now = Date.now()
  const { id, failures: before, failing_since: since } = webhook
  const hasDelivered = calls.some(({ endedAs }) => endedAs === 'delivered')
  const hasFailed = calls.some(({ endedAs }) => endedAs !== 'delivered')
  const failures = (hasDelivered ? 0 : before) + (hasFailed ? 1 : 0)
  const failingSince = hasDelivered || failures === 0 ? null : (since ?? now)
  const isLost = hasFailed && failingSince !== null && failingSince <= now - FAILING_MS_MAX
  const isGone = calls.some(({ status }) => status === '410')
  return {
    id,
    failures,
    failingSince,
    pausedUntil: hasFailed ? pausedUntil(failures, now) : 0,
    slowUntil: isSlow ? now + SLOW_MS : null,
    disabledAs: isGone ? 'gone' : isLost ? 'failing' : null,
  }
}
