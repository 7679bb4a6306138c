import { queryOptions } from '@tanstack/react-query'
import { admin } from '../api/call.ts'
import type { Generated } from '../codes/codes.ts'

/** A code that waits for a second person, as the admin API has it. */
export type Approval = {
  id: string
  userId: string
  target: string
  mode: 'PASSWORD_RESET' | 'ENROLLMENT'
  channel: string
  destination: string | null
  requestedBy: string
  requestedAt: string
  expiresAt: string
  status: string
  decidedBy: string | null
  decidedAt: string | null
}

const POLL_MS = 10_000

/** What can be decided or collected, the oldest first. */
export const approvalsQuery = queryOptions({
  queryKey: ['approvals'],
  refetchInterval: POLL_MS,
  queryFn: async ({ signal }) => {
    const { approvals } = await admin<{ approvals: Approval[] }>('GET', '/v1/approvals', { signal })
    return approvals
  },
})

export function decide(id: string, to: 'approve' | 'decline'): Promise<Approval> {
  return admin('POST', `/v1/approvals/${encodeURIComponent(id)}/${to}`)
}

/** The code itself: it is kept in the component that shows it alone. */
export function collect(id: string): Promise<Generated> {
  return admin('POST', `/v1/approvals/${encodeURIComponent(id)}/collect`)
}
