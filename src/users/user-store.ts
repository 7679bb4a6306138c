import { and, asc, count, eq, getTableColumns, sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { newEventId, type Actor } from '../audit/admin-event.ts'
import { maskAddress } from '../audit/admin-event-store.ts'
import { adminEvents, jsonEach, resetCodes, userEvents, users } from '../database/schema.ts'

/** The statements about users. Each function is one round trip, a change and its event one transaction. */

export type User = Omit<typeof users.$inferSelect, 'tenantId'>

/** What every statement is bound to. */
export type DirectoryScope = { db: D1Database; tenantId: string; now: number }

const { tenantId: _, ...userColumns } = getTableColumns(users)

export async function insertUser(scope: DirectoryScope, actor: Actor, user: User) {
  const { db, tenantId } = scope
  const orm = drizzle(db)
  try {
    await orm.batch([
      orm.insert(users).values({ ...user, tenantId }),
      recordUserEvent(scope, actor, 'user.create', user.id),
    ])
    return 'stored'
  } catch (error) {
    const message = String(error)
    if (/UNIQUE constraint failed: .*user_name_key/.test(message)) return 'user-name-taken'
    if (/UNIQUE constraint failed: .*email_key/.test(message)) return 'email-taken'
    throw error
  }
}

export async function findUser({ db, tenantId }: DirectoryScope, id: string): Promise<User | undefined> {
  return await drizzle(db)
    .select(userColumns)
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.id, id)))
    .get()
}

/** What a search may compare: canonical forms only. */
export type UserFilter = { column: 'userNameKey' | 'emailKey'; value: string }

/** One page of the users that match, all of them without a filter, and how many there are. */
export async function searchUsers(
  { db, tenantId }: DirectoryScope,
  filter: UserFilter | undefined,
  page: { offset: number; limit: number },
): Promise<{ total: number; page: User[] }> {
  const orm = drizzle(db)
  const matches = and(eq(users.tenantId, tenantId), filter && eq(users[filter.column], filter.value))
  const [[counted], found] = await orm.batch([
    orm.select({ total: count() }).from(users).where(matches),
    orm
      .select(userColumns)
      .from(users)
      .where(matches)
      .orderBy(asc(users.emailKey))
      .limit(page.limit)
      .offset(page.offset),
  ])
  return { total: counted?.total ?? 0, page: found }
}

/** Changes a user's status and attributes. Disabling ends the user's codes: none comes back with the user. */
export async function updateUser(
  scope: DirectoryScope,
  actor: Actor,
  id: string,
  changes: Pick<User, 'updatedAt'> & Partial<Pick<User, 'status' | 'attributes'>>,
): Promise<boolean> {
  const { db, tenantId } = scope
  const orm = drizzle(db)
  const isDisabling = changes.status === 'disabled'
  const [, , updated] = await orm.batch([
    recordUserEvent(scope, actor, isDisabling ? 'user.disable' : 'user.update', id),
    endCodes(scope, id, isDisabling),
    orm
      .update(users)
      .set(changes)
      .where(and(eq(users.tenantId, tenantId), eq(users.id, id)))
      .returning({ id: users.id }),
  ])
  return updated.length === 1
}

/** Removes a user and their codes. @returns whether there was such a user. */
export async function deleteUser(scope: DirectoryScope, actor: Actor, id: string): Promise<boolean> {
  const { db, tenantId } = scope
  const orm = drizzle(db)
  const [, , deleted] = await orm.batch([
    recordUserEvent(scope, actor, 'user.delete', id),
    orm.delete(resetCodes).where(codesOf(tenantId, id)),
    orm
      .delete(users)
      .where(and(eq(users.tenantId, tenantId), eq(users.id, id)))
      .returning({ id: users.id }),
  ])
  return deleted.length === 1
}

export async function countUsers(db: D1Database, tenantId: string): Promise<number> {
  const [row] = await drizzle(db).select({ total: count() }).from(users).where(eq(users.tenantId, tenantId))
  return row?.total ?? 0
}

/** Removes every row of a tenant from its database. */
export async function deleteTenantData(db: D1Database, tenantId: string): Promise<void> {
  const orm = drizzle(db)
  await orm.batch([
    orm.delete(resetCodes).where(eq(resetCodes.tenantId, tenantId)),
    orm.delete(users).where(eq(users.tenantId, tenantId)),
    orm.delete(adminEvents).where(eq(adminEvents.tenantId, tenantId)),
    orm.delete(userEvents).where(eq(userEvents.tenantId, tenantId)),
  ])
}

function codesOf(tenantId: string, userId: string): SQL | undefined {
  return and(eq(resetCodes.tenantId, tenantId), eq(resetCodes.userId, userId))
}

/**
 * The statement that ends a user's codes and marks the user as voided, also without a code: what was
 * asked for before is not mailed after.
 */
function endCodes({ db, tenantId, now }: DirectoryScope, id: string, isDisabling: boolean) {
  const isOpen = sql`${resetCodes.endedAt} IS NULL AND ${resetCodes.codeId} <> ''`
  return drizzle(db)
    .insert(resetCodes)
    .select(
      sql`SELECT ${users.id}, mode.value, ${tenantId}, '', '', '', 0, 0, 0, 0, NULL, NULL, ${now}, NULL, NULL, NULL
        FROM ${users} CROSS JOIN ${jsonEach('["PASSWORD_RESET","ENROLLMENT"]')} mode
        WHERE ${users.tenantId} = ${tenantId} AND ${users.id} = ${id} AND ${isDisabling}`,
    )
    .onConflictDoUpdate({
      target: [resetCodes.userId, resetCodes.mode],
      set: {
        endedAt: sql`iif(${isOpen}, ${now}, ${resetCodes.endedAt})`,
        endedAs: sql`iif(${isOpen}, 'voided', ${resetCodes.endedAs})`,
        voidedAt: now,
      },
    })
}

/** Records what is done to a user, if there is one; the address is masked where it lies. */
function recordUserEvent({ db, tenantId, now }: DirectoryScope, actor: Actor, action: string, id: string) {
  return drizzle(db)
    .insert(adminEvents)
    .select(
      sql`SELECT ${tenantId}, ${newEventId(now)}, ${now}, ${actor.accessId}, ${action}, NULL, ${users.id},
        ${maskAddress(sql`${users.emailKey}`)}, 'done', ${actor.sourceIp}, ${actor.requestId}
      FROM ${users} WHERE ${users.tenantId} = ${tenantId} AND ${users.id} = ${id}`,
    )
}
