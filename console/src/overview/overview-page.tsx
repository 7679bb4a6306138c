import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Badge } from '../ui/badge.tsx'
import { column, DataTable, type Columns } from '../ui/data-table.tsx'
import { Choice } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { ShortId } from '../ui/short-id.tsx'
import { Empty, Fault, Loading, Note } from '../ui/states.tsx'
import { Chart, type Series } from './chart.tsx'
import {
  causes,
  overviewQuery,
  total,
  type Agent,
  type Anomaly,
  type Overview,
  type Step,
} from './overview.ts'

const DAY_MS = 86_400_000

const SPANS = [
  [String(DAY_MS), 'The last 24 hours'],
  [String(2 * DAY_MS), 'The last 2 days'],
  [String(7 * DAY_MS), 'The last 7 days'],
  [String(30 * DAY_MS), 'The last 30 days'],
] as const

/** What has happened: limits against use, sends, refusals by their cause, and what stands out. */
export function OverviewPage() {
  const [span, setSpan] = useState<string>(SPANS[0][0])
  const { data, error, refetch } = useQuery(overviewQuery(Number(span)))
  return (
    <Page
      title="Overview"
      lead="What happened, and what stands out."
      actions={<Choice label="When" hideLabel value={span} options={SPANS} onPick={setSpan} />}
    >
      {error !== null && data === undefined ? (
        <Fault error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading rows={8} />
      ) : (
        <Shown overview={data} />
      )}
    </Page>
  )
}

function Shown({ overview }: { overview: Overview }) {
  const { series, agents, anomalies, isComplete } = overview
  return (
    <>
      {!isComplete && (
        <Note>
          <p>Older events are still being counted. The numbers grow by themselves.</p>
        </Note>
      )}
      <Anomalies anomalies={anomalies} />
      <ul className="numbers">
        <Big words="codes made" count={total(series, 'generated')} />
        <Big words="codes on their way" count={total(series, 'sent')} />
        <Big words="codes redeemed" count={total(series, 'redeemed')} />
        <Big words="codes voided" count={total(series, 'voided')} />
        <Big words="calls over a limit" count={total(series, 'limited')} />
      </ul>
      <Charts overview={overview} />
      <div className="halves">
        <Causes title="Why codes were refused" counts={causes(series, 'refused')} />
        <Causes title="Why no code was made" counts={causes(series, 'notGenerated')} />
      </div>
      <Agents agents={agents} />
    </>
  )
}

function Big({ words, count }: { words: string; count: number }) {
  return (
    <li>
      <b className="digits">{count.toLocaleString()}</b>
      <span className="soft">{words}</span>
    </li>
  )
}

function Charts({ overview: { series, step, limits, agents } }: { overview: Overview }) {
  const times = useMemo(() => series.map(({ at }) => Date.parse(at)), [series])
  const issue = step === 'hour' ? limits.issue.perHour : limits.issue.perDay
  const lines = useMemo(() => {
    const line = (label: string, color: string, of: (step: Step) => number): Series => ({
      label,
      color,
      values: series.map(of),
    })
    const limit: Series = {
      label: 'Limit of one person or key',
      color: '--wrong',
      values: series.map(() => issue),
      isDashed: true,
    }
    const made = line('Codes made', '--accent', ({ generated }) => generated)
    // A limit far above what is used would only flatten the line.
    const isNear = Math.max(0, ...made.values.map(Number)) * 5 >= issue
    return {
      made: isNear ? [made, limit] : [made],
      mails: [
        line('On their way', '--accent', ({ sent }) => sent),
        line('Delivered', '--good', ({ delivered }) => delivered),
        line('Not delivered', '--wrong', ({ deliveryFailed }) => deliveryFailed),
      ],
      checks: [
        line('Redeemed', '--good', ({ redeemed }) => redeemed),
        line('Refused', '--warn', ({ refused }) =>
          Object.values(refused).reduce((sum, count) => sum + count, 0),
        ),
        line('Locked', '--wrong', ({ locked }) => locked),
      ],
      people: [
        line('Voided', '--warn', ({ voided }) => voided),
        line('Sign-ins to the console', '--accent', ({ signIns }) => signIns),
      ],
    }
  }, [series, issue])
  const most = agents[0]
  return (
    <div className="halves">
      <section className="card" aria-labelledby="made">
        <h2 id="made">Codes made</h2>
        <Chart label="Codes made over time" times={times} series={lines.made} />
        <p className="soft small">
          One person or key may have {limits.issue.perHour.toLocaleString()} seen codes an hour, and{' '}
          {limits.issue.perDay.toLocaleString()} a day
          {most &&
            `; the most here were ${most.generated.toLocaleString()}, by ${most.name ?? most.id.slice(0, 8)}`}
          .
        </p>
      </section>
      <section className="card" aria-labelledby="mails">
        <h2 id="mails">Mails with codes</h2>
        <Chart label="Mails over time" times={times} series={lines.mails} />
        <p className="soft small">
          Users may ask for {limits.send.perMinute.toLocaleString()} a minute,{' '}
          {limits.send.burst.toLocaleString()} at once.
        </p>
      </section>
      <section className="card" aria-labelledby="checks">
        <h2 id="checks">Codes presented</h2>
        <Chart label="Codes presented over time" times={times} series={lines.checks} />
        <p className="soft small">
          {limits.validate.perMinute.toLocaleString()} a minute may be checked,{' '}
          {limits.validate.burst.toLocaleString()} at once.
        </p>
      </section>
    </div>
  )
}

function Anomalies({ anomalies }: { anomalies: readonly Anomaly[] }) {
  if (anomalies.length === 0) {
    return (
      <Note kind="good">
        <p>Nothing stands out.</p>
      </Note>
    )
  }
  return (
    <section className="card" aria-labelledby="anomalies">
      <h2 id="anomalies">What stands out</h2>
      <ul className="rows">
        {anomalies.map((anomaly) => (
          <li key={JSON.stringify(anomaly)}>
            <Badge tone="warn">{anomaly.kind === 'agent' ? 'Many codes' : 'Asked for often'}</Badge>
            <p className="grow">
              {anomaly.kind === 'agent' ? <OfAgent anomaly={anomaly} /> : <OfUser anomaly={anomaly} />}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })

function OfAgent({
  anomaly: { id, name, dayAt, count, typical },
}: {
  anomaly: Extract<Anomaly, { kind: 'agent' }>
}) {
  return (
    <>
      <b>{name ?? <ShortId id={id} />}</b> made {count.toLocaleString()} codes on{' '}
      {DAY.format(Date.parse(dayAt))}; others make {typical.toLocaleString()} a day.
    </>
  )
}

function OfUser({ anomaly: { userId, count } }: { anomaly: Extract<Anomaly, { kind: 'user' }> }) {
  return (
    <>
      Codes for{' '}
      <Link to="/users/$id" params={{ id: userId }}>
        this user
      </Link>{' '}
      were asked for {count.toLocaleString()} times within 24 hours.
    </>
  )
}

function Causes({
  title,
  counts,
}: {
  title: string
  counts: readonly (readonly [cause: string, count: number])[]
}) {
  const most = counts[0]?.[1] ?? 1
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {counts.length === 0 ? (
        <Empty title="Not once" />
      ) : (
        <ul className="bars">
          {counts.map(([cause, count]) => (
            <li key={cause}>
              <span>{causeWords(cause)}</span>
              <meter max={most} value={count} aria-label={causeWords(cause)} />
              <span className="digits">{count.toLocaleString()}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function causeWords(cause: string): string {
  const words = cause.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const COLUMNS: Columns<Agent> = [
  column('Who', ({ id, name }) => (name === null ? <ShortId id={id} /> : <b>{name}</b>)),
  column('Codes made', ({ generated }) => <span className="digits">{generated.toLocaleString()}</span>),
  column('Codes voided', ({ voided }) => <span className="digits">{voided.toLocaleString()}</span>),
]

const AGENTS_MAX = 20

function Agents({ agents }: { agents: readonly Agent[] }) {
  if (agents.length === 0) return null
  return (
    <section className="stack" aria-labelledby="agents">
      <h2 id="agents">Who did it</h2>
      <div className="table-box">
        <DataTable
          caption="Who made and voided codes"
          columns={COLUMNS}
          rows={agents.slice(0, AGENTS_MAX)}
          rowKey={({ id }) => id}
        />
      </div>
    </section>
  )
}
