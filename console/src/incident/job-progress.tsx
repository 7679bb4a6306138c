import { useQuery } from '@tanstack/react-query'
import { Bar } from '../ui/bar.tsx'
import { Note } from '../ui/states.tsx'
import { voidJobQuery, type VoidJob } from './void-many.ts'

/** How far a void or a count is that is worked off in the background, and what came of it. */
export function JobProgress({ job: first }: { job: VoidJob }) {
  const { data: job } = useQuery({ ...voidJobQuery(first.jobId), initialData: first })
  const { dryRun, state, done, total, voided, inUse } = job
  const codes = `${voided.toLocaleString()} ${voided === 1 ? 'code' : 'codes'}`
  if (state === 'running') {
    return <Bar label={dryRun ? 'Counting' : 'Voiding'} value={done} max={Math.max(1, total)} />
  }
  return (
    <Note kind={dryRun ? 'info' : 'good'}>
      <p role="status">
        {dryRun ? `${codes} would be voided.` : `${codes} voided.`}
        {inUse > 0 && ` ${inUse.toLocaleString()} in use at this moment, which end when that fails.`}
      </p>
    </Note>
  )
}
