import { admin } from '../api/call.ts'
import type { UserEvent } from '../users/users.ts'

/** The two logs, as the admin API exports them: by time, the oldest first, in pages. */

export type AdminEvent = {
  eventId: string
  eventLogDate: string
  adminUserName: string | null
  activityKey: string
  result: 'SUCCESS' | 'FAILURE'
  reasonKey: string
  message: string
  sourceIPAddress: string | null
  targetObject1Id: string | null
  targetObject1Name: string | null
}

export type LogName = 'admin' | 'users'

/** An event of either log in the words of this page. */
export type Entry = {
  id: string
  at: string | null
  what: string
  words: string
  who: string
  whom: string
  userId: string | null
  result: 'good' | 'bad'
  from: string
}

/** What is looked at: times are of the service; all else is of this page, and holds for the export too. */
export type Filter = {
  after: string | undefined
  until: string
  what: string
  result: '' | 'good' | 'bad'
  text: string
}

export const API_PAGE = 100

type Page = { total: number; entries: Entry[] }

/** One page of a log, the oldest of the window first. */
export async function readPage(
  log: LogName,
  filter: Filter,
  page: number,
  signal?: AbortSignal,
): Promise<Page> {
  const query = new URLSearchParams({ pageNumber: String(page), pageSize: String(API_PAGE) })
  if (filter.after !== undefined) query.set('startTimeAfter', filter.after)
  query.set('endTimeOnOrBefore', filter.until)
  const path = log === 'admin' ? '/v1/adminlog/exportlogs' : '/v1/usereventlog/exportlogs'
  const answer = await admin<{
    totalElements: number
    elements?: AdminEvent[]
    userEventLogExportEntries?: UserEvent[]
  }>('GET', `${path}?${String(query)}`, signal ? { signal } : {})
  const { totalElements: total, elements = [], userEventLogExportEntries = [] } = answer
  const entries = log === 'admin' ? elements.map(adminEntry) : userEventLogExportEntries.map(userEntry)
  return { total, entries }
}

function adminEntry(event: AdminEvent): Entry {
  return {
    id: event.eventId,
    at: event.eventLogDate,
    what: event.activityKey,
    // Who it was has a place of its own.
    words: sentence(event.message.replace(/^Admin (?:.*? \(prs_[\w-]+\)|\S+) /, '')),
    who: event.adminUserName ?? 'The service',
    whom: event.targetObject1Name ?? '',
    userId: event.targetObject1Id,
    result: event.result === 'SUCCESS' ? 'good' : 'bad',
    from: event.sourceIPAddress ?? '',
  }
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function userEntry(event: UserEvent): Entry {
  return {
    id: event.eventId ?? event.userActivityId,
    at: event.eventLogDate,
    what: event.eventCode,
    words: event.eventDescription,
    who: '',
    whom: event.userId ?? '',
    userId: event.userId,
    result: event.eventLevel === 'INFO' ? 'good' : 'bad',
    from: event.authenticationDetails ?? '',
  }
}

/** Whether this page hides some of what the service answers, so that pages must be looked through. */
export function isNarrowed({ what, result, text }: Filter): boolean {
  return what !== '' || result !== '' || text.trim() !== ''
}

export function matches(entry: Entry, { what, result, text }: Filter): boolean {
  if (what !== '' && entry.what !== what) return false
  if (result !== '' && entry.result !== result) return false
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return true
  return [entry.words, entry.who, entry.whom, entry.from].some((each) => each.toLowerCase().includes(wanted))
}

/** The names of what may be in a log, for whoever picks one. */
export function activityWords(what: string): string {
  const known = USER_EVENTS[what]
  if (known !== undefined) return known
  const words = what.replaceAll('_', ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const USER_EVENTS: Record<string, string> = {
  '91001': 'Code on its way',
  '91002': 'Code mailed',
  '91003': 'Code not mailed',
  '91004': 'Code found right',
  '91005': 'Code refused',
  '91006': 'Code redeemed',
  '91007': 'Password hook failed',
  '91008': 'Code locked',
  '91009': 'Question asked',
}

export const ACTIVITIES: Record<LogName, readonly string[]> = {
  admin: [
    'GENERATE_PASSWORD_RESET_CODE',
    'GENERATE_ENROLLMENT_CODE',
    'VOID_PASSWORD_RESET_CODE',
    'VOID_ENROLLMENT_CODE',
    'CREATE_USER',
    'UPDATE_USER',
    'CHANGE_USER_ADDRESS',
    'DISABLE_USER',
    'ENABLE_USER',
    'DELETE_USER',
    'MARK_USER_DELETED',
    'RESTORE_USER',
    'ADD_HIGH_RISK_USER',
    'REMOVE_HIGH_RISK_USER',
    'SET_CHALLENGE_ANSWERS',
    'REMOVE_CHALLENGE_ANSWERS',
    'TENANT_UNDER_ATTACK',
    'WEBHOOK_DISABLED',
  ],
  users: Object.keys(USER_EVENTS),
}
