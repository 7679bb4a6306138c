import { and, eq, getTableColumns, sql, type SQL } from 'drizzle-orm'
import { UNNUMBERED } from '../audit/event-number.ts'
import type { BatchItem } from 'drizzle-orm/batch'
import { drizzle } from 'drizzle-orm/d1'
import { COUNTER_DIGITS, newEventId, newEventIdPrefix, type Actor } from '../audit/admin-event.ts'
import { maskAddress } from '../audit/admin-event-store.ts'
import { deleteCodesOf, type CodeCaps } from '../codes/code-store.ts'
import { budgetDigests, keepBudget, takeBudget } from '../codes/budget-store.ts'
import { voidCodesOf } from '../codes/void-store.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { RepeatedCall, type IdempotentCall } from '../codes/idempotent-call.ts'
import { claim, runClaimed } from '../codes/idempotent-call-store.ts'
import { statementsOf, type Orm } from '../database/prepared-batch.ts'
import { adminEvents, deletedUsers, jsonEach, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'

/** The statements about users. Each function is one round trip, a change and its event one transaction. */

export type User = Omit<typeof users.$inferSelect, 'tenantId'>

/** What a change of who there is works with: wrong codes go with an address (G3). */
export type DirectoryScope = TenantScope & { peppers: Keyring }

const { tenantId: _, ...userColumns } = getTableColumns(users)

/**
 * Adds a user.
 *
 * @param call where the call may be repeated.
 * @throws {RepeatedCall} when it was made before. Nothing is changed then.
 */
export async function insertUser(
  scope: DirectoryScope,
  actor: Actor,
  user: Omit<User, 'highRiskAt' | 'frozenUntil'>,
  call?: IdempotentCall,
) {
  const { db, tenantId, now, peppers } = scope
  const orm = drizzle(db)
  const eventIdPrefix = newEventIdPrefix(now)
  // The first event of its call.
  const eventId = eventIdPrefix + '0'.repeat(COUNTER_DIGITS)
  const statements = statementsOf(db, [
    orm.insert(users).values({ ...user, tenantId }),
    ...takeBudget(orm, scope, user.id, budgetDigests(peppers, tenantId, user.emailKey)),
    recordUserChange(orm, scope, actor, 'user.create', user.id, { eventId }),
  ])
  const claimed = call ? claim(scope, call, { part: 0, pepperId: peppers[0].id, eventIdPrefix }) : []
  try {
    await runClaimed(db, claimed, statements)
    return 'stored'
  } catch (error) {
    if (error instanceof RepeatedCall) throw error
    return collisionOf(error)
  }
}

/**
 * What of a user another one has already.
 *
 * @throws the error, when it is about something else.
 */
export function collisionOf(error: unknown): 'user-name-taken' | 'email-taken' {
  const messages = [error, error instanceof Error ? error.cause : undefined].map(String).join(' ')
  if (/UNIQUE constraint failed: .*user_name_key/.test(messages)) return 'user-name-taken'
  if (/UNIQUE constraint failed: .*email_key/.test(messages)) return 'email-taken'
  throw error
}

export async function findUser({ db, tenantId }: TenantScope, id: string): Promise<User | undefined> {
  return await drizzle(db)
    .select(userColumns)
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.id, id)))
    .get()
}

/** The users whom notices go to, by their ids; without those who have been disabled or deleted since. */
export async function findRecipients({ db, tenantId }: TenantScope, userIds: readonly string[]) {
  const isAmong = sql`${users.id} IN (SELECT value FROM ${jsonEach(JSON.stringify(userIds))})`
  const found = await drizzle(db)
    .select({ id: users.id, email: users.email, attributes: users.attributes })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), isAmong, eq(users.status, 'enabled')))
  return new Map(found.map((user) => [user.id, user]))
}

/** The id of the user with that address, or null. */
export async function findUserId({ db, tenantId }: TenantScope, emailKey: string): Promise<string | null> {
  const user = await drizzle(db)
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.emailKey, emailKey)))
    .get()
  return user?.id ?? null
}

/** What a change of a user may change. */
export type UserChanges = Partial<
  Pick<User, 'email' | 'emailKey' | 'userName' | 'userNameKey' | 'status' | 'attributes'>
>

/** Which user a change is meant for: of this version alone, where it names one. */
export type Target = { id: string; version?: number }

export type Updated =
  | { tag: 'updated'; updatedAt: number }
  | { tag: 'unknown' | 'user-name-taken' | 'email-taken' }

/**
 * Changes a user. Disabling voids the user's codes, and so does another address: none comes back with the user, and
 * none goes with the address to somebody else.
 *
 * @param moved the address that the user had, where it changes.
 * @returns `unknown` where there is no such user of that version.
 */
export async function updateUser(
  scope: DirectoryScope & CodeCaps,
  actor: Actor,
  { id, version }: Target,
  changes: UserChanges,
  moved?: { from: string; to: string },
): Promise<Updated> {
  const { db, tenantId, now, peppers } = scope
  const orm = drizzle(db)
  const isVersion = version === undefined ? sql`1` : sql`updated_at = ${version}`
  const isThis = and(eq(users.tenantId, tenantId), eq(users.id, id), isVersion)
  const isThere = sql`EXISTS (SELECT 1 FROM users WHERE tenant_id = ${tenantId} AND id = ${id} AND ${isVersion})`
  const hasEnded = changes.status === 'disabled' || moved !== undefined
  // The update last: the others are about what is there before it, and about this version alone.
  const [record, ...records] = recordUpdate(orm, scope, actor, id, { status: changes.status, moved, isThere })
  const end = voidCodesOf(orm, scope, id, isThere)
  const update = orm
    .update(users)
    // Later than the last version, also within its millisecond.
    .set({ ...changes, updatedAt: sql`max(${now}, ${users.updatedAt} + 1)` })
    .where(isThis)
    .returning({ updatedAt: users.updatedAt })
  const move = moved && [
    keepBudget(orm, scope, id, budgetDigests(peppers, tenantId, moved.from), isThere),
    ...takeBudget(orm, scope, id, budgetDigests(peppers, tenantId, moved.to), isThere),
  ]
  try {
    const done = await orm.batch([record, ...records, ...(hasEnded ? [end] : []), ...(move ?? []), update])
    const [updated] = done.at(-1) as Awaited<typeof update>
    return updated ? { tag: 'updated', updatedAt: updated.updatedAt } : { tag: 'unknown' }
  } catch (error) {
    return { tag: collisionOf(error) }
  }
}

/** The statements that record an update: each of what it changes at once is an event of its own. */
function recordUpdate(
  orm: Orm,
  scope: TenantScope,
  actor: Actor,
  id: string,
  {
    status,
    moved,
    isThere,
  }: { status: User['status'] | undefined; moved?: { to: string } | undefined; isThere: SQL },
) {
  const record = (action: string, only: SQL, movedTo?: string) =>
    recordUserChange(orm, scope, actor, action, id, { only, movedTo })
  const isComing = sql`${isThere} AND ${users.status} = 'disabled'`
  const enabled = status === 'enabled' ? [record('user.enable', isComing)] : []
  const disabled = status === 'disabled' ? [record('user.disable', isThere)] : []
  if (moved !== undefined) {
    return [record('user.address', isThere, moved.to), ...disabled, ...enabled] as const
  }
  const [disable] = disabled
  if (disable !== undefined) return [disable] as const
  const isOther = status === 'enabled' ? sql`${isThere} AND ${users.status} <> 'disabled'` : isThere
  return [record('user.update', isOther), ...enabled] as const
}

/**
 * Removes a user and their codes. Their wrong codes stay with the address, for a while.
 *
 * @param check throws for a version of the user that is not to be removed.
 * @returns whether there was such a user.
 */
export async function deleteUser(
  scope: DirectoryScope,
  actor: Actor,
  id: string,
  check: (user: User) => void = () => undefined,
): Promise<boolean> {
  const user = await findUser(scope, id)
  if (user === undefined) return false
  check(user)
  // Who is changed meanwhile is read again.
  return (await removeAsRead(scope, actor, user, 'user.delete')) || deleteUser(scope, actor, id, check)
}

/**
 * Removes a user who is still as they were read: their wrong codes go with the address that they have.
 *
 * @param keep what else is done with the row, before it is removed; its condition says whether it is that version.
 * @returns whether it was.
 */
export async function removeAsRead(
  scope: DirectoryScope,
  actor: Actor,
  { id, emailKey, updatedAt }: User,
  action: 'user.delete' | 'user.mark-deleted',
  keep: (orm: Orm, isAsRead: SQL) => BatchItem<'sqlite'>[] = () => [],
): Promise<boolean> {
  const { db, tenantId, peppers } = scope
  const orm = drizzle(db)
  const isAsRead = sql`EXISTS (SELECT 1 FROM users
    WHERE tenant_id = ${tenantId} AND id = ${id} AND updated_at = ${updatedAt})`
  const remove = orm
    .delete(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.id, id), isAsRead))
    .returning({ id: users.id })
  const done = await orm.batch([
    recordUserChange(orm, scope, actor, action, id, { only: isAsRead }),
    ...keep(orm, isAsRead),
    keepBudget(orm, scope, id, budgetDigests(peppers, tenantId, emailKey), isAsRead),
    deleteCodesOf(orm, tenantId, id, isAsRead),
    remove,
  ])
  return (done.at(-1) as Awaited<typeof remove>).length === 1
}

/**
 * The statement that records a change of a user, if there is such a user. The database masks the address itself.
 *
 * @param about when alone it is recorded; the address that the user gets; and whether the user is marked as deleted.
 */
export function recordUserChange(
  orm: Orm,
  { tenantId, now }: TenantScope,
  { accessId, sourceIp, requestId }: Actor,
  action: string,
  id: string,
  about: {
    only?: SQL
    movedTo?: string | undefined
    from?: typeof users | typeof deletedUsers
    eventId?: string
  } = {},
) {
  const { only = sql`1`, movedTo, from = users, eventId = newEventId(now) } = about
  const row = {
    tenantId,
    id: eventId,
    occurredAt: now,
    accessId,
    action,
    mode: null,
    userId: from.id,
    target: maskAddress(sql`${from.emailKey}`),
    result: 'done',
    sourceIp,
    requestId,
    channel: null,
    destination: movedTo === undefined ? null : maskAddress(sql`${movedTo}`),
    reason: null,
    ...UNNUMBERED,
  }
  const source = sql`FROM ${from} WHERE ${from.tenantId} = ${tenantId} AND ${from.id} = ${id} AND ${only}`
  return orm.insert(adminEvents).select(selectRow(adminEvents, row, source))
}
