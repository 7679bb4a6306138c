import * as v from 'valibot'
import { HTTPException } from 'hono/http-exception'
import { isAllowedTarget } from '../../hooks/target.ts'
import { EVENT_TYPES, type Log } from '../../webhooks/event-type.ts'
import { eventOfMessageId } from '../../webhooks/message-id.ts'
import type { DeliveryKey, ReplayFrom, WebhookChanges } from '../../webhooks/webhook-store.ts'
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

const TIME_FORM = 'must be a time such as 2026-11-26T12:00:00Z'

const replaySchema = v.union(
  [
    v.strictObject({
      since: v.pipe(v.string(TIME_FORM), v.isoTimestamp(TIME_FORM)),
    }),
    v.strictObject({ eventId: v.string() }),
  ],
  'must be {"since": "<time>"} or {"eventId": "<webhook-id>"}',
)

/** @throws {HTTPException} 400 when it names neither a time nor an event, 404 for no event of this tenant. */
export function readReplay(body: unknown, tenantId: string): ReplayFrom {
  const from = parseRequest(replaySchema, body)
  if ('since' in from) return { since: Date.parse(from.since) }
  const event = eventOfMessageId(tenantId, from.eventId)
  if (event === undefined) throw noSuchEvent()
  return event
}

export function noSuchEvent(): HTTPException {
  return new HTTPException(404, { message: 'The tenant has no such event, or its log has not kept it.' })
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
