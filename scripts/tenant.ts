import { readFileSync } from 'node:fs'
import { runWithArguments, UsageError } from './command-line.ts'
import { readOperatorKeyFile } from './keys/key-file.ts'
import { bodyOf, isLocal, operate } from './operator/operator-client.ts'
import { keyPath, shown } from './local/home.ts'
import { changed, type KnownTenant } from './operator/tenant-change.ts'
import { UserError } from './user-error.ts'

/** `npm run tenant -- ID --host HOST ...`: creates a tenant, or changes one. */

const OPERATOR_DEFAULT = keyPath('operator.key')

const USAGE = `Usage: npm run tenant -- ID [options]

Creates a tenant, or changes the one that is there: what is not named stays as it is.

  ID                1 to 63 of a-z, 0-9 and hyphens
  --host HOST       a host name of its pages and admin API, without a port; repeat it for each.
                    A new tenant needs one. On this machine, names under .localhost work at once
  --name NAME       what its users read in mails; default the ID
  --policy FILE     its policy as JSON, the whole of it: docs/api.md lists the members
  --database DB_X   the D1 binding that its data goes to; chosen once
  --replace-hosts   let hosts go that are not named again
  --operator FILE   the operator's key file, which also names the service; default ${shown(OPERATOR_DEFAULT)}

Example:
  npm run tenant -- acme --host acme.localhost --name Acme`

await runWithArguments(
  USAGE,
  {
    host: { type: 'string', multiple: true, default: [] },
    name: { type: 'string' },
    policy: { type: 'string' },
    database: { type: 'string' },
    'replace-hosts': { type: 'boolean', default: false },
    operator: { type: 'string', default: OPERATOR_DEFAULT },
  },
  ({ positionals: [id = '', ...others], values }) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) {
      throw new UsageError(
        'The ID of a tenant is 1 to 63 of a-z, 0-9 and hyphens, not starting with a hyphen.',
      )
    }
    if (others.length > 0) throw new UsageError(`One ID, not "${[id, ...others].join(' ')}".`)
    return { id, ...values }
  },
  async ({ id, host, name, policy, database, operator, 'replace-hosts': mayReplaceHosts }) => {
    const operatorKey = readOperatorKeyFile(operator)
    const found = await operate(operatorKey, 'GET', `/tenants/${id}`)
    const known = found.status === 404 ? undefined : await bodyOf<KnownTenant>(found)
    const wanted = {
      hosts: host,
      name,
      policy: policy === undefined ? undefined : readPolicy(policy),
      database,
    }
    const body = changed(id, known, wanted, mayReplaceHosts)
    if (known !== undefined && body === undefined) {
      console.log(record('Nothing to change in', known))
      return
    }
    const stored = await bodyOf<KnownTenant>(await operate(operatorKey, 'PUT', `/tenants/${id}`, body))
    console.log(record(known === undefined ? 'Created' : 'Changed', stored))
    console.log(nextSteps(stored, isLocal(operatorKey.baseUrl)))
  },
)

function record(deed: string, { id, name, hosts, database, adminRestApiUrl }: KnownTenant): string {
  return [
    `${deed} tenant ${id} (${name}).`,
    `  hosts      ${hosts.join(', ')}`,
    `  database   ${database}`,
    `  admin API  ${adminRestApiUrl}`,
  ].join('\n')
}

/** What is left to do, once a tenant is there. */
function nextSteps({ id }: KnownTenant, isLocalRun: boolean): string {
  const route = isLocalRun ? '' : 'Every host needs a route to the Worker in wrangler.toml, and a deploy.\n'
  return `${route}A key for it:\n\n  npm run key -- ${id} super-admin`
}

function readPolicy(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const problem =
      code === undefined ? 'is not JSON' : code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`
    throw new UserError(`The policy ${path} ${problem}.`, { cause: error })
  }
}
