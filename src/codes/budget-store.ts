import { and, sql, type SQL } from 'drizzle-orm'
import type { Given, Orm } from '../database/prepared-batch.ts'
import { jsonEach, resetCodes, spentBudgets, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'
import { hmac, type Keyring } from '../crypto/keyring.ts'
import { NO_CODE } from './code-store.ts'

/** The statements that keep the wrong codes of users who are gone, for whoever has their address next. */

/** For how long: NIST SP 800-63B counts wrong codes without an end, and nobody waits for a month to guess on. */
export const BUDGET_KEPT_MS = 30 * 24 * 3_600_000

type Scope = Pick<TenantScope, 'tenantId' | 'now'>

/**
 * Under what the wrong codes of an address are kept: no address is left behind by who is gone.
 *
 * @returns a digest by every pepper, the newest first.
 */
export function budgetDigests(peppers: Keyring, tenantId: string, emailKey: string): string[] {
  return peppers.map((pepper) => hmac(pepper, ['spent-budget', tenantId, emailKey]).toString('base64url'))
}

/** A condition under which alone a statement does anything. */
const ALWAYS = sql`1`

/**
 * Users and what their wrong codes are kept under, for a statement about several: what stands behind FROM, the id of
 * a user in it, and the JSON list of their digests.
 */
export type Whose = { from: SQL; userId: SQL; digests: SQL }

function whose(userId: string, digests: readonly string[], only: SQL): Whose {
  const from = sql`(SELECT ${userId} AS id, ${JSON.stringify(digests)} AS digests WHERE ${only}) whose`
  return { from, userId: sql`whose.id`, digests: sql`whose.digests` }
}

/**
 * The statement that keeps the wrong codes of a user who is about to go, if there are any.
 *
 * @param only when alone they are kept.
 */
export function keepBudget(
  orm: Orm,
  scope: Scope,
  userId: string,
  digests: readonly string[],
  only: SQL = ALWAYS,
) {
  return keepBudgets(orm, scope, whose(userId, digests, only))
}

/** {@link keepBudget} for several users. A freeze is kept as well: nobody gets rid of it by another account. */
export function keepBudgets(orm: Orm, { tenantId, now }: Given<Scope>, { from, userId, digests }: Whose) {
  const frozenUntil = sql`coalesce((SELECT frozen_until FROM users WHERE tenant_id = ${tenantId} AND id = ${resetCodes.userId}), 0)`
  const row = {
    tenantId: sql`${tenantId}`,
    digest: sql`${digests} ->> 0`,
    failures: resetCodes.failures,
    clientFailures: resetCodes.clientFailures,
    // A freeze may be longer.
    expiresAt: sql`max(${now} + ${sql.raw(String(BUDGET_KEPT_MS))}, ${frozenUntil})`,
    frozenUntil,
  }
  const source = sql`FROM ${from} CROSS JOIN ${resetCodes} WHERE ${resetCodes.userId} = ${userId}
    AND ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = 'PASSWORD_RESET' 
      AND (${resetCodes.failures} > 0 OR ${frozenUntil} > ${now})`
  return orm
    .insert(spentBudgets)
    .select(selectRow(spentBudgets, row, source))
    .onConflictDoUpdate({
      target: [spentBudgets.tenantId, spentBudgets.digest],
      set: {
        failures: sql`max(${spentBudgets.failures}, excluded.failures)`,
        clientFailures: sql`excluded.client_failures`,
        expiresAt: sql`max(${spentBudgets.expiresAt}, excluded.expires_at)`,
        frozenUntil: sql`max(${spentBudgets.frozenUntil}, excluded.frozen_until)`,
      },
    })
}

/**
 * The statements that give a user the wrong codes that their new address has, where they have not more of their own.
 *
 * @param only when alone they are given.
 */
export function takeBudget(
  orm: Orm,
  scope: Scope,
  userId: string,
  digests: readonly string[],
  only: SQL = ALWAYS,
) {
  return takeBudgets(orm, scope, whose(userId, digests, only))
}

/** {@link takeBudget} for several users. */
export function takeBudgets(orm: Orm, { tenantId, now }: Given<Scope>, { from, userId, digests }: Whose) {
  const row = {
    ...NO_CODE,
    userId: users.id,
    mode: sql`'PASSWORD_RESET'`,
    tenantId: sql`${tenantId}`,
    failures: spentBudgets.failures,
    clientFailures: spentBudgets.clientFailures,
  }
  // Of several that a user has by older peppers, the largest is left, in whatever order they come.
  const source = sql`FROM ${from} CROSS JOIN ${jsonEach(digests)} digest CROSS JOIN ${spentBudgets} CROSS JOIN ${users}
    WHERE ${spentBudgets.tenantId} = ${tenantId} AND ${spentBudgets.digest} = digest.value
      AND ${spentBudgets.expiresAt} > ${now} AND ${users.tenantId} = ${tenantId} AND ${users.id} = ${userId}`
  const frozen = sql`SELECT ${userId} AS id, spent.frozen_until AS until FROM ${from}
    CROSS JOIN ${jsonEach(digests)} digest CROSS JOIN spent_budgets spent
    WHERE spent.tenant_id = ${tenantId} AND spent.digest = digest.value AND spent.frozen_until > ${now}`
  return [
    orm
      .insert(resetCodes)
      .select(selectRow(resetCodes, row, source))
      .onConflictDoUpdate({
        target: [resetCodes.userId, resetCodes.mode],
        set: { failures: sql`excluded.failures`, clientFailures: sql`excluded.client_failures` },
        setWhere: sql`excluded.failures > ${resetCodes.failures}`,
      }),
    orm
      .update(users)
      // For the few who are frozen alone: the inner statement is run for no other.
      .set({
        frozenUntil: sql`(SELECT max(coalesce(users.frozen_until, 0), frozen.until) FROM (${frozen}) frozen
        WHERE frozen.id = users.id)`,
      })
      .where(
        sql`${users.tenantId} = ${tenantId} AND ${users.id} IN (SELECT frozen.id FROM (${frozen}) frozen)`,
      ),
    orm
      .delete(spentBudgets)
      .where(
        and(
          sql`${spentBudgets.tenantId} = ${tenantId}`,
          sql`${spentBudgets.digest} IN (SELECT digest.value FROM ${from} CROSS JOIN ${jsonEach(digests)} digest)`,
          sql`${spentBudgets.expiresAt} > ${now}`,
        ),
      ),
  ] as const
}

/** The statement that forgets some of what is too old, of all tenants of a database. */
export function purgeBudgets(orm: Orm, now: number, most: number) {
  const old = sql`SELECT tenant_id, digest FROM ${spentBudgets} WHERE expires_at <= ${now}
    ORDER BY expires_at LIMIT ${most}`
  return orm
    .delete(spentBudgets)
    .where(sql`(${spentBudgets.tenantId}, ${spentBudgets.digest}) IN (${old})`)
    .returning({ digest: spentBudgets.digest })
}
