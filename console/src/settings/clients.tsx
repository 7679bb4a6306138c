import { useState } from 'react'
import { call } from '../api/call.ts'
import { useSession } from '../session/session.ts'
import { column, type Columns } from '../ui/data-table.tsx'
import { CheckField, TextField } from '../ui/field.tsx'
import { ShortId } from '../ui/short-id.tsx'
import { Time } from '../ui/time.tsx'
import { Add } from './add.tsx'
import { Listed, Remove } from './listed.tsx'
import { newKeyPair, privateJwk } from './new-key-pair.ts'
import { SavedOnce } from './shown-once.tsx'
import { pathOf, type Client } from './tenant.ts'

const SCOPES = [
  ['rsa.user.read', 'Read users'],
  ['rsa.user.manage', 'Codes; read, enable and disable users'],
  ['rsa.user.factor.manage', 'Codes'],
  ['rsa.user.verify', 'Verify callers'],
  ['rsa.user.sync', 'Synchronise users'],
  ['rsa.user.delete', 'Delete users'],
  ['rsa.user.delete.soft', 'Mark users as deleted'],
  ['rsa.user.local.manage', 'Read, add and change users'],
  ['rsa.user.risky.read', 'Read the list of high risk'],
  ['rsa.user.risky.manage', 'Read and change it'],
  ['rsa.audit.admin', 'Read the log of administrators'],
  ['rsa.audit.user', 'Read the log of users'],
] as const

const COLUMNS: Columns<Client> = [
  column('Description', ({ description }) => description || <span className="soft">none</span>),
  column('Scopes', ({ scopes }) => <span className="mono small">{scopes.join(' ')}</span>),
  column('Client id', ({ clientId }) => <ShortId id={clientId} />),
  column('Keys', ({ jwks }) => jwks.keys.map(({ kty }) => kty).join(', ')),
  column('Since', ({ createdAt }) => <Time at={createdAt} />),
  column('', (client) => <Delete client={client} />),
]

function Delete({ client: { clientId, description } }: { client: Client }) {
  return (
    <Remove
      action="Delete"
      title={`Delete ${description || 'this client'}?`}
      list="clients"
      path={`/clients/${encodeURIComponent(clientId)}`}
      done="The client is deleted"
    >
      Its tokens end within 30 seconds, everywhere.
    </Remove>
  )
}

/** OAuth clients: programs that get access tokens with the scopes that they need and no more. */
export function Clients() {
  const { tenant } = useSession()
  return (
    <Listed
      title="OAuth clients"
      lead="Programs that get tokens for an hour, with the scopes that they need and no more. Ten at most."
      list="clients"
      read={async (signal) => {
        const { clients } = await call<{ clients: Client[] }>('GET', pathOf(tenant.id, '/clients'), {
          signal,
        })
        return clients
      }}
      rowKey={({ clientId }) => clientId}
      columns={COLUMNS}
      empty="Your tenant has no OAuth client"
      add={<AddClient />}
    />
  )
}

function AddClient() {
  const { tenant } = useSession()
  const [scopes, setScopes] = useState<readonly string[]>([])
  const [description, setDescription] = useState('')
  const add = async () => {
    const { publicKey, privateKey } = await newKeyPair()
    const kid = crypto.randomUUID()
    const jwks = { keys: [{ ...publicKey, kid, alg: 'RS256', use: 'sig' }] }
    const body = { jwks, scopes, description }
    const { clientId, issuer, tokenEndpoint } = await call<Client>('POST', pathOf(tenant.id, '/clients'), {
      body,
    })
    const file = {
      clientId,
      issuer,
      tokenEndpoint,
      scopes,
      privateKey: await privateJwk(privateKey, kid),
      description,
    }
    return <SavedOnce name={`${tenant.id}-client.json`} content={`${JSON.stringify(file, null, 2)}\n`} />
  }
  const toggle = (scope: string) =>
    setScopes(scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope])
  return (
    <Add title="Add an OAuth client" list="clients" isReady={scopes.length > 0} onAdd={add}>
      <TextField
        label="Description"
        maxLength={255}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <fieldset className="checks">
        <legend className="group-label">Scopes</legend>
        {SCOPES.map(([scope, words]) => (
          <CheckField
            key={scope}
            label={words}
            hint={<code>{scope}</code>}
            checked={scopes.includes(scope)}
            onChange={() => toggle(scope)}
          />
        ))}
      </fieldset>
    </Add>
  )
}
