import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api/call.ts'
import { useSession } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { Fault, Loading } from '../ui/states.tsx'
import { toast } from '../ui/toasts.tsx'
import { Confirm, Window } from '../ui/window.tsx'
import { Deliveries } from './deliveries.tsx'
import { ShownOnce } from './shown-once.tsx'
import { pathOf, type Webhook } from './tenant.ts'
import { EVENT_TYPES, WebhookForm, type WebhookFields } from './webhook-form.tsx'
import { WebhookState } from './webhooks.tsx'

/** One webhook: what it is told of, and what was sent. */
export function WebhookPage() {
  const { id } = useParams({ from: '/settings/webhooks/$id' })
  const { tenant } = useSession()
  const path = pathOf(tenant.id, `/webhooks/${encodeURIComponent(id)}`)
  const { data, error, refetch } = useQuery({
    queryKey: ['webhooks', id],
    queryFn: ({ signal }) => call<Webhook>('GET', path, { signal }),
  })
  if (error !== null && data === undefined) return <Fault error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Loading rows={5} />
  return (
    <section className="stack" aria-labelledby="webhook">
      <Link to="/settings/webhooks" className="back">
        <Icon name="back" /> Webhooks
      </Link>
      <div className="page-head">
        <div>
          <h2 id="webhook">{data.url}</h2>
          <p className="soft">{data.description}</p>
        </div>
        <WebhookState webhook={data} />
      </div>
      <WebhookActions webhook={data} path={path} />
      <Deliveries path={path} id={id} />
    </section>
  )
}

type Asked = 'change' | 'enable' | 'secret' | 'replay' | 'delete'

function WebhookActions({ webhook, path }: { webhook: Webhook; path: string }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [asked, setAsked] = useState<Asked>()
  const [secret, setSecret] = useState<ReactNode>()
  const close = () => setAsked(undefined)
  const again = async (words: string) => {
    await client.invalidateQueries({ queryKey: ['webhooks'] })
    toast(words)
  }
  const { url, description, events, enabled } = webhook
  return (
    <div className="actions">
      <Change key={JSON.stringify(webhook)} webhook={webhook} path={path} onDone={again} />
      <Button onClick={() => setAsked('enable')}>{enabled ? 'Disable' : 'Enable'}</Button>
      <Button onClick={() => setAsked('replay')}>Send again</Button>
      <Button onClick={() => setAsked('secret')}>New secret</Button>
      <Button onClick={() => setAsked('delete')}>Delete</Button>
      <Confirm
        title={enabled ? 'Disable this webhook?' : 'Enable this webhook?'}
        action={enabled ? 'Disable' : 'Enable'}
        isOpen={asked === 'enable'}
        onClose={close}
        onConfirm={async () => {
          await call('PUT', path, { body: { url, description, events, enabled: !enabled } })
          await again(enabled ? 'The webhook is disabled' : 'The webhook is enabled')
        }}
      >
        {enabled
          ? 'It is told of nothing until it is enabled again.'
          : 'It is told of what has happened since.'}
      </Confirm>
      <Confirm
        title="Make a new secret?"
        action="Make a new secret"
        isOpen={asked === 'secret'}
        onClose={close}
        onConfirm={async () => {
          const made = await call<{ secret: string }>('POST', `${path}/secret`)
          setSecret(<ShownOnce label="Secret" secret={made.secret} />)
        }}
      >
        For 24 hours calls are signed with both, so that there is time to change over.
      </Confirm>
      <Window title="The new secret" isOpen={secret !== undefined} onClose={() => setSecret(undefined)}>
        {secret}
      </Window>
      <Replay path={path} isOpen={asked === 'replay'} onClose={close} onDone={again} />
      <Confirm
        title="Delete this webhook?"
        action="Delete"
        isDanger
        isOpen={asked === 'delete'}
        onClose={close}
        onConfirm={async () => {
          await call('DELETE', path)
          await navigate({ to: '/settings/webhooks' })
          await again('The webhook is deleted')
        }}
      >
        What waits to be sent to it is not sent.
      </Confirm>
    </div>
  )
}

type ChangeProps = { webhook: Webhook; path: string; onDone: (words: string) => Promise<void> }

function Change({ webhook, path, onDone }: ChangeProps) {
  const [isOpen, setOpen] = useState(false)
  const { url, description, events, enabled } = webhook
  const [fields, setFields] = useState<WebhookFields>({ url, description, events })
  const known = [...new Set<string>([...EVENT_TYPES.map(([type]) => type), ...events])]
  return (
    <>
      <Button onClick={() => setOpen(true)}>Change</Button>
      <Confirm
        title="Change the webhook"
        action="Save"
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={async () => {
          await call('PUT', path, { body: { ...fields, enabled } })
          await onDone('The webhook is changed')
        }}
      >
        <div className="fields">
          <WebhookForm fields={fields} known={known} onFields={setFields} />
        </div>
      </Confirm>
    </>
  )
}

type ReplayProps = {
  path: string
  isOpen: boolean
  onClose: () => void
  onDone: (words: string) => Promise<void>
}

/** Sends all again that has happened since a time. */
function Replay({ path, isOpen, onClose, onDone }: ReplayProps) {
  const [since, setSince] = useState(() => localTime(Date.now() - 24 * 3_600_000))
  return (
    <Confirm
      title="Send events again"
      action="Send again"
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={async () => {
        await call('POST', `${path}/replay`, { body: { since: new Date(since).toISOString() } })
        await onDone('The events are on their way')
      }}
    >
      <div className="fields">
        <p>All that has happened since then is sent again, by the same ids.</p>
        <div className="field">
          <label htmlFor="since">Since</label>
          <input
            id="since"
            type="datetime-local"
            required
            value={since}
            onChange={(event) => setSince(event.target.value)}
          />
        </div>
      </div>
    </Confirm>
  )
}

/** As a field of the browser has it: local, to the minute. */
function localTime(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
