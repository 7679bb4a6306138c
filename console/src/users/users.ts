import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { admin, call, CallError } from '../api/call.ts'

/** A user as the admin API has them. */
export type User = {
  id: string
  emailAddress: string
  principalUsername: string
  firstName: string | null
  lastName: string | null
  creationDate: string
  userStatus: 'Enabled' | 'Disabled'
  markDeleted: boolean
  highRiskUser: boolean
}

/** A user among those who were found. */
export type Found = { id: string; name: string; email: string; userName: string; isEnabled: boolean }

type ScimUser = {
  id: string
  userName: string
  displayName?: string
  name?: { givenName?: string; familyName?: string; formatted?: string }
  emails?: { value: string }[]
  active: boolean
}

export const FOUND_MAX = 25

/** Letters that a search needs: fewer would find nearly everybody. */
export const QUERY_LENGTH_MIN = 2

/** Users whose address or name contains this text. The text is sent in a body, and so is in no log of addresses. */
export function findQuery(text: string) {
  const wanted = text.trim()
  return queryOptions({
    queryKey: ['find', wanted],
    enabled: wanted.length >= QUERY_LENGTH_MIN,
    placeholderData: keepPreviousData,
    // A search reads all users, so that many of them in a row are too much: then it waits, and goes on by itself.
    retry: (failures, error) =>
      failures < 5 && error instanceof CallError && [0, 429, 503].includes(error.status),
    retryDelay: (_, error) => (error instanceof CallError ? (error.retryAfterS ?? 1) : 1) * 1000,
    queryFn: async ({ signal }) => {
      const quoted = JSON.stringify(wanted)
      const names = ['emails.value', 'userName', 'displayName', 'name.givenName', 'name.familyName']
      const filter = isAddress(wanted)
        ? `emails.value eq ${quoted}`
        : names.map((name) => `${name} co ${quoted}`).join(' or ')
      const body = {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter,
        count: FOUND_MAX,
        sortBy: isAddress(wanted) ? undefined : 'userName',
      }
      const { totalResults, Resources } = await call<{ totalResults: number; Resources: ScimUser[] }>(
        'POST',
        '/scim/v2/Users/.search',
        { body, type: 'application/scim+json', signal },
      )
      return { total: totalResults, users: Resources.map(foundUser) }
    },
  })
}

function foundUser({ id, userName, displayName, name, emails, active }: ScimUser): Found {
  const full = displayName ?? name?.formatted ?? [name?.givenName, name?.familyName].filter(Boolean).join(' ')
  return { id, name: full || userName, email: emails?.[0]?.value ?? userName, userName, isEnabled: active }
}

/** One whole address, which an index finds. */
function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(text)
}

export function userQuery(id: string) {
  return queryOptions({
    queryKey: ['user', id],
    queryFn: ({ signal }) => admin<User>('POST', `/v1/users/${encodeURIComponent(id)}/sync`, { signal }),
  })
}

export function nameOf({ firstName, lastName, principalUsername }: User): string {
  return [firstName, lastName].filter(Boolean).join(' ') || principalUsername
}

export function setStatus(id: string, userStatus: User['userStatus']): Promise<unknown> {
  return admin('PUT', `/v1/users/${encodeURIComponent(id)}/userStatus`, { body: { userStatus } })
}

export function setHighRisk(id: string, isHighRisk: boolean): Promise<unknown> {
  return admin('PUT', '/v1/users/highrisk', { body: { action: isHighRisk ? 'add' : 'remove', users: [id] } })
}

export function markDeleted(id: string, markDeleted: boolean): Promise<unknown> {
  return admin('PUT', `/v1/users/${encodeURIComponent(id)}/markDeleted`, { body: { markDeleted } })
}

/** An event of a user's codes, as the admin API exports it. */
export type UserEvent = {
  eventId: string | null
  eventLogDate: string | null
  eventLevel: 'INFO' | 'WARN' | 'ERROR'
  eventCode: string
  eventDescription: string
  userId: string | null
  method: string | null
  authenticationDetails: string | null
  userActivityId: string
}

export function historyQuery(id: string) {
  return queryOptions({
    queryKey: ['history', id],
    queryFn: ({ signal }) =>
      admin<UserEvent[]>('GET', `/v1/users/${encodeURIComponent(id)}/authlogs`, { signal }),
  })
}
