import { HTTPException } from 'hono/http-exception'
import { isRecord } from '../../record.ts'
import type { Policy } from '../../tenants/policy.ts'
import type { Tenant } from '../../tenants/tenant.ts'

/** What a super-admin may change of their tenant, and what only the operator may. */

/**
 * What protects other tenants: how much a tenant may ask of what all share, whose hosts and which database are its own,
 * as whom it sends by the mailer of all, and for which service its grants are. And what would outlast the super-admin who
 * changed it, or hide what they do: how people sign in, how long the audit is kept, and whom a broken glass alerts.
 */
const OPERATORS_OWN =
  /^(?:hosts|database|policy\.(?:console|retention|origins|limits\.(?!issue\b).*|mail\.from|redeem\.audience|desk\.alertEmail))(?:\.|$)/

/** How much is told of what was changed. */
const NAMES_LENGTH_MAX = 400

/**
 * The names of what a record changes, for the audit: members of the policy by two levels.
 *
 * @throws {HTTPException} 403 naming what is the operator's to change.
 */
export function ownersChanges(
  existing: Pick<Tenant, 'name' | 'hosts' | 'database' | 'policy'>,
  wanted: { name: string; hosts: readonly string[]; database: string; policy: Policy },
): string {
  const changed = [
    ...(existing.name === wanted.name ? [] : ['name']),
    ...(isSame([...existing.hosts].toSorted(), [...wanted.hosts].toSorted()) ? [] : ['hosts']),
    ...(existing.database === wanted.database ? [] : ['database']),
    ...changedMembers('policy', existing.policy, wanted.policy, 2),
  ]
  const forbidden = changed.filter((name) => OPERATORS_OWN.test(name))
  if (forbidden.length > 0) {
    throw new HTTPException(403, { message: `Only the operator may change: ${forbidden.join(', ')}.` })
  }
  return changed.join(', ').slice(0, NAMES_LENGTH_MAX)
}

/** Members that differ, by their names with dots. What is absent has no members, so that its members are named too. */
function changedMembers(name: string, before: unknown, after: unknown, levels: number): string[] {
  if (isSame(before, after)) return []
  const [old = {}, wanted = {}] = [before, after]
  if (levels === 0 || !isRecord(old) || !isRecord(wanted)) return [name]
  const members = new Set([...Object.keys(old), ...Object.keys(wanted)])
  return [...members].flatMap((member) =>
    changedMembers(`${name}.${member}`, old[member], wanted[member], levels - 1),
  )
}

function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other)
}

/** JSON with the members in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    isRecord(each) ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))) : each,
  )
}
