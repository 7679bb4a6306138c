import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../session/session.ts'
import { Page } from '../ui/page.tsx'
import { Empty } from '../ui/states.tsx'
import { Export } from './export.tsx'
import { Filters, PERIODS } from './filters.tsx'
import { LogTable } from './log-table.tsx'
import { type Filter, type LogName } from './logs.ts'

const LEADS: Record<LogName, string> = {
  admin: 'What administrators, programs and the service itself did.',
  users: 'What happened to users’ codes.',
}

/** Both logs, the newest event first. */
export function LogsPage() {
  const { log: asked } = useParams({ from: '/logs/$log' })
  const log: LogName = asked === 'users' ? 'users' : 'admin'
  const may = { admin: useMay('logs:admin'), users: useMay('logs:user') }
  return (
    <Page title="Logs" lead={LEADS[log]}>
      <nav className="tabs" aria-label="Logs">
        {may.admin && (
          <Link to="/logs/$log" params={{ log: 'admin' }}>
            Administrators
          </Link>
        )}
        {may.users && (
          <Link to="/logs/$log" params={{ log: 'users' }}>
            Users
          </Link>
        )}
      </nav>
      {may[log] ? <Log key={log} log={log} /> : <Empty title="Your role does not allow to read this log" />}
    </Page>
  )
}

function Log({ log }: { log: LogName }) {
  const [filter, setFilter] = useState<Filter>(() => ({
    ...periodOf('day'),
    what: '',
    result: '',
    text: '',
  }))
  return (
    <>
      <Filters
        log={log}
        filter={filter}
        onFilter={setFilter}
        onPeriod={(period) => setFilter({ ...filter, ...periodOf(period) })}
      />
      {/* Another filter is another list, which begins at its head. */}
      <LogTable key={JSON.stringify(filter)} log={log} filter={filter} />
      <Export log={log} filter={filter} />
    </>
  )
}

/** From so long ago until now: events that come meanwhile do not move the pages. */
function periodOf(period: string): Pick<Filter, 'after' | 'until'> {
  const ms = PERIODS.find(([name]) => name === period)?.[2]
  const now = Date.now()
  return {
    after: ms === undefined ? undefined : new Date(now - ms).toISOString(),
    until: new Date(now).toISOString(),
  }
}
