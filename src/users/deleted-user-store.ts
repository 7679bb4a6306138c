import { and, eq, getTableColumns, lte, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Actor } from '../audit/admin-event.ts'
import { budgetDigests, takeBudget } from '../codes/budget-store.ts'
import type { CodeCaps } from '../codes/code-store.ts'
import { voidCodesOf } from '../codes/void-store.ts'
import type { Orm } from '../database/prepared-batch.ts'
import { deletedUsers, users } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import { collisionOf, findUser, recordUserChange, removeAsRead, type DirectoryScope } from './user-store.ts'

/**
 * The statements about users who are marked as deleted. They lie in a table of their own, so that no other
 * statement can find them, and their address and name are free.
 */

/** For how long a user can be restored. */
export const RESTORABLE_MS = 7 * 24 * 3_600_000

const { tenantId: _, deletedAt: __, deletedBy: ___, ...kept } = getTableColumns(deletedUsers)

/**
 * Marks a user as deleted: their codes end, and they are gone but for {@link restoreUser}. Doing it again changes
 * nothing.
 *
 * @returns whether the user is marked now.
 */
export async function markDeleted(scope: DirectoryScope, actor: Actor, id: string): Promise<boolean> {
  const { tenantId, now } = scope
  const user = await findUser(scope, id)
  if (user === undefined) return isMarked(scope, id)
  const row = { ...getTableColumns(users), tenantId, deletedAt: now, deletedBy: sql`${actor.accessId}` }
  const isRemoved = await removeAsRead(scope, actor, user, 'user.mark-deleted', (orm, isAsRead) => {
    const source = sql`FROM ${users} WHERE ${users.tenantId} = ${tenantId} AND ${users.id} = ${id} AND ${isAsRead}`
    return [
      orm
        .insert(deletedUsers)
        .select(selectRow(deletedUsers, row, source))
        .onConflictDoNothing(),
    ]
  })
  // Who is changed meanwhile is read again.
  return isRemoved || markDeleted(scope, actor, id)
}

/**
 * Brings a user back who was marked as deleted, as they were, but without any code: what was asked for before is
 * never mailed.
 *
 * @returns `unknown` where nobody of that id is marked and nobody is there either.
 */
export async function restoreUser(
  scope: DirectoryScope & CodeCaps,
  actor: Actor,
  id: string,
): Promise<'restored' | 'unknown' | 'user-name-taken' | 'email-taken'> {
  const { db, tenantId, peppers } = scope
  const orm = drizzle(db)
  const isThis = and(eq(deletedUsers.tenantId, tenantId), eq(deletedUsers.id, id))
  const marked = await orm.select({ emailKey: deletedUsers.emailKey }).from(deletedUsers).where(isThis).get()
  if (marked === undefined) return (await findUser(scope, id)) ? 'restored' : 'unknown'
  const source = sql`FROM ${deletedUsers} WHERE ${deletedUsers.tenantId} = ${tenantId} AND ${deletedUsers.id} = ${id}`
  // Another call may have brought the user back meanwhile: then this one does nothing.
  const isMarked = sql`EXISTS (SELECT 1 ${source})`
  try {
    await orm.batch([
      recordUserChange(orm, scope, actor, 'user.restore', id, { from: deletedUsers }),
      orm.insert(users).select(selectRow(users, { ...kept, tenantId }, source)),
      ...takeBudget(orm, scope, id, budgetDigests(peppers, tenantId, marked.emailKey), isMarked),
      voidCodesOf(orm, scope, id, isMarked),
      orm.delete(deletedUsers).where(isThis),
    ])
    return 'restored'
  } catch (error) {
    return collisionOf(error)
  }
}

/** Removes a user for good who was marked as deleted. */
export async function purgeUser(scope: DirectoryScope, actor: Actor, id: string): Promise<boolean> {
  const orm = drizzle(scope.db)
  const [, purged] = await orm.batch([
    recordUserChange(orm, scope, actor, 'user.delete', id, { from: deletedUsers }),
    orm
      .delete(deletedUsers)
      .where(and(eq(deletedUsers.tenantId, scope.tenantId), eq(deletedUsers.id, id)))
      .returning({ id: deletedUsers.id }),
  ])
  return purged.length === 1
}

/** The statement that removes some of those whose time is over, of all tenants of a database. */
export function purgeUsers(orm: Orm, now: number, most: number) {
  const old = orm
    .select({ id: deletedUsers.id })
    .from(deletedUsers)
    .where(lte(deletedUsers.deletedAt, now - RESTORABLE_MS))
    .orderBy(deletedUsers.deletedAt)
    .limit(most)
  return orm
    .delete(deletedUsers)
    .where(sql`${deletedUsers.id} IN (${old})`)
    .returning({ id: deletedUsers.id })
}

async function isMarked({ db, tenantId }: DirectoryScope, id: string): Promise<boolean> {
  const found = await drizzle(db)
    .select({ id: deletedUsers.id })
    .from(deletedUsers)
    .where(and(eq(deletedUsers.tenantId, tenantId), eq(deletedUsers.id, id)))
    .get()
  return found !== undefined
}
