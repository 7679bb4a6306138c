import * as v from 'valibot'
import { HTTPException } from 'hono/http-exception'
import { isAllowedTarget } from '../../hooks/target.ts'
import { EVENT_TYPES } from '../../webhooks/event-type.ts'
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

const pageSchema = v.object({
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,2}$/, `must be 1 to ${PAGE.max}`),
      v.transform(Number),
      v.maxValue(PAGE.max, `must be 1 to ${PAGE.max}`),
    ),
    String(PAGE.standard),
  ),
  cursor: v.optional(v.pipe(v.string(), v.regex(CURSOR, 'must be the nextCursor of a page'))),
})

/** @throws {HTTPException} 400 naming every parameter that is wrong. */
export function readPage(query: Record<string, string>): { limit: number; before: DeliveryKey | undefined } {
  const { limit, cursor = '' } = parseRequest(pageSchema, query)
  const [, queuedAt, log, seq] = CURSOR.exec(cursor) ?? []
  if (queuedAt === undefined) return { limit, before: undefined }
  return { limit, before: { queuedAt: Number(queuedAt), log: log as DeliveryKey['log'], seq: Number(seq) } }
}

export function cursorOf({ queuedAt, log, seq }: DeliveryKey): string {
  return `${queuedAt}_${log}_${seq}`
}
