import { useState } from 'react'
import { call } from '../api/call.ts'
import { useSession } from '../session/session.ts'
import { column, type Columns } from '../ui/data-table.tsx'
import { TextField } from '../ui/field.tsx'
import { ShortId } from '../ui/short-id.tsx'
import { Time } from '../ui/time.tsx'
import { Add } from './add.tsx'
import { Listed, Remove } from './listed.tsx'
import { ShownOnce } from './shown-once.tsx'
import { pathOf, type ScimToken } from './tenant.ts'

const COLUMNS: Columns<ScimToken> = [
  column('Description', ({ description }) => description || <span className="soft">none</span>),
  column('Id', ({ id }) => <ShortId id={id} />),
  column('Since', ({ createdAt }) => <Time at={createdAt} />),
  column('', ({ id, description }) => (
    <Remove
      action="Delete"
      title={`Delete ${description || 'this token'}?`}
      list="scim-tokens"
      path={`/scim-tokens/${encodeURIComponent(id)}`}
      done="The token is deleted"
    >
      Who provisions users with it is refused within 30 seconds, everywhere.
    </Remove>
  )),
]

/** Bearer tokens of identity providers that add and change users. */
export function ScimTokens() {
  const { tenant } = useSession()
  return (
    <Listed
      title="Directory tokens"
      lead="For an identity provider that adds and changes users (SCIM). Five at most."
      list="scim-tokens"
      read={async (signal) => {
        const { scimTokens } = await call<{ scimTokens: ScimToken[] }>(
          'GET',
          pathOf(tenant.id, '/scim-tokens'),
          { signal },
        )
        return scimTokens
      }}
      rowKey={({ id }) => id}
      columns={COLUMNS}
      empty="Your tenant has no directory token"
      add={<AddToken />}
    />
  )
}

function AddToken() {
  const { tenant } = useSession()
  const [description, setDescription] = useState('')
  const add = async () => {
    const path = pathOf(tenant.id, '/scim-tokens')
    const { token } = await call<{ token: string }>('POST', path, { body: { description } })
    return <ShownOnce label="Token" secret={token} />
  }
  return (
    <Add title="Add a directory token" list="scim-tokens" onAdd={add}>
      <TextField
        label="Description"
        hint="Which product uses it, such as Okta."
        maxLength={255}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
    </Add>
  )
}
