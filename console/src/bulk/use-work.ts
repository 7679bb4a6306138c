import { useCallback, useEffect, useRef, useState } from 'react'
import { toast } from '../ui/toasts.tsx'
import { retried, type Job } from './job.ts'
import { saveJob } from './job-store.ts'
import { work } from './work.ts'

export type Work = {
  job: Job
  /** Codes by address, of this tab alone. */
  codes: ReadonlyMap<string, string>
  isRunning: boolean
  /** When a call is made again that was refused or lost. */
  pausedUntil: number | undefined
  why: string
  start: () => void
  stop: () => void
  retry: () => void
}

/** One tab at a time works at a job. */
const LOCK = 'rescind-console-job'

/** A job in the hands of this component: it works while it is shown, and every step is saved. */
export function useWork(first: Job, owner: string, isStarted: boolean): Work {
  const [job, setJob] = useState(first)
  const [codes, setCodes] = useState<ReadonlyMap<string, string>>(new Map())
  const [isRunning, setRunning] = useState(false)
  const [pause, setPause] = useState<{ until: number | undefined; why: string }>({
    until: undefined,
    why: '',
  })
  const running = useRef<AbortController>(undefined)
  const settled = useRef<Promise<unknown>>(undefined)

  const run = useCallback(
    async (job: Job) => {
      running.current?.abort()
      const controller = new AbortController()
      running.current = controller
      setRunning(true)
      const watch = {
        onJob: (next: Job) => {
          setJob(next)
          void saveJob(owner, next).catch(() => {})
        },
        onPause: (until: number | undefined, why: string) => setPause({ until, why }),
        onCodes: (more: ReadonlyMap<string, string>) => setCodes((codes) => new Map([...codes, ...more])),
      }
      await settled.current
      settled.current = navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
        if (lock === null) toast('Another tab is at work on this job')
        else await work(job, watch, controller.signal)
      })
      await settled.current
      if (running.current !== controller) return
      setPause({ until: undefined, why: '' })
      setRunning(false)
    },
    [owner],
  )
  const begin = useRef(isStarted)
  useEffect(() => {
    if (begin.current) void run(first)
    begin.current = false
    return () => running.current?.abort()
    // A job is worked at once, whatever this component is drawn for.
  }, [first, run])

  return {
    job,
    codes,
    isRunning,
    pausedUntil: pause.until,
    why: pause.why,
    start: () => void run(job),
    stop: () => {
      running.current?.abort()
      setRunning(false)
      setPause({ until: undefined, why: '' })
    },
    retry: () => {
      const again = retried(job, Date.now())
      setJob(again)
      void saveJob(owner, again).catch(() => {})
      void run(again)
    },
  }
}
