import type { CodeCaps } from '../codes/code-store.ts'
import { workOn } from '../codes/void-job-store.ts'
import type { VoidJob } from '../codes/void-many-store.ts'
import type { TenantScope } from '../database/scope.ts'

/** For how long one run works on: the database serves others between its batches, and other jobs after it. */
export const RUN_MS = 2_000

/** What names a job in the queue. It holds nothing of it. */
export type JobMessage = { tenantId: string; jobId: string }

/**
 * Works on a job until it is done or its time is over.
 *
 * @param end epoch ms.
 * @returns the job as it is then; nothing where another run works on it.
 */
export async function runJob(
  scope: Omit<TenantScope, 'now'> & CodeCaps,
  job: VoidJob,
  end: number,
): Promise<VoidJob | undefined> {
  let known: VoidJob | undefined = job
  while (known !== undefined && known.ended_at === null && Date.now() < end) {
    known = await workOn({ ...scope, now: Date.now() }, known)
  }
  return known
}
