import { existsSync, rmSync } from 'node:fs'
import { PERMISSIONS } from '../src/tenants/role.ts'
import { runWithArguments, UsageError } from './command-line.ts'
import { readOperatorKeyFile, writeKeyFile, type OperatorKeyFile } from './keys/key-file.ts'
import { bodyOf, operate, RefusalError } from './operator/operator-client.ts'
import { newTenantKey } from './operator/tenant-key.ts'
import { keyPath, shown } from './local/home.ts'
import { reservePrivateFile } from './private-file.ts'
import { UserError } from './user-error.ts'

/** `npm run key -- TENANT ROLE [DESCRIPTION]`: makes an API key for a tenant, and its key file. */

const ROLES = Object.keys(PERMISSIONS)
const OPERATOR_DEFAULT = keyPath('operator.key')

const USAGE = `Usage: npm run key -- TENANT ROLE [DESCRIPTION] [options]

Makes an RSA key pair, registers its public part for a tenant, and writes the tenant's key file. The
private part is in that file alone: nobody can make the file again.

  TENANT            the id of a tenant that is there: npm run tenant -- TENANT --host HOST
  ROLE              ${ROLES.join(' or ')}
  DESCRIPTION       what the key is for, as lists of keys show it
  --out FILE        the key file; default ${shown(keyPath('TENANT.key'))}, never overwritten
  --operator FILE   the operator's key file, which also names the service; default ${shown(OPERATOR_DEFAULT)}

Example:
  npm run key -- acme super-admin "Reset page of Acme"`

await runWithArguments(
  USAGE,
  { out: { type: 'string' }, operator: { type: 'string', default: OPERATOR_DEFAULT } },
  ({ positionals, values: { out, operator } }) => {
    const [tenantId = '', role = '', description = '', ...others] = positionals
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(tenantId)) throw new UsageError('Name a tenant by its id.')
    if (!ROLES.includes(role)) throw new UsageError(`ROLE must be ${ROLES.join(' or ')}, not "${role}".`)
    if (others.length > 0) throw new UsageError('Put the DESCRIPTION in quotes.')
    return { tenantId, role, description, operator, path: out ?? keyPath(`${tenantId}.key`) }
  },
  async ({ tenantId, role, description, operator, path }) => {
    const operatorKey = readOperatorKeyFile(operator)
    requireNew(path)
    await requireTenant(operatorKey, tenantId)
    // Before the key is registered: one that cannot be kept must not come to be.
    reservePrivateFile(path)
    try {
      writeKeyFile(path, await newTenantKey(operatorKey, tenantId, role, description))
    } catch (error) {
      rmSync(path, { force: true })
      if (!(error instanceof RefusalError) || error.status !== 409) throw error
      const advice = await howToRevoke(operatorKey, tenantId, operator)
      throw new UserError(`${error.message}\n${advice}`, { cause: error })
    }
    console.log(`Wrote ${shown(path)}: a ${role} key of ${tenantId}. A token of it, valid for an hour:

  TOKEN=$(npm run --silent token -- ${shown(path)})`)
  },
)

function requireNew(path: string): void {
  if (!existsSync(path)) return
  throw new UserError(
    `${shown(path)} is there already, and is never overwritten. Move it away, or name another file with --out FILE.`,
  )
}

/** @throws {UserError} when there is no such tenant. */
async function requireTenant(operatorKey: OperatorKeyFile, tenantId: string): Promise<void> {
  const found = await operate(operatorKey, 'GET', `/tenants/${tenantId}`)
  if (found.status !== 404) {
    await bodyOf(found)
    return
  }
  throw new UserError(
    `${operatorKey.baseUrl} has no tenant ${tenantId}. Make it first: npm run tenant -- ${tenantId} --host HOST`,
  )
}

type Keys = { keys: { accessID: string; role: string; createdAt: string; description: string }[] }

/** What to do when a tenant has as many keys as it may: which there are, and how one is revoked. */
async function howToRevoke(
  operatorKey: OperatorKeyFile,
  tenantId: string,
  operator: string,
): Promise<string> {
  const path = `/tenants/${tenantId}/keys`
  const { keys } = await bodyOf<Keys>(await operate(operatorKey, 'GET', path))
  const rows = keys.map(({ accessID, role, createdAt, description }) =>
    `  ${accessID}  ${createdAt.slice(0, 10)}  ${role}  ${description}`.trimEnd(),
  )
  return [
    ...rows,
    '',
    `  curl -sw '%{http_code}\\n' -X DELETE ${operatorKey.baseUrl}/operator/v1${path}/ACCESS_ID \\`,
    `    -H "Authorization: Bearer $(npm run --silent token -- ${shown(operator)})"`,
  ].join('\n')
}
