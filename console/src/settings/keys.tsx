import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { VoidJob } from '../incident/void-many.ts'
import { useSession } from '../session/session.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { column, type Columns } from '../ui/data-table.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { ShortId } from '../ui/short-id.tsx'
import { Time } from '../ui/time.tsx'
import { toast } from '../ui/toasts.tsx'
import { Confirm } from '../ui/window.tsx'
import { Add } from './add.tsx'
import { Listed, Remove } from './listed.tsx'
import { newKeyPair, pkcs1Pem } from './new-key-pair.ts'
import { SavedOnce } from './shown-once.tsx'
import { pathOf, type Key } from './tenant.ts'

const ROLES = [
  ['help-desk', 'Help desk'],
  ['super-admin', 'Super-admin'],
] as const

const COLUMNS: Columns<Key> = [
  column('Description', ({ description }) => description || <span className="soft">none</span>),
  column('Role', ({ role }) => (
    <Badge tone={role === 'super-admin' ? 'info' : 'quiet'}>
      {role === 'super-admin' ? 'Super-admin' : 'Help desk'}
    </Badge>
  )),
  column('Access id', ({ accessID }) => <ShortId id={accessID} />),
  column('Since', ({ createdAt }) => <Time at={createdAt} />),
  column('', (key) => <Revoke keyRow={key} />),
]

function Revoke({ keyRow: { accessID, description } }: { keyRow: Key }) {
  const name = description || 'this key'
  const path = `/keys/${encodeURIComponent(accessID)}`
  return (
    <div className="actions">
      <Quarantine name={name} path={path} />
      <Remove action="Revoke" title={`Revoke ${name}?`} list="keys" path={path} done="The key is revoked">
        What uses it is refused within 30 seconds, everywhere. A revoked key does not come back.
      </Remove>
    </div>
  )
}

/** Revokes a key that may be in wrong hands, and voids all that it has issued. */
function Quarantine({ name, path }: { name: string; path: string }) {
  const client = useQueryClient()
  const { tenant } = useSession()
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <Button small onClick={() => setAsked(true)}>
        Quarantine
      </Button>
      <Confirm
        title={`Quarantine ${name}?`}
        action="Quarantine"
        isDanger
        typed={tenant.id}
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={async () => {
          const { voided } = await call<VoidJob>('POST', pathOf(tenant.id, `${path}/quarantine`), {
            body: {},
          })
          await client.invalidateQueries({ queryKey: ['keys'] })
          toast(`The key is revoked, and ${voided.toLocaleString()} of its codes are void so far`)
        }}
      >
        The key is revoked, makes no code from now on, and every live code that it has made is voided.
      </Confirm>
    </>
  )
}

/** API keys: what programs sign their tokens with. */
export function Keys() {
  const { tenant } = useSession()
  return (
    <Listed
      title="API keys"
      lead="Programs sign their tokens with them. People do not need one: they sign in here."
      list="keys"
      read={async (signal) => {
        const { keys } = await call<{ keys: Key[] }>('GET', pathOf(tenant.id, '/keys'), { signal })
        return keys
      }}
      rowKey={({ accessID }) => accessID}
      columns={COLUMNS}
      empty="Your tenant has no API key"
      add={<AddKey />}
    />
  )
}

function AddKey() {
  const { tenant } = useSession()
  const [role, setRole] = useState<string>('help-desk')
  const [description, setDescription] = useState('')
  const add = async () => {
    const { publicKey, privateKey } = await newKeyPair()
    const made = await call<{ customerName: string; accessID: string; adminRestApiUrl: string }>(
      'POST',
      pathOf(tenant.id, '/keys'),
      { body: { publicKey, role, description } },
    )
    const { customerName, accessID, adminRestApiUrl } = made
    const file = {
      customerName,
      accessID,
      accessKey: await pkcs1Pem(privateKey),
      adminRestApiUrl,
      description,
    }
    return <SavedOnce name={`${tenant.id}.key`} content={`${JSON.stringify(file, null, 2)}\n`} />
  }
  return (
    <Add title="Add an API key" list="keys" onAdd={add}>
      <Choice label="Role" value={role} options={ROLES} onPick={setRole} />
      <TextField
        label="Description"
        hint="What it is for, as the list shows it."
        maxLength={255}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
    </Add>
  )
}
