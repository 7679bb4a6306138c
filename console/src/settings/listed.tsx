import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api/call.ts'
import { useSession } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { DataTable, type Columns } from '../ui/data-table.tsx'
import { Empty, Fault, Loading } from '../ui/states.tsx'
import { toast } from '../ui/toasts.tsx'
import { Confirm } from '../ui/window.tsx'
import { pathOf } from './tenant.ts'

type ListedProps<Row extends object> = {
  title: string
  /** What these are, in a sentence. */
  lead: string
  /** The name by which the list is made anew. */
  list: string
  read: (signal: AbortSignal) => Promise<Row[]>
  rowKey: (row: Row) => string
  columns: Columns<Row>
  empty: string
  /** What makes a new one, above the list. */
  add: ReactNode
}

/** A list of what a tenant has of something. */
export function Listed<Row extends object>(props: ListedProps<Row>) {
  const { title, lead, list, read, rowKey, columns, empty, add } = props
  const { data, error, refetch } = useQuery({ queryKey: [list], queryFn: ({ signal }) => read(signal) })
  return (
    <section className="stack" aria-labelledby="listed">
      <div className="page-head">
        <div>
          <h2 id="listed">{title}</h2>
          <p className="soft">{lead}</p>
        </div>
        <div className="actions">{add}</div>
      </div>
      {error !== null && data === undefined ? (
        <Fault error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading rows={3} />
      ) : data.length === 0 ? (
        <Empty title={empty} />
      ) : (
        <div className="table-box">
          <DataTable caption={title} columns={columns} rows={data} rowKey={rowKey} />
        </div>
      )}
    </section>
  )
}

type RemoveProps = {
  /** What the button says. */
  action: string
  title: string
  children: ReactNode
  list: string
  path: string
  done: string
}

/** A button that removes one of a list, once that is confirmed. */
export function Remove({ action, title, children, list, path, done }: RemoveProps) {
  const client = useQueryClient()
  const { tenant } = useSession()
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <Button small onClick={() => setAsked(true)}>
        {action}
      </Button>
      <Confirm
        title={title}
        action={action}
        isDanger
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={async () => {
          await call('DELETE', pathOf(tenant.id, path))
          await client.invalidateQueries({ queryKey: [list] })
          toast(done)
        }}
      >
        {children}
      </Confirm>
    </>
  )
}
