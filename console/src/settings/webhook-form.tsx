import { CheckField, TextField } from '../ui/field.tsx'

export const EVENT_TYPES = [
  ['code.issued', 'A code was made'],
  ['code.voided', 'A code was voided'],
  ['code.redeemed', 'A code was redeemed'],
  ['code.locked', 'A code was locked'],
  ['code.delivery_failed', 'A code was not mailed'],
  ['user.created', 'A user was added'],
  ['user.disabled', 'A user was disabled'],
  ['user.enabled', 'A user was enabled'],
  ['user.deleted', 'A user was deleted'],
  ['user.restored', 'A user was restored'],
  ['user.address_changed', 'An address was changed'],
  ['user.reported', 'A user said that a code was not theirs'],
  ['tenant.under_attack', 'Codes are tried on many users'],
  ['webhook.disabled', 'A webhook was disabled'],
] as const

export type WebhookFields = { url: string; description: string; events: readonly string[] }

type FormProps = {
  fields: WebhookFields
  known: readonly string[]
  onFields: (fields: WebhookFields) => void
}

/** Where events are sent, and which. */
export function WebhookForm({ fields, known, onFields }: FormProps) {
  const { url, description, events } = fields
  const words = new Map<string, string>(EVENT_TYPES)
  const toggle = (type: string) =>
    onFields({
      ...fields,
      events: events.includes(type) ? events.filter((each) => each !== type) : [...events, type],
    })
  return (
    <>
      <TextField
        label="URL"
        hint="https, on a public host name"
        type="url"
        required
        maxLength={2048}
        value={url}
        onChange={(event) => onFields({ ...fields, url: event.target.value })}
      />
      <TextField
        label="Description"
        maxLength={255}
        value={description}
        onChange={(event) => onFields({ ...fields, description: event.target.value })}
      />
      <fieldset className="checks">
        <legend className="group-label">Is told of</legend>
        {known.map((type) => (
          <CheckField
            key={type}
            label={words.get(type) ?? type}
            hint={<code>{type}</code>}
            checked={events.includes(type)}
            onChange={() => toggle(type)}
          />
        ))}
      </fieldset>
    </>
  )
}
