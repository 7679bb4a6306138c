import { and, asc, eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Actor } from '../audit/admin-event.ts'
import { challengeAnswers, jsonEach, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'
import { recordUserChange } from './user-store.ts'

/** The statements about the answers of one user. Each function is one round trip. */

/** An answer as it is kept. */
export type KeptAnswer = { challengeCode: string; digest: string; pepperId: string }

/**
 * Replaces the answers of a user by these, in the order in which their questions are to be asked; by none, there is
 * nothing to ask.
 *
 * @returns whether there is such a user; if not, nothing is changed.
 */
export async function putAnswers(
  scope: TenantScope,
  actor: Actor,
  userId: string,
  answers: readonly KeptAnswer[],
): Promise<boolean> {
  const { db, tenantId } = scope
  const orm = drizzle(db)
  const isThis = and(eq(users.tenantId, tenantId), eq(users.id, userId))
  const isThere = sql`EXISTS (SELECT 1 FROM ${users} WHERE ${isThis})`
  const row = {
    tenantId,
    userId: users.id,
    position: sql`entry.key`,
    challengeCode: sql`entry.value ->> 'challengeCode'`,
    digest: sql`entry.value ->> 'digest'`,
    pepperId: sql`entry.value ->> 'pepperId'`,
  }
  const source = sql`FROM ${users} CROSS JOIN ${jsonEach(JSON.stringify(answers))} entry WHERE ${isThis}`
  const action = answers.length > 0 ? 'user.challenges.set' : 'user.challenges.remove'
  const [found] = await orm.batch([
    orm.select({ id: users.id }).from(users).where(isThis),
    recordUserChange(orm, scope, actor, action, userId),
    // Those of a user who is marked as deleted stay, as the user may.
    orm
      .delete(challengeAnswers)
      .where(and(eq(challengeAnswers.tenantId, tenantId), eq(challengeAnswers.userId, userId), isThere)),
    orm.insert(challengeAnswers).select(selectRow(challengeAnswers, row, source)),
  ])
  return found.length === 1
}

/** The codes of the questions that a user has answers to, in their order; nothing where there is no such user. */
export async function answeredQuestions(
  { db, tenantId }: TenantScope,
  userId: string,
): Promise<string[] | undefined> {
  const rows = await drizzle(db)
    .select({ code: challengeAnswers.challengeCode })
    .from(users)
    .leftJoin(
      challengeAnswers,
      and(eq(challengeAnswers.tenantId, users.tenantId), eq(challengeAnswers.userId, users.id)),
    )
    .where(and(eq(users.tenantId, tenantId), eq(users.id, userId)))
    .orderBy(asc(challengeAnswers.position))
  return rows.length === 0 ? undefined : rows.flatMap(({ code }) => code ?? [])
}
