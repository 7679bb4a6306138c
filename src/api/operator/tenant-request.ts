import type { Context } from 'hono'
import * as v from 'valibot'
import { config, databaseBinding } from '../../config.ts'
import { fetchedLogo, withLogo } from './fetched-logo.ts'
import { isAllowedTarget } from '../../hooks/target.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { InvalidMembers } from '../../http/problem.ts'
import { checkMembers, type InvalidMember } from '../../invalid-member.ts'
import { isRecord } from '../../record.ts'
import { withStoredSecrets } from '../../tenants/hook-secrets.ts'
import { parsePolicy, policyUrls } from '../../tenants/policy.ts'
import type { Tenant } from '../../tenants/tenant.ts'

const HOSTS_MAX = 20

/** A host name in the form that a request's URL shows it. */
const hostSchema = v.pipe(
  v.string('must be a host name'),
  v.check((host) => canonicalHost(host) === host, 'must be a host name in lower case, without a port'),
)

export const tenantSchema = v.strictObject(
  {
    name: v.pipe(v.string('is required'), v.regex(/^[^\p{Cc}]{1,100}$/u, 'must be 1 to 100 characters')),
    hosts: v.pipe(
      v.array(hostSchema, 'is required: a list of host names'),
      v.maxLength(HOSTS_MAX, `must hold at most ${HOSTS_MAX} host names`),
      v.check((hosts) => new Set(hosts).size === hosts.length, 'names a host twice'),
    ),
    policy: v.optional(v.unknown()),
    database: v.optional(v.pipe(v.string('must be the name of a D1 binding'))),
    // A record as it was fetched may be put: what is not the operator's to change is passed over.
    id: v.optional(v.unknown()),
    adminRestApiUrl: v.optional(v.unknown()),
    createdAt: v.optional(v.unknown()),
  },
  'must be an object with name, hosts and policy',
)

/**
 * Reads what is to become of a tenant: its policy as sent, and with its defaults.
 *
 * @param existing the tenant as it is stored.
 * @throws {InvalidMembers} 400 naming every member that is wrong.
 */
export async function readTenantRequest(c: Context<OperatorEnv>, id: string, existing: Tenant | undefined) {
  const sent = await readJson(c)
  const body = checkMembers(tenantSchema, sent)
  const sentPolicy = isRecord(sent) && Object.hasOwn(sent, 'policy') ? sent.policy : {}
  const policy = withStoredSecrets(sentPolicy, existing?.policy)
  const parsed = parsePolicy(policy)
  const errors = body.tag === 'invalid' ? body.errors : identityErrors(c, sent, id, existing)
  if (body.tag === 'invalid' || parsed.tag === 'invalid') {
    throw new InvalidMembers([...errors, ...(parsed.tag === 'invalid' ? parsed.errors : [])])
  }
  const { isLocalRun } = config(c.env)
  const unreachable = policyUrls(parsed.policy).filter(({ url }) => !isAllowedTarget(url, isLocalRun))
  for (const { member } of unreachable) {
    errors.push({ member, problem: 'must be https to a host of the internet' })
  }
  if (errors.length > 0) throw new InvalidMembers(errors)
  const { name, hosts, database } = body.output
  const logo = await fetchedLogo(parsed.policy, isLocalRun)
  return {
    name,
    hosts,
    database,
    policy: withLogo(policy, logo),
    parsedPolicy: withLogo(parsed.policy, logo),
  }
}

/** What contradicts the path, or this Worker. A tenant that exists stays in its database, whatever that is. */
function identityErrors(
  c: Context<OperatorEnv>,
  sent: unknown,
  id: string,
  existing: Tenant | undefined,
): InvalidMember[] {
  const { id: sentId = id, database = 'DB' } = isRecord(sent) ? sent : {}
  const isUnknown = typeof database === 'string' && databaseBinding(c.env, database) === undefined
  return [
    ...(sentId === id ? [] : [{ member: 'id', problem: 'is not the id in the path' }]),
    ...(existing === undefined && isUnknown
      ? [{ member: 'database', problem: 'must be the name of a D1 binding of this Worker' }]
      : []),
  ]
}

function canonicalHost(host: string): string | undefined {
  const url = `http://${host}`
  return /^[^\s/:@?#\\%*]+$/.test(host) && URL.canParse(url) ? new URL(url).hostname : undefined
}
