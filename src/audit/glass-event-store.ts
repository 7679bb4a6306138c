import type { TenantScope } from '../database/scope.ts'

/** That a rule of the desk was passed, for whoever is told of it. */
export type GlassEvent = {
  /** The key or person. */
  who: string
  /** The address of the user, masked. */
  whom: string
  /** Such as `freeze`, `verification`, `four-eyes`, joined by `+`. */
  rules: string
  reason: string
}

/** The events of broken glass, by their ids; without those that have not come to be. */
export async function findBrokenGlass(
  { db, tenantId }: TenantScope,
  ids: readonly string[],
): Promise<Map<string, GlassEvent>> {
  const { results } = await db
    .prepare(
      `SELECT id, access_id AS who, target AS whom, substr(reason, 1, instr(reason, ': ') - 1) AS rules,
         substr(reason, instr(reason, ': ') + 2) AS reason FROM admin_events
       WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2)) AND action = 'break-glass'`,
    )
    .bind(tenantId, JSON.stringify(ids))
    .all<GlassEvent & { id: string }>()
  return new Map(results.map(({ id, ...event }) => [id, event]))
}
