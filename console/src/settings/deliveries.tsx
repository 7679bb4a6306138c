import { useInfiniteQuery } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { column, DataTable, type Columns } from '../ui/data-table.tsx'
import { Empty, Fault, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import type { Delivery } from './tenant.ts'

const ROWS = 50

const TONES: Record<string, Tone> = { delivered: 'good', failed: 'wrong', waiting: 'warn' }
const WORDS: Record<string, string> = { delivered: 'Delivered', failed: 'Given up', waiting: 'Waits' }

function columnsFor(path: string): Columns<Delivery> {
  return [
    column('Event', ({ type, eventId }) => (
      <span className="what">
        <b>{type}</b>
        <span className="soft id mono">{eventId}</span>
      </span>
    )),
    column('State', ({ state }) => <Badge tone={TONES[state] ?? 'quiet'}>{WORDS[state] ?? state}</Badge>),
    column('Attempts', ({ attempts }) => attempts),
    column('Answer', ({ lastStatus }) => lastStatus ?? <span className="soft">none</span>),
    column('Last', ({ lastAttemptAt }) => <Time at={lastAttemptAt} />),
    column('Next', ({ nextAttemptAt }) => <Time at={nextAttemptAt} />),
    column('', ({ eventId }) => (
      <Button
        small
        onClick={() => {
          void call('POST', `${path}/replay`, { body: { eventId } }).then(
            () => toast('Events from this one on are sent again'),
            () => toast('It could not be sent again'),
          )
        }}
      >
        Send from here
      </Button>
    )),
  ]
}

/** What was sent to a webhook or waits, the newest first. */
export function Deliveries({ path, id }: { path: string; id: string }) {
  const query = useInfiniteQuery({
    queryKey: ['webhooks', id, 'deliveries'],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      call<{ deliveries: Delivery[]; nextCursor?: string }>(
        'GET',
        `${path}/deliveries?limit=${ROWS}${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`,
        { signal },
      ),
    getNextPageParam: ({ nextCursor }) => nextCursor,
  })
  const { data, error, hasNextPage, fetchNextPage, isFetching, refetch } = query
  if (error !== null && data === undefined) return <Fault error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Loading rows={4} />
  const rows = data.pages.flatMap(({ deliveries }) => deliveries)
  return (
    <>
      <div className="card-head">
        <h3>Deliveries of the last seven days</h3>
        <Button small busy={isFetching} onClick={() => void refetch()}>
          Refresh
        </Button>
      </div>
      {rows.length === 0 ? (
        <Empty title="Nothing was sent yet" />
      ) : (
        <div className="table-box">
          <DataTable
            caption="Deliveries"
            columns={columnsFor(path)}
            rows={rows}
            rowKey={({ eventId }) => eventId}
          />
        </div>
      )}
      {hasNextPage && (
        <div className="actions">
          <Button busy={isFetching} onClick={() => void fetchNextPage()}>
            Show older ones
          </Button>
        </div>
      )}
    </>
  )
}
