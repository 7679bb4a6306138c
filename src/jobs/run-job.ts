import type { CodeCaps } from '../codes/code-store.ts'
import { workOn } from '../codes/void-job-store.ts'
import type { VoidJob } from '../codes/void-many-store.ts'
import type { TenantScope } from '../database/scope.ts'

/** For how long one run works on: other jobs come after it. */
export const RUN_MS = 2_000
/** The shortest rest after a batch. */
const REST_MS_MIN = 5

/** What names a job in the queue. It holds nothing of it. */
export type JobMessage = { tenantId: string; jobId: string }

/**
 * Works on a job until it is done or its time is over. It rests as long as it works, so that whoever else needs the
 * database has half of its time at least.
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
    const startedAt = Date.now()
    known = await workOn({ ...scope, now: startedAt }, known)
    if (known?.ended_at === null) await rest(Math.max(REST_MS_MIN, Date.now() - startedAt))
  }
  return known
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
