import { existsSync, rmSync } from 'node:fs'
import { isScope, SCOPES } from '../src/tenants/scope.ts'
import { runWithArguments, UsageError } from './command-line.ts'
import { readOperatorKeyFile, writeKeyFile } from './keys/key-file.ts'
import { keyPath, shown } from './local/home.ts'
import { newTenantClient } from './operator/tenant-client.ts'
import { reservePrivateFile } from './private-file.ts'
import { UserError } from './user-error.ts'

/** `npm run client -- TENANT SCOPE ...`: registers an OAuth client for a tenant, and writes its file. */

const OPERATOR_DEFAULT = keyPath('operator.key')

const USAGE = `Usage: npm run client -- TENANT SCOPE [SCOPE ...] [options]

Makes an RSA key pair, registers its public part as an OAuth client of a tenant, and writes the client's
file: clientId, issuer, tokenEndpoint, scopes, and the private key as a JWK. The private part is in that
file alone: nobody can make the file again.

  TENANT              the id of a tenant that is there: npm run tenant -- TENANT --host HOST
  SCOPE               what the client may do: ${Object.keys(SCOPES).slice(0, 4).join(', ')},
                      ${Object.keys(SCOPES).slice(4, 8).join(', ')},
                      ${Object.keys(SCOPES).slice(8).join(', ')}
  --description TEXT  what the client is for, as lists of clients show it
  --out FILE          the client's file; default ${shown(keyPath('TENANT-client.json'))}, never overwritten
  --operator FILE     the operator's key file, which also names the service; default ${shown(OPERATOR_DEFAULT)}

Example:
  npm run client -- acme rsa.user.read rsa.user.factor.manage --description "Ticket system"`

await runWithArguments(
  USAGE,
  {
    description: { type: 'string', default: '' },
    out: { type: 'string' },
    operator: { type: 'string', default: OPERATOR_DEFAULT },
  },
  ({ positionals, values: { description, out, operator } }) => {
    const [tenantId = '', ...scopes] = positionals
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(tenantId)) throw new UsageError('Name a tenant by its id.')
    if (scopes.length === 0) throw new UsageError('Name a scope.')
    const unknown = scopes.find((scope) => !isScope(scope))
    if (unknown !== undefined) throw new UsageError(`There is no scope ${unknown}.`)
    return { tenantId, scopes, description, operator, path: out ?? keyPath(`${tenantId}-client.json`) }
  },
  async ({ tenantId, scopes, description, operator, path }) => {
    const operatorKey = readOperatorKeyFile(operator)
    if (existsSync(path)) {
      throw new UserError(
        `${shown(path)} is there already, and is never overwritten. Move it away, or name another file with --out FILE.`,
      )
    }
    // Before the client is registered: one whose key cannot be kept must not come to be.
    reservePrivateFile(path)
    try {
      writeKeyFile(path, await newTenantClient(operatorKey, tenantId, scopes, description))
    } catch (error) {
      rmSync(path, { force: true })
      throw error
    }
    console.log(`Wrote ${shown(path)}: an OAuth client of ${tenantId}. An access token of it, valid for an hour:

  TOKEN=$(npm run --silent token -- ${shown(path)})`)
  },
)
