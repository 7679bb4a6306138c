import { useState } from 'react'
import { Badge } from '../ui/badge.tsx'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Note } from '../ui/states.tsx'
import { shortTime, useNow } from '../ui/time.tsx'
import { Confirm } from '../ui/window.tsx'
import { isGood, nextPart, progressOf, wordsOf, type Job } from './job.ts'
import { LongList } from './long-list.tsx'
import { safeCsv } from './safe-csv.ts'
import { saveFile } from './save-file.ts'
import { useWork, type Work } from './use-work.ts'

type WorkProps = {
  first: Job
  /** Whether it was begun just now; else it was found waiting, and waits for a word. */
  isNew: boolean
  owner: string
  onDiscard: () => Promise<void>
}

/** A job at work, and what has become of it. */
export function WorkStep({ first, isNew, owner, onDiscard }: WorkProps) {
  const work = useWork(first, owner, isNew)
  const { job, codes, isRunning } = work
  const { all, done, failed } = progressOf(job)
  const isDone = nextPart(job) === undefined
  return (
    <div className="card">
      <h2>{headline(work, isDone)}</h2>
      <Bar label={verbOf(job)} value={done} max={all} />
      <p role="status">
        {(done - failed).toLocaleString()} done, {failed.toLocaleString()} without success,{' '}
        {(all - done).toLocaleString()} to do
      </p>
      <Pause work={work} />
      {!isDone && !isRunning && (
        <Note>
          <p>
            This job waits in this browser{isNew ? '' : ' since its tab was closed'}. What was already asked
            for is not done twice.
          </p>
        </Note>
      )}
      <Buttons work={work} isDone={isDone} onDiscard={onDiscard} />
      <LongList
        label="What became of each user"
        count={all}
        row={(index) => {
          const outcome = job.outcomes[index] ?? null
          const tone = outcome === null ? 'quiet' : isGood(outcome) ? 'good' : 'warn'
          return (
            <>
              <span className="grow">{job.addresses[index]}</span>
              {outcome?.words && <span className="soft small long-words">{outcome.words}</span>}
              <Badge tone={tone}>{wordsOf(outcome)}</Badge>
            </>
          )
        }}
      />
      {codes.size > 0 && (
        <p className="soft small">
          The codes are in the results file, and gone from here when you leave this page.
        </p>
      )}
    </div>
  )
}

function verbOf({ action }: Job): string {
  return action.tag === 'void' ? 'Voiding' : action.way === 'EMAIL' ? 'E-mailing codes' : 'Making codes'
}

function headline({ isRunning, job }: Work, isDone: boolean): string {
  if (isDone) return progressOf(job).failed === 0 ? 'All done' : 'Done, and some without success'
  return isRunning ? 'At work' : 'Paused'
}

function Pause({ work: { pausedUntil, why } }: { work: Work }) {
  const now = useNow()
  if (pausedUntil === undefined) return null
  return (
    <Note kind="warn">
      <p>
        {why} It goes on by itself in <span className="digits">{shortTime(pausedUntil - now)}</span>.
      </p>
    </Note>
  )
}

type ButtonsProps = { work: Work; isDone: boolean; onDiscard: () => Promise<void> }

function Buttons({ work: { job, codes, isRunning, start, stop, retry }, isDone, onDiscard }: ButtonsProps) {
  const [isAsked, setAsked] = useState(false)
  const { failed } = progressOf(job)
  return (
    <div className="actions">
      {isRunning && <Button onClick={stop}>Pause</Button>}
      {!isRunning && !isDone && (
        <Button kind="primary" onClick={start}>
          Go on
        </Button>
      )}
      {isDone && failed > 0 && (
        <Button onClick={retry}>Retry {failed.toLocaleString()} without success</Button>
      )}
      <Button kind={isDone ? 'primary' : 'plain'} onClick={() => saveResults(job, codes)}>
        Save the results
      </Button>
      {!isRunning && (
        <Button onClick={() => (isDone ? void onDiscard() : setAsked(true))}>
          {isDone ? 'Finish' : 'Discard'}
        </Button>
      )}
      <Confirm
        title="Discard this job?"
        action="Discard"
        isDanger
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={onDiscard}
      >
        What is not done yet is not done. What is done stays done.
      </Confirm>
    </div>
  )
}

function saveResults(job: Job, codes: ReadonlyMap<string, string>): void {
  const hasCodes = codes.size > 0
  const rows = job.addresses.map((address, index) => {
    const outcome = job.outcomes[index] ?? null
    const told = [
      address,
      wordsOf(outcome),
      outcome?.status ? String(outcome.status) : '',
      outcome?.words ?? '',
    ]
    return hasCodes ? [...told, codes.get(address) ?? ''] : told
  })
  const header = ['Address', 'Result', 'Status', 'Reason', ...(hasCodes ? ['Code'] : [])]
  saveFile(
    `rescind-${job.action.tag}-${new Date(job.createdAt).toISOString().slice(0, 10)}.csv`,
    safeCsv(header, rows),
  )
}
