import { useState } from 'react'
import { messageOf } from '../api/call.ts'
import { NotHere } from '../not-here.tsx'
import { useIsSuperAdmin, useSession } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { Note } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { Confirm } from '../ui/window.tsx'
import { JobProgress } from './job-progress.tsx'
import { beginVoid, type VoidJob, type VoidRequest } from './void-many.ts'

/** For when something is wrong: voids everything, or what somebody made, at once. */
export function IncidentPage() {
  if (!useIsSuperAdmin()) return <NotHere />
  return (
    <Page title="Incident" lead="Void codes when they may be in wrong hands. First see how many there are.">
      <Incident />
    </Page>
  )
}

type Scope = 'all' | 'some'

const SCOPES = [
  ['all', 'Every code of the tenant'],
  ['some', 'Codes of somebody, or of some time'],
] as const

const MODES = [
  ['', 'Reset and enrolment codes'],
  ['PASSWORD_RESET', 'Reset codes'],
  ['ENROLLMENT', 'Enrolment codes'],
] as const

function Incident() {
  const [request, setRequest] = useState<VoidRequest>({ scope: 'all' })
  const [dry, setDry] = useState<VoidJob>()
  const [job, setJob] = useState<VoidJob>()
  const [voidedAt, setVoidedAt] = useState('')
  const [problem, setProblem] = useState('')
  const change = (request: VoidRequest) => {
    setRequest(request)
    setDry(undefined)
  }
  const count = async () => {
    setProblem('')
    setJob(undefined)
    setVoidedAt('')
    try {
      setDry((await beginVoid({ ...request, dryRun: true })) as VoidJob)
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  const begin = async () => {
    const answer = await beginVoid(request, crypto.randomUUID())
    setDry(undefined)
    if ('voidedAt' in answer) setVoidedAt(answer.voidedAt)
    else setJob(answer)
  }
  return (
    <section className="card" aria-labelledby="incident">
      <h2 id="incident">Void codes</h2>
      <What request={request} onRequest={change} />
      {problem !== '' && (
        <Note kind="wrong">
          <p>{problem}</p>
        </Note>
      )}
      {dry && <JobProgress job={dry} />}
      {job && <JobProgress job={job} />}
      {voidedAt !== '' && (
        <Note kind="good">
          <p>
            Every code that was made before <Time at={voidedAt} /> is void.
          </p>
        </Note>
      )}
      <Buttons request={request} isCounted={dry !== undefined} onCount={count} onBegin={begin} />
    </section>
  )
}

type WhatProps = { request: VoidRequest; onRequest: (request: VoidRequest) => void }

function What({ request, onRequest }: WhatProps) {
  const scope: Scope = request.scope === 'all' ? 'all' : 'some'
  const { mode } = request
  const put = (member: 'issuedBy' | 'since' | 'until', value: string) => {
    const { [member]: _, ...rest } = request
    onRequest(value === '' ? rest : { ...rest, [member]: value })
  }
  const time = (member: 'since' | 'until', value: string) =>
    put(member, value === '' ? '' : new Date(value).toISOString())
  return (
    <div className="fields">
      <div className="fields two">
        <Choice
          label="Which"
          value={scope}
          options={SCOPES}
          onPick={(picked) =>
            onRequest({ ...(picked === 'all' && { scope: 'all' as const }), ...(mode && { mode }) })
          }
        />
        <Choice
          label="Kind"
          value={mode ?? ''}
          options={MODES}
          onPick={(picked) => {
            const { mode: _, ...rest } = request
            onRequest(picked === '' ? rest : { ...rest, mode: picked as NonNullable<VoidRequest['mode']> })
          }}
        />
      </div>
      {scope === 'some' && (
        <div className="fields two">
          <TextField
            label="Made by"
            hint="The id of a person, a key or a client, as the log names it."
            maxLength={255}
            value={request.issuedBy ?? ''}
            onChange={(event) => put('issuedBy', event.target.value.trim())}
          />
          <TextField
            label="From"
            type="datetime-local"
            onChange={(event) => time('since', event.target.value)}
          />
          <TextField
            label="Until"
            type="datetime-local"
            onChange={(event) => time('until', event.target.value)}
          />
        </div>
      )}
    </div>
  )
}

type ButtonsProps = {
  request: VoidRequest
  isCounted: boolean
  onCount: () => Promise<void>
  onBegin: () => Promise<void>
}

function Buttons({ request, isCounted, onCount, onBegin }: ButtonsProps) {
  const { tenant } = useSession()
  const [isAsked, setAsked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const { scope, issuedBy, since, until } = request
  const isSaid = scope === 'all' || [issuedBy, since, until].some((each) => each !== undefined)
  return (
    <div className="actions">
      <Button
        busy={isBusy}
        disabled={!isSaid}
        onClick={() => {
          setBusy(true)
          void onCount().finally(() => setBusy(false))
        }}
      >
        Count first
      </Button>
      <Button kind="danger" disabled={!isSaid} onClick={() => setAsked(true)}>
        {scope === 'all' ? 'Void everything' : 'Void them'}
      </Button>
      {!isCounted && <span className="soft small">Counting changes nothing.</span>}
      <Confirm
        title={scope === 'all' ? 'Void every code of the tenant?' : 'Void these codes?'}
        action={scope === 'all' ? 'Void everything' : 'Void them'}
        isDanger
        typed={tenant.id}
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={onBegin}
      >
        {scope === 'all'
          ? 'No code that was made until now works any more, and mails with codes that wait are not sent. Everybody needs a new code. This cannot be taken back.'
          : 'They end one after the other, and mails with them that wait are not sent. This cannot be taken back.'}
      </Confirm>
    </div>
  )
}
