import type {
  DeliveryLogEvent,
  JobLogEvent,
  LogEvent,
  MaintenanceLogEvent,
  NoticeLostLogEvent,
  WebhookLogEvent,
} from '../../src/log.ts'

/** Every member that an event may have; the compiler holds both lists against the types. */
const REQUEST_MEMBERS: Record<keyof LogEvent | 'event', true> = {
  event: true,
  requestId: true,
  method: true,
  route: true,
  status: true,
  durationMs: true,
  step: true,
  tenantId: true,
  accessId: true,
  outcome: true,
  fault: true,
  limiterDegraded: true,
  clientNamed: true,
  attack: true,
}
const DELIVERY_MEMBERS: Record<keyof DeliveryLogEvent, true> = {
  event: true,
  messageId: true,
  attempts: true,
  kind: true,
  tenantId: true,
  outcome: true,
  reason: true,
  fault: true,
}
const NOTICE_LOST_MEMBERS: Record<keyof NoticeLostLogEvent, true> = {
  event: true,
  requestId: true,
  tenantId: true,
  notice: true,
  fault: true,
}
const MAINTENANCE_MEMBERS: Record<keyof MaintenanceLogEvent, true> = {
  event: true,
  part: true,
  database: true,
  removed: true,
  fault: true,
}
const WEBHOOK_MEMBERS: Record<keyof WebhookLogEvent, true> = {
  event: true,
  tenantId: true,
  webhookId: true,
  outcome: true,
  delivered: true,
  failed: true,
  fault: true,
}
const JOB_MEMBERS: Record<keyof JobLogEvent, true> = {
  event: true,
  tenantId: true,
  jobId: true,
  outcome: true,
  voided: true,
  fault: true,
}
const MEMBERS = new Map<unknown, object>([
  ['request', REQUEST_MEMBERS],
  ['delivery', DELIVERY_MEMBERS],
  ['notice-lost', NOTICE_LOST_MEMBERS],
  ['maintenance', MAINTENANCE_MEMBERS],
  ['webhook', WEBHOOK_MEMBERS],
  ['job', JOB_MEMBERS],
])

/** What must never be in a log, and the name it is reported by: the text itself stays out of the report. */
const SECRETS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['an e-mail address', /@|%40/i],
  ['a token', /eyJ/],
  ['a token of the directory', /rescind_scim_/],
  ['a secret of a webhook', /whsec_/],
  ['a PEM block', /-----BEGIN/],
  ['a query', /\?/],
  ['an IPv4 address', /\b\d{1,3}(?:\.\d{1,3}){3}\b/],
]

const EVENT = /\{"event":".*\}/

/** How many events a process has logged, and what in them should not be there. */
export function inspectLog(output: string): { events: number; leaks: string[] } {
  const lines = output.split('\n').flatMap((line) => EVENT.exec(line)?.[0] ?? [])
  return { events: lines.length, leaks: [...new Set(lines.flatMap(leaksOf))] }
}

function leaksOf(line: string): string[] {
  const event = parse(line)
  const members = MEMBERS.get(event?.['event'])
  if (event === undefined || members === undefined) return ['an event that is not known']
  const strange = Object.keys(event).filter((name) => !Object.hasOwn(members, name))
  const secrets = SECRETS.filter(([, pattern]) => pattern.test(line))
  return [...strange.map((name) => `the member ${name}`), ...secrets.map(([name]) => name)]
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}
