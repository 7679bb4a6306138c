/**
 * The one event of a request, and the whole list of what may be logged. No URL, since a code may be
 * in its query; no body, address, token or error message, since any of them may quote one.
 */
export type LogEvent = {
  requestId: string
  method: string
  /** The route's pattern, never the path asked for. */
  route: string
  status: number
  durationMs: number
  /** Which step of the request's way answered. */
  step: 'shielded' | 'unauthenticated' | 'forbidden' | 'limited' | 'rejected' | 'handled' | 'failed'
  tenantId?: string
  accessId?: string
  /** The true reason for the answer, which the answer itself does not tell. */
  outcome?: string
  /** Class of an unexpected error, with its SQLite or D1 code where it has one, or that it is the runtime's. */
  fault?: string
  /** Class of the error because of which the fallback decided instead of the tenant's limiter. */
  limiterDegraded?: string
  /** Whether the end user whom a tenant's backend named is believed. */
  clientNamed?: boolean
  /** Heard with this request: an attack on the tenant's codes has begun, or has ended. */
  attack?: 'begun' | 'ended'
}

/** The event of one attempt at a delivery, and all that may be logged of it. */
export type DeliveryLogEvent = {
  event: 'delivery'
  messageId: string
  attempts: number
  kind?: string
  tenantId?: string
  outcome: string
  /** Why nothing was sent, where it was not the mailer that refused. */
  reason?: string
  fault?: string
}

/** The event of a notice that could not be queued, after its request was answered. */
export type NoticeLostLogEvent = {
  event: 'notice-lost'
  requestId: string
  tenantId: string
  notice: string
  fault: string
}

/** The event of one part of a run of the cron trigger. */
export type MaintenanceLogEvent = {
  event: 'maintenance'
  part: 'purge' | 'jobs' | 'logs'
  /** The name of a D1 binding. */
  database: string
  /** Rows that were removed; of jobs, those that were put on their way again. */
  removed: number
  fault?: string
}

/** The event of one run of a webhook, and of what kept one from being made. */
export type WebhookLogEvent = {
  event: 'webhook'
  tenantId: string
  webhookId?: string
  outcome: 'delivered' | 'failing' | 'disabled' | 'fault' | 'poke-lost'
  /** Calls that were answered with 2xx, and all others. */
  delivered?: number
  failed?: number
  fault?: string
}

/** The event of one run of a void that is worked off, and of what kept one from being made. */
export type JobLogEvent = {
  event: 'job'
  tenantId: string
  jobId: string
  outcome: 'running' | 'done' | 'fault' | 'lost'
  /** Codes that this run has voided, or counted. */
  voided?: number
  fault?: string
}

/** Writes one line of JSON. The types of its argument are the allow-list. */
export function writeEvent(
  event:
    | DeliveryLogEvent
    | NoticeLostLogEvent
    | MaintenanceLogEvent
    | WebhookLogEvent
    | JobLogEvent
    | ({ event: 'request' } & LogEvent),
): void {
  console.log(JSON.stringify(event))
}

/**
 * What tells where an error comes from. The runtime words what failed behind a binding as `internal error`,
 * with a reference for Cloudflare alone: so speaks a local D1 whose disk is full.
 */
const ORIGIN = /\b(?:(?:SQLITE|D1)_[A-Z_]+\b|internal error(?=; reference = ))/g

/** Names an error without quoting it: its message may hold an address or a digest. */
export function faultName(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error()
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
  const origins = `${message} ${cause}`.match(ORIGIN) ?? []
  return [name, ...new Set(origins)].join(' ')
}
