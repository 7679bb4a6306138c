import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import {
  adminLog,
  userHistory,
  userLog,
  type AdminEvent,
  type LogPage,
  type PageOf,
  type UserEvent,
  type Window,
} from '../../audit/event-log-store.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { ADMIN_ACTIVITIES, SUCCESSES, USER_ACTIVITIES } from './event-codes.ts'
import { pageNumber, pageSize } from './query.ts'
import { requireUser } from './user-record.ts'

const PAGE_SIZE_MAX = 100
/** Events of one user that a call shows. */
const HISTORY_MAX = 100
/** An instant with its offset, as the vendor's clients write it: `2026-11-26T10:00:00.000+01:00`. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/

/** `GET v1/adminlog/exportlogs`: what administrators did. */
export async function exportAdminLog(c: Context<AdminEnv>): Promise<Response> {
  const { window, page } = readQuery(c)
  const found = await adminLog(tenantScopeOf(c), window, page)
  return c.json({ ...pageOf(found, page), elements: found.events.map(adminEntry) })
}

/** `GET v1/usereventlog/exportlogs`: what happened to users' codes. */
export async function exportUserLog(c: Context<AdminEnv>): Promise<Response> {
  const { window, page } = readQuery(c)
  const found = await userLog(tenantScopeOf(c), window, page)
  const { name } = c.get('tenant')
  return c.json({
    ...pageOf(found, page),
    userEventLogExportEntries: found.events.map((event) => userEntry(event, name)),
  })
}

/** `GET v1/users/{id}/authlogs`: the newest events of one user. */
export async function authLogs(c: Context<AdminEnv>): Promise<Response> {
  const { id } = await requireUser(c)
  const events = await userHistory(tenantScopeOf(c), id, HISTORY_MAX)
  return c.json(events.map((event) => userEntry(event, c.get('tenant').name)))
}

function readQuery(c: Context<AdminEnv>): { window: Window; page: PageOf } {
  const window = { after: instant(c, 'startTimeAfter'), until: instant(c, 'endTimeOnOrBefore') }
  if (window.after !== undefined && window.until !== undefined && window.after > window.until) {
    throw new HTTPException(400, { message: 'startTimeAfter must not be later than endTimeOnOrBefore.' })
  }
  return { window, page: { number: pageNumber(c), size: pageSize(c, PAGE_SIZE_MAX) } }
}

/** A `+` in a query is a blank, which real clients mean as the sign of an offset. */
function instant(c: Context<AdminEnv>, name: string): number | undefined {
  const text = c.req.query(name)?.replace(/ (?=\d\d:?\d\d$)/, '+')
  if (text === undefined) return undefined
  const at = INSTANT.test(text) ? Date.parse(text) : NaN
  if (!Number.isNaN(at)) return at
  throw new HTTPException(400, {
    message: `${name} must be a time with its offset, such as 2026-11-26T10:00:00.000+01:00.`,
  })
}

function pageOf({ total }: LogPage<unknown>, { number, size }: PageOf) {
  return { totalPages: Math.ceil(total / size), totalElements: total, pageSize: size, currentPage: number }
}

/** The number is the event's id: no member stands beside the vendor's, since its clients refuse unknown ones. */
function adminEntry(event: AdminEvent) {
  const { seq, loggedAt, action, mode, accessId, personName, result, userId, sourceIp, destination } = event
  // Where a limit refused, no user is named: the target is the limit.
  const [target, limit] = result === 'limited' ? ['', ` Limit: ${event.target}`] : [event.target, '']
  const activity = ADMIN_ACTIVITIES[action] ?? ADMIN_ACTIVITIES[`${action} ${mode}`]
  const named = personName === null ? accessId : `${personName} (${accessId})`
  const who = accessId === '' ? 'The service' : `Admin ${named}`
  const isAbout = action.startsWith('user.') || activity?.isAboutTarget
  const whom = target === '' ? '' : isAbout ? ` (${target})` : ` for ${target}`
  const why = event.reason === null ? '' : ` Reason: ${event.reason}`
  const to = destination === null ? '' : `, to ${destination}`
  return {
    eventId: String(seq),
    eventLogDate: withOffset(loggedAt),
    eventType: 'ADMIN',
    adminUserName: personName ?? (accessId === '' ? null : accessId),
    adminUserRole: null,
    activityKey: activity?.key ?? action,
    activityCode: activity?.code ?? null,
    result: SUCCESSES.has(result) ? 'SUCCESS' : 'FAILURE',
    reasonKey: result,
    message: `${who} ${activity?.words ?? action}${whom}${to}: ${result}.${limit}${why}`,
    sourceIPAddress: sourceIp === '' ? null : sourceIp,
    targetObject1Id: userId,
    targetObject1Name: target === '' ? null : target,
    targetObject1Type: userId === null ? null : 'USER',
    targetObject2Id: null,
    targetObject2Name: null,
    targetObject2Type: null,
  }
}

function userEntry(event: UserEvent, customerName: string) {
  const { seq, loggedAt, lastAt, action, reason, count, networks, channel, destination, userId } = event
  const activity = USER_ACTIVITIES[action]
  const [why, often] = [reason === '' ? '' : ` (${reason})`, count === 1 ? '' : `, ${count} times in an hour`]
  return {
    eventId: seq === null ? null : String(seq),
    eventLogDate: withOffset(loggedAt ?? lastAt),
    eventType: 'USER',
    eventLevel: activity?.level ?? 'INFO',
    eventCategory: 'PASSWORD_RESET',
    serverIPAddress: null,
    tenantId: event.tenantId,
    customerName,
    userId,
    sourceIPAddress: null,
    eventCode: String(activity?.code ?? ''),
    eventDescription: `${activity?.words ?? action}${why}${often}.`,
    application: 'Rescind',
    method: channel,
    deviceName: null,
    deviceId: null,
    policyId: null,
    policyName: null,
    authenticationDetails: networks === null ? destination : `networks ${networks}`,
    assuranceLevel: null,
    verboseFlag: 'false',
    userActivityId: event.id,
    transactionId: event.id,
  }
}

/** `yyyy-MM-dd'T'HH:mm:ss.SSSXXX`, which is written with a Z where the offset is none. */
function withOffset(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
