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
export type Found = { id: string; name: string; email: string; isEnabled: boolean; isHighRisk?: boolean }

type ScimUser = {
  id: string
  userName: string
  displayName?: string
  name?: { givenName?: string; familyName?: string; formatted?: string }
  emails?: { value: string }[]
  active: boolean
}

/** Letters that a search needs: fewer would find nearly everybody. */
export const QUERY_LENGTH_MIN = 2

export const FOUND_MAX = 25

/** Users of whom an address or a name begins with this text. It is sent in a body, and so is in no log of addresses. */
export function findQuery(text: string) {
  const wanted = text.trim()
  return queryOptions({
    queryKey: ['find', wanted],
    enabled: wanted.length >= QUERY_LENGTH_MIN,
    placeholderData: keepPreviousData,
    ...PATIENT,
    queryFn: async ({ signal }) => {
      const body = { text: wanted }
      return (await call<{ users: Found[] }>('POST', '/console/users/find', { body, signal })).users
    },
  })
}

/** The same for a text in the middle, which reads through all users: it is asked for by a button. */
export function searchQuery(text: string) {
  const wanted = text.trim()
  return queryOptions({
    queryKey: ['search', wanted],
    enabled: wanted.length >= QUERY_LENGTH_MIN,
    ...PATIENT,
    queryFn: async ({ signal }) => {
      const quoted = JSON.stringify(wanted)
      const names = ['emails.value', 'userName', 'displayName', 'name.givenName', 'name.familyName']
      const body = {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter: names.map((name) => `${name} co ${quoted}`).join(' or '),
        count: FOUND_MAX,
        sortBy: 'userName',
      }
      const { Resources } = await call<{ Resources: ScimUser[] }>('POST', '/scim/v2/Users/.search', {
        body,
        type: 'application/scim+json',
        signal,
      })
      return Resources.map(foundUser)
    },
  })
}

/** Too many searches in a row wait, and go on by themselves. */
const PATIENT = {
  retry: (failures: number, error: Error) =>
    failures < 5 && error instanceof CallError && [0, 429, 503].includes(error.status),
  retryDelay: (_: number, error: Error) => (error instanceof CallError ? (error.retryAfterS ?? 1) : 1) * 1000,
}

function foundUser({ id, userName, displayName, name, emails, active }: ScimUser): Found {
  const full = displayName ?? name?.formatted ?? [name?.givenName, name?.familyName].filter(Boolean).join(' ')
  return { id, name: full || userName, email: emails?.[0]?.value ?? userName, isEnabled: active }
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
