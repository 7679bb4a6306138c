import { useEffect, useRef, useState } from 'react'
import { messageOf } from '../api/call.ts'
import { safeCsv } from '../bulk/safe-csv.ts'
import { saveFile } from '../bulk/save-file.ts'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { activityWords, type Entry, type Filter, type LogName } from './logs.ts'
import { LogReader } from './reader.ts'

/** Saves all that the filters let through, of every page, as a CSV. */
export function Export({ log, filter }: { log: LogName; filter: Filter }) {
  const running = useRef<AbortController>(undefined)
  const [looked, setLooked] = useState<readonly [number, number]>()
  const [problem, setProblem] = useState('')
  useEffect(() => () => running.current?.abort(), [])
  const run = async () => {
    const controller = new AbortController()
    running.current = controller
    setProblem('')
    setLooked([0, 1])
    try {
      const reader = new LogReader(log, filter)
      const { entries } = await reader.read(
        Infinity,
        (done, total) => setLooked([done, total]),
        controller.signal,
      )
      saveFile(`rescind-log-${log}-${filter.until.slice(0, 10)}.csv`, csvOf(entries))
    } catch (error) {
      if (!controller.signal.aborted) setProblem(messageOf(error))
    } finally {
      setLooked(undefined)
    }
  }
  return (
    <div className="export">
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {looked === undefined ? (
        <Button onClick={() => void run()}>Export all pages as CSV</Button>
      ) : (
        <>
          <Bar label="Reading the log" value={looked[0]} max={Math.max(1, looked[1])} />
          <Button onClick={() => running.current?.abort()}>Cancel</Button>
        </>
      )}
    </div>
  )
}

function csvOf(entries: readonly Entry[]): string {
  const header = ['Number', 'Time', 'What', 'Key', 'Message', 'Who', 'User', 'User id', 'Result', 'From']
  return safeCsv(
    header,
    entries.map(({ id, at, what, words, who, whom, userId, result, from }) => [
      id,
      at ?? '',
      activityWords(what),
      what,
      words,
      who,
      whom,
      userId ?? '',
      result === 'good' ? 'success' : 'failure',
      from,
    ]),
  )
}
