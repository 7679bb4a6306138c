import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { useSession } from '../session/session.ts'
import { Badge } from '../ui/badge.tsx'
import { column, type Columns } from '../ui/data-table.tsx'
import { Time } from '../ui/time.tsx'
import { Add } from './add.tsx'
import { Listed } from './listed.tsx'
import { ShownOnce } from './shown-once.tsx'
import { pathOf, type Webhook } from './tenant.ts'
import { EVENT_TYPES, WebhookForm, type WebhookFields } from './webhook-form.tsx'

const COLUMNS: Columns<Webhook> = [
  column('URL', ({ id, url }) => (
    <Link to="/settings/webhooks/$id" params={{ id }}>
      {url}
    </Link>
  )),
  column('Description', ({ description }) => description || <span className="soft">none</span>),
  column('State', (webhook) => <WebhookState webhook={webhook} />),
  column('Is told of', ({ events }) => `${events.length} kinds of event`),
  column('Since', ({ createdAt }) => <Time at={createdAt} />),
]

const CAUSES: Record<string, string> = {
  operator: 'Disabled',
  failing: 'Disabled: it failed for days',
  gone: 'Disabled: it answered 410',
}

export function WebhookState({ webhook: { enabled, disabledAs = '' } }: { webhook: Webhook }) {
  return enabled ? (
    <Badge tone="good">Enabled</Badge>
  ) : (
    <Badge tone="warn">{CAUSES[disabledAs] ?? 'Disabled'}</Badge>
  )
}

/** Systems of the tenant's own that are told of what happens. */
export function Webhooks() {
  const { tenant } = useSession()
  return (
    <Listed
      title="Webhooks"
      lead="Systems of your own that are told of what happens here."
      list="webhooks"
      read={async (signal) => {
        const { webhooks } = await call<{ webhooks: Webhook[] }>('GET', pathOf(tenant.id, '/webhooks'), {
          signal,
        })
        return webhooks
      }}
      rowKey={({ id }) => id}
      columns={COLUMNS}
      empty="Your tenant has no webhook"
      add={<AddWebhook />}
    />
  )
}

const ALL = EVENT_TYPES.map(([type]) => type)

function AddWebhook() {
  const { tenant } = useSession()
  const [fields, setFields] = useState<WebhookFields>({ url: '', description: '', events: ALL })
  const add = async () => {
    const { events, ...rest } = fields
    // All of them is said by leaving them out, so that kinds that come later are among them.
    const body = events.length === ALL.length ? rest : fields
    const { secret } = await call<{ secret: string }>('POST', pathOf(tenant.id, '/webhooks'), { body })
    return <ShownOnce label="Secret" secret={secret} />
  }
  return (
    <Add
      title="Add a webhook"
      list="webhooks"
      isReady={fields.url !== '' && fields.events.length > 0}
      onAdd={add}
    >
      <WebhookForm fields={fields} known={ALL} onFields={setFields} />
    </Add>
  )
}
