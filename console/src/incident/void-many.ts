import { queryOptions } from '@tanstack/react-query'
import { admin } from '../api/call.ts'

/** What is to be voided: everything, or what somebody issued, in a time, or both. */
export type VoidRequest = {
  scope?: 'all'
  issuedBy?: string
  since?: string
  until?: string
  mode?: 'PASSWORD_RESET' | 'ENROLLMENT'
  dryRun?: boolean
}

/** Everything, which is void when this is answered. */
export type VoidedAll = { scope: 'all'; voidedAt: string }

export type VoidJob = {
  jobId: string
  dryRun: boolean
  state: 'running' | 'done'
  done: number
  total: number
  voided: number
  inUse: number
  createdAt: string
  endedAt?: string
}

const POLL_MS = 1000

export function beginVoid(request: VoidRequest, idempotencyKey?: string): Promise<VoidedAll | VoidJob> {
  return admin('POST', '/v1/codes/void', { body: request, ...(idempotencyKey && { idempotencyKey }) })
}

/** How far it is, until it is done. */
export function voidJobQuery(jobId: string) {
  return queryOptions({
    queryKey: ['void', jobId],
    queryFn: ({ signal }) => admin<VoidJob>('GET', `/v1/codes/void/${encodeURIComponent(jobId)}`, { signal }),
    refetchInterval: ({ state: { data } }) => (data?.state === 'done' ? false : POLL_MS),
    enabled: jobId !== '',
  })
}
