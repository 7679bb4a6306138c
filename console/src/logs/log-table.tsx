import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { column, DataTable, type Columns } from '../ui/data-table.tsx'
import { Icon } from '../ui/icon.tsx'
import { ShortId } from '../ui/short-id.tsx'
import { Empty, Fault, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { activityWords, type Entry, type Filter, type LogName } from './logs.ts'
import { LogReader } from './reader.ts'

/** Rows of a page on the screen. */
const ROWS = 50

const COLUMNS: Record<LogName, Columns<Entry>> = {
  admin: [
    column('When', ({ at }) => <Time at={at} />),
    column('What', ({ what, words }) => <What what={what} words={words} />),
    column('Who', ({ who }) => <ShortId id={who} />),
    column('User', (entry) => <Whom entry={entry} />),
    column('Result', ({ result }) => (
      <Badge tone={result === 'good' ? 'good' : 'wrong'}>{result === 'good' ? 'Success' : 'Failure'}</Badge>
    )),
  ],
  users: [
    column('When', ({ at }) => <Time at={at} />),
    column('What', ({ what, words }) => <What what={what} words={words} />),
    column('User', (entry) => <Whom entry={entry} />),
    column('Details', ({ from }) => <span className="id">{from}</span>),
    column('Level', ({ result }) => (
      <Badge tone={result === 'good' ? 'quiet' : 'warn'}>{result === 'good' ? 'Info' : 'Warning'}</Badge>
    )),
  ],
}

function What({ what, words }: { what: string; words: string }) {
  return (
    <span className="what">
      <b>{activityWords(what)}</b>
      <span className="soft">{words}</span>
    </span>
  )
}

function Whom({ entry: { userId, whom } }: { entry: Entry }) {
  if (userId === null) return null
  return (
    <Link to="/users/$id" params={{ id: userId }} className="id">
      {whom === userId ? <ShortId id={userId} /> : whom || userId}
    </Link>
  )
}

/** A log, page by page. */
export function LogTable({ log, filter }: { log: LogName; filter: Filter }) {
  const [reader] = useState(() => new LogReader(log, filter))
  const [page, setPage] = useState(0)
  const [looked, setLooked] = useState<readonly [number, number]>([0, 0])
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['log', log, filter, page],
    queryFn: ({ signal }) =>
      // One more tells whether there is a page behind this one.
      reader.read((page + 1) * ROWS + 1, (done, total) => setLooked([done, total]), signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 0,
  })
  if (error !== null && !isFetching) return <Fault error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Looking looked={looked} />
  const rows = data.entries.slice(page * ROWS, (page + 1) * ROWS)
  if (data.entries.length === 0) {
    return (
      <Empty title="Nothing like that is in the log">
        <p>Take a longer time, or fewer filters.</p>
      </Empty>
    )
  }
  return (
    <>
      <div className="table-box" aria-busy={isFetching}>
        <DataTable
          caption="Events, the newest first"
          columns={COLUMNS[log]}
          rows={rows}
          rowKey={({ id }) => id}
        />
      </div>
      <div className="pager">
        <Button small disabled={page === 0} onClick={() => setPage(page - 1)}>
          <Icon name="back" /> Newer
        </Button>
        <p role="status" className="soft">
          {isFetching ? (
            `Looked through ${looked[0].toLocaleString()} of ${looked[1].toLocaleString()}`
          ) : (
            <Place page={page} shown={rows.length} reader={reader} />
          )}
        </p>
        <Button
          small
          disabled={isFetching || data.entries.length <= (page + 1) * ROWS}
          onClick={() => setPage(page + 1)}
        >
          Older <Icon name="next" />
        </Button>
      </div>
    </>
  )
}

function Place({ page, shown, reader: { count } }: { page: number; shown: number; reader: LogReader }) {
  const first = page * ROWS + 1
  return (
    <>
      {first.toLocaleString()}–{(first + shown - 1).toLocaleString()}
      {count !== undefined && ` of ${count.toLocaleString()}`}
    </>
  )
}

function Looking({ looked: [done, total] }: { looked: readonly [number, number] }) {
  return (
    <>
      <Loading rows={8} label="Reading the log" />
      {total > 0 && (
        <p role="status" className="soft">
          Looked through {done.toLocaleString()} of {total.toLocaleString()}
        </p>
      )}
    </>
  )
}
