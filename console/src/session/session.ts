import { queryOptions, useQueryClient, useSuspenseQuery, type QueryClient } from '@tanstack/react-query'
import { forgetJobs, forgetJobsOfOthers } from '../bulk/job-store.ts'
import { call, CallError, useSessionInCalls } from '../api/call.ts'

/** Who is signed in, and what they may do. */
export type Session = {
  person: { id: string; name: string; email: string }
  role: 'help-desk' | 'super-admin'
  permissions: readonly string[]
  tenant: { id: string; name: string }
  csrfToken: string
  expiresAt: string
  idleExpiresAt: string
}

const KEY = ['session']

/** Tabs of one browser share a session, and so its end. */
const channel = new BroadcastChannel('rescind-console')

/** The session, or null where nobody is signed in. */
export function sessionQuery(client: QueryClient) {
  return queryOptions({
    queryKey: KEY,
    staleTime: Infinity,
    gcTime: Infinity,
    queryFn: async ({ signal }): Promise<Session | null> => {
      try {
        const session = await call<Session>('GET', '/console/session', { signal })
        useSessionInCalls(session.csrfToken, () => forget(client))
        client.removeQueries({ queryKey: SIGNED_OUT, exact: true })
        await forgetJobsOfOthers(ownerOf(session)).catch(() => {})
        return session
      } catch (error) {
        if (error instanceof CallError && error.status === 401) return null
        throw error
      }
    },
  })
}

/** Whose a job in this browser is. */
export function ownerOf({ tenant, person }: Session): string {
  return `${tenant.id}/${person.id}`
}

/** The session of whoever sees this component: what is inside {@link SignedIn} has one. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery(useQueryClient()))
  if (data === null) throw new Error('Nobody is signed in.')
  return data
}

/** Whether the role of whoever is signed in allows this. */
export function useMay(permission: string): boolean {
  return useSession().permissions.includes(permission)
}

export function useIsSuperAdmin(): boolean {
  return useSession().role === 'super-admin'
}

/** Leaves nothing on the screen or in memory of what a session has shown. */
export function forget(client: QueryClient): void {
  useSessionInCalls('', () => {})
  void client.cancelQueries()
  client.getMutationCache().clear()
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] })
  client.setQueryData(KEY, null)
}

/** Ends the session here, in every other tab, and at the service. */
export async function signOut(client: QueryClient): Promise<void> {
  const { redirectTo } = await call<{ redirectTo: string | null }>('POST', '/console/logout').catch(() => ({
    redirectTo: null,
  }))
  channel.postMessage('signed-out')
  await forgetJobs().catch(() => {})
  client.setQueryData(SIGNED_OUT, redirectTo)
  forget(client)
}

/** After a sign-out: where the person may sign out of the identity provider too, or null. */
export function signedOutQuery() {
  return queryOptions<string | null>({
    queryKey: SIGNED_OUT,
    enabled: false,
    staleTime: Infinity,
    gcTime: Infinity,
  })
}

/** It begins as the session's own key, and so outlasts what is forgotten. */
const SIGNED_OUT = ['session', 'signed-out']

/** Follows sign-outs of other tabs, and does not let a page come back from the browser's own cache. */
export function followSignOuts(client: QueryClient): void {
  channel.addEventListener('message', () => forget(client))
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void client.invalidateQueries({ queryKey: KEY, exact: true })
  })
}
