import { UserError } from '../user-error.ts'

/** A tenant as the operator API shows it. */
export type KnownTenant = {
  id: string
  name: string
  hosts: string[]
  /** Without the secrets of its hooks, which the service keeps when the policy is put back. */
  policy: object
  database: string
  adminRestApiUrl: string
}

/** What was asked for; undefined, or no hosts, where nothing was said. */
type Wanted = {
  hosts: readonly string[]
  name: string | undefined
  policy: unknown
  database: string | undefined
}

/**
 * The body of the `PUT` that brings a tenant from what is known of it to what is wanted, or nothing when
 * nothing is. A `PUT` replaces the whole record, so that what was not named comes from what is there.
 *
 * @throws {UserError} when something that was not named would be lost.
 */
export function changed(
  id: string,
  known: KnownTenant | undefined,
  { hosts, name, policy, database }: Wanted,
  mayReplaceHosts: boolean,
): object | undefined {
  if (known === undefined) {
    if (hosts.length === 0) {
      throw new UserError(`There is no tenant ${id} yet, and a new one needs a host: --host ${id}.localhost`)
    }
    return { name: name ?? id, hosts, policy: policy ?? {}, ...(database !== undefined && { database }) }
  }
  if (hosts.length === 0 && [name, policy, database].every((value) => value === undefined)) return undefined
  const lost = hosts.length === 0 ? [] : known.hosts.filter((host) => !hosts.includes(host))
  if (lost.length > 0 && !mayReplaceHosts) {
    throw new UserError(
      `${id} would lose ${lost.join(', ')}. To keep what it has, add ${lost.map((host) => `--host ${host}`).join(' ')}; to let it go, add --replace-hosts.`,
    )
  }
  return {
    name: name ?? known.name,
    hosts: hosts.length === 0 ? known.hosts : hosts,
    policy: policy ?? known.policy,
    ...(database !== undefined && { database }),
  }
}
