import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ownerOf, useSession } from '../session/session.ts'
import { Page } from '../ui/page.tsx'
import { Loading } from '../ui/states.tsx'
import { ChooseStep } from './choose-step.tsx'
import { resumed, type Job } from './job.ts'
import { forgetJobs, loadJob, saveJob } from './job-store.ts'
import { newJob, type Action } from './job.ts'
import { WorkStep } from './work-step.tsx'

/** Codes for many users at once, or an end to theirs: choose, see what would happen, do it. */
export function ManyPage() {
  const client = useQueryClient()
  const owner = ownerOf(useSession())
  const { data: waiting, isPending } = useQuery({
    queryKey: ['job', owner],
    queryFn: async () => (await loadJob(owner, Date.now()).catch(() => undefined)) ?? null,
    staleTime: 0,
    gcTime: 0,
  })
  const [begun, setBegun] = useState<Job>()
  const job = begun ?? (waiting ? resumed(waiting) : undefined)
  const discard = async () => {
    await forgetJobs().catch(() => {})
    client.setQueryData(['job', owner], null)
    setBegun(undefined)
  }
  const begin = async (addresses: readonly string[], action: Action) => {
    const job = newJob(addresses, action, Date.now())
    await saveJob(owner, job).catch(() => {})
    setBegun(job)
  }
  return (
    <Page title="Many at once" lead="Up to 10,000 users in one go.">
      {isPending ? (
        <Loading rows={5} />
      ) : job === undefined ? (
        <ChooseStep onBegin={begin} />
      ) : (
        <WorkStep key={job.id} first={job} isNew={begun !== undefined} owner={owner} onDiscard={discard} />
      )}
    </Page>
  )
}
