import * as v from 'valibot'
import { HTTPException } from 'hono/http-exception'
import { isAllowedTarget } from '../../hooks/target.ts'
import { isRecord } from '../../record.ts'
import { EVENT_TYPES, type Log } from '../../webhooks/event-type.ts'
import type { DeliveryKey, WebhookChanges } from '../../webhooks/webhook-store.ts'
import { parseRequest } from './request.ts'

/** What the operator sends about webhooks. */

const URL_LENGTH_MAX = 2_048
const PAGE = { standard: 100, max: 500 }

const URL_FORM = 'must be an HTTPS URL of a public host name, without user, password or fragment'

const webhookSchema = (isLocalRun: boolean) =>
  v.strictObject(
    {
      url: v.pipe(
        v.string(URL_FORM),
        v.maxLength(URL_LENGTH_MAX, URL_FORM),
        v.check((url) => isGoodUrl(url, isLocalRun), URL_FORM),
      ),
      events: v.optional(
        v.pipe(
          v.array(
            v.picklist(EVENT_TYPES, `must be one of: ${EVENT_TYPES.join(', ')}`),
            'must be a list of types',
          ),
          v.minLength(1, 'must hold a type'),
          v.transform((events) => [...new Set(events)]),
        ),
      ),
      description: v.optional(
        v.pipe(
          v.string('must be a string'),
          v.regex(/^[^\p{Cc}]{0,255}$/u, 'must be 255 characters at most'),
        ),
        '',
      ),
      enabled: v.optional(v.boolean('must be true or false'), true),
    },
    'must be an object with url, events, description and enabled',
  )

function isGoodUrl(text: string, isLocalRun: boolean): boolean {
  if (!URL.canParse(text)) return false
  const { username, password, hash } = new URL(text)
  return username === '' && password === '' && hash === '' && isAllowedTarget(text, isLocalRun)
}

/**
 * A webhook as the operator sends it; without `events`, for all.
 *
 * @throws {HTTPException} 400 naming every member that is wrong.
 */
export function readWebhook(body: unknown, isLocalRun: boolean): WebhookChanges {
  const { events = null, ...webhook } = parseRequest(webhookSchema(isLocalRun), body)
  return { events, ...webhook }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/

/** @throws {HTTPException} 400 when it names neither a time, epoch ms, nor the id of an event. */
export function readReplay(body: unknown): { since: number } | { eventId: string } {
  const { since, eventId, ...others } = isRecord(body) ? body : {}
  if (Object.keys(others).length === 0) {
    const at = typeof since === 'string' && TIME.test(since) ? Date.parse(since) : NaN
    if (!Number.isNaN(at) && eventId === undefined) return { since: at }
    if (since === undefined && typeof eventId === 'string') return { eventId }
  }
  throw new HTTPException(400, {
    message: 'The body must be {"since": "2026-11-26T12:00:00Z"} or {"eventId": "<a webhook-id>"}.',
  })
}

const CURSOR = /^(\d{1,15})_(admin|user)_(\d{1,15})$/

/** @throws {HTTPException} 400 when a parameter is wrong. */
export function readPage({ limit: text = String(PAGE.standard), cursor }: Record<string, string>) {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  const [, queuedAt, log, seq] = CURSOR.exec(cursor ?? '') ?? []
  if (limit < 1 || limit > PAGE.max || (cursor !== undefined && queuedAt === undefined)) {
    throw new HTTPException(400, {
      message: `limit must be 1 to ${PAGE.max}, and cursor the nextCursor of a page.`,
    })
  }
  const before = { queued_at: Number(queuedAt), log: log as Log, seq: Number(seq) }
  return { limit, before: cursor === undefined ? undefined : before }
}

export function cursorOf({ queued_at: queuedAt, log, seq }: DeliveryKey): string {
  return `${queuedAt}_${log}_${seq}`
}
