import { useEffect, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { ACTIVITIES, activityWords, type Filter, type LogName } from './logs.ts'

const HOUR_MS = 3_600_000

export const PERIODS = [
  ['hour', 'The last hour', HOUR_MS],
  ['day', 'The last 24 hours', 24 * HOUR_MS],
  ['week', 'The last 7 days', 7 * 24 * HOUR_MS],
  ['month', 'The last 30 days', 30 * 24 * HOUR_MS],
  ['all', 'All there is', undefined],
] as const

const PAUSE_MS = 400

type FiltersProps = {
  log: LogName
  filter: Filter
  onFilter: (filter: Filter) => void
  onPeriod: (period: string) => void
}

/** What of a log is shown, and exported. */
export function Filters({ log, filter, onFilter, onPeriod }: FiltersProps) {
  const [period, setPeriod] = useState('day')
  const [text, setText] = useState(filter.text)
  useEffect(() => {
    if (text === filter.text) return
    const timer = setTimeout(() => onFilter({ ...filter, text }), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text, filter, onFilter])
  const activities = [
    ['', 'Everything'] as const,
    ...ACTIVITIES[log].map((key) => [key, activityWords(key)] as const),
  ]
  const results = [
    ['', 'Any'],
    ['good', log === 'admin' ? 'Success' : 'As it should be'],
    ['bad', log === 'admin' ? 'Failure' : 'Warnings and errors'],
  ] as const
  return (
    <search className="filters">
      <Choice
        label="When"
        value={period}
        options={PERIODS.map(([name, words]) => [name, words] as const)}
        onPick={(name) => {
          setPeriod(name)
          onPeriod(name)
        }}
      />
      <Choice
        label="What"
        value={filter.what}
        options={activities}
        onPick={(what) => onFilter({ ...filter, what })}
      />
      <Choice
        label="Result"
        value={filter.result}
        options={results}
        onPick={(result) => onFilter({ ...filter, result: result as Filter['result'] })}
      />
      <TextField
        label="Contains"
        type="search"
        placeholder={log === 'admin' ? 'a person, a user, an address' : 'a word, a user’s id'}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button onClick={() => onPeriod(period)}>Refresh</Button>
    </search>
  )
}
