import { and, eq, sql, type SQL } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { drizzle } from 'drizzle-orm/d1'
import { COUNTER_DIGITS, newEventIdPrefix, type Actor } from '../audit/admin-event.ts'
import { eventIdOf, maskAddress } from '../audit/admin-event-store.ts'
import { UNNUMBERED } from '../audit/event-number.ts'
import { budgetDigests, keepBudgets, takeBudgets } from '../codes/budget-store.ts'
import type { CodeCaps } from '../codes/code-store.ts'
import { voidCodesOfAll } from '../codes/void-store.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, resetCodes, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'
import type { DirectoryScope, User } from './user-store.ts'

/**
 * Many changes of users in few round trips. Each statement takes a list, so that a thousand users cost no more
 * statements than one. A change is made as a whole or not at all, and none hurts another: what cannot be made any more
 * has no event, and every other statement goes by the event.
 */

/** Characters of one list: D1 takes 2,000,000 bytes, and a character may be three. */
const LIST_CHARACTERS_MAX = 500_000

/** What is added to the number of a change for its second event. */
const SECOND_EVENT = 2_048

/** A change of a user. `number` tells it from the others, and orders their events: below {@link SECOND_EVENT}. */
export type Change =
  | { tag: 'create'; number: number; after: User }
  /** Of this version of the user alone. */
  | { tag: 'update'; number: number; before: User; after: User }
  | { tag: 'delete'; number: number; before: User }

/** Changes of which none is about a user, an address or a user name that another one is about. */
export type Stage = readonly Change[]

/** What the database knows of the users that changes are about. */
export type Known = {
  users: User[]
  /** Whose the user names and addresses are. */
  owners: Pick<User, 'id' | 'userNameKey' | 'emailKey'>[]
}

/** The users of these ids, and who has these user names and addresses: one round trip. */
export async function findKnown(
  { db, tenantId }: TenantScope,
  about: { ids: readonly string[]; userNameKeys: readonly string[]; emailKeys: readonly string[] },
): Promise<Known> {
  const orm = drizzle(db)
  const isOurs = eq(users.tenantId, tenantId)
  const keys = { id: users.id, userNameKey: users.userNameKey, emailKey: users.emailKey }
  const among = (
    column: typeof users.id | typeof users.emailKey | typeof users.userNameKey,
    values: readonly string[],
  ) => and(isOurs, sql`${column} IN (SELECT value FROM ${jsonEach(JSON.stringify(values))})`)
  const [known, byName, byAddress] = await orm.batch([
    orm.select().from(users).where(among(users.id, about.ids)),
    orm.select(keys).from(users).where(among(users.userNameKey, about.userNameKeys)),
    orm.select(keys).from(users).where(among(users.emailKey, about.emailKeys)),
  ])
  return { users: known, owners: [...byName, ...byAddress] }
}

/**
 * Makes the changes, one stage after the other, all with their events in one transaction. D1 runs 1,000 statements for
 * one call of the Worker, so that there must be few stages: each takes up to 15, and more where its lists are long.
 *
 * @returns the numbers of the changes that were made. The others met a user who was not as expected.
 */
export async function changeUsers(
  scope: DirectoryScope & CodeCaps,
  actor: Actor,
  stages: readonly Stage[],
): Promise<Set<number>> {
  const eventIdPrefix = newEventIdPrefix(scope.now)
  const { db, tenantId, now, attemptsMax, failuresMax } = scope
  const values = { ...actor, tenantId, now, attemptsMax, failuresMax, eventIdPrefix }
  const statements = stages.flatMap((stage) =>
    (['create', 'update', 'delete'] as const).flatMap((tag) => {
      const entries = stage.filter((change) => change.tag === tag).map((change) => entryOf(scope, change))
      return listsOf(entries).flatMap((some) => {
        const given = { ...values, entries: JSON.stringify(some) }
        return batchesOf(tag, some).flatMap((batch) => batch.statements(db, given))
      })
    }),
  )
  const made = new Set<number>()
  const results = statements.length > 0 ? await db.batch<{ number?: string }>(statements) : []
  for (const { number = '' } of results.flatMap((result) => result.results)) {
    const nth = Number.parseInt(number, 16)
    if (nth < SECOND_EVENT) made.add(nth)
  }
  return made
}

/** Entries in lists that are short enough each for one parameter. They build upon nothing of each other. */
function listsOf<Entry>(entries: readonly Entry[]): Entry[][] {
  const lists: Entry[][] = []
  let room = 0
  for (const entry of entries) {
    const { length } = JSON.stringify(entry)
    if (lists.length === 0 || length > room) {
      lists.push([])
      room = LIST_CHARACTERS_MAX
    }
    lists.at(-1)?.push(entry)
    room -= length + 1
  }
  return lists
}

/** The statements that such entries need: most updates end no code, and move nobody. */
function batchesOf(tag: Change['tag'], entries: readonly { action: string; also?: string | undefined }[]) {
  switch (tag) {
    case 'create':
      return [creating]
    case 'update': {
      const isAny = (...actions: string[]) => entries.some(({ action }) => actions.includes(action))
      return [
        recordingUpdates,
        ...(entries.some(({ also }) => also !== undefined) ? [recordingSeconds] : []),
        ...(isAny('user.address', 'user.disable') ? [endingCodes] : []),
        ...(isAny('user.address') ? [movingBudgets] : []),
        updating,
      ]
    }
    case 'delete':
      return [deleting]
  }
}

/** A change as the statements read it. */
function entryOf({ peppers, tenantId, now }: DirectoryScope, change: Change) {
  const { number } = change
  const digestsOf = ({ emailKey }: User) => budgetDigests(peppers, tenantId, emailKey)
  switch (change.tag) {
    case 'create':
      return { ...change.after, number, action: 'user.create', take: digestsOf(change.after) }
    case 'update': {
      const { before, after } = change
      const isMoved = before.emailKey !== after.emailKey
      const turned = after.status === 'disabled' ? 'user.disable' : 'user.enable'
      const status = before.status === after.status ? undefined : turned
      return {
        ...after,
        number,
        version: before.updatedAt,
        updatedAt: Math.max(now, before.updatedAt + 1),
        action: isMoved ? 'user.address' : (status ?? 'user.update'),
        also: isMoved ? status : undefined,
        ...(isMoved && { movedTo: after.emailKey, keep: digestsOf(before), take: digestsOf(after) }),
      }
    }
    case 'delete': {
      const { id, updatedAt } = change.before
      return { id, number, version: updatedAt, action: 'user.delete', keep: digestsOf(change.before) }
    }
  }
}

type Values = Actor & CodeCaps & { tenantId: string; now: number; eventIdPrefix: string; entries: string }
type GivenValues = Placeholders<Values>

const field = (name: string) => sql.raw(`entry.value ->> '${name}'`)
const other = alias(users, 'other')

/** The entries whose event has been written: their changes are made. */
function made(given: GivenValues): SQL {
  return sql`${jsonEach(given.entries)} entry CROSS JOIN ${adminEvents}
    ON ${adminEvents.tenantId} = ${given.tenantId} AND ${adminEvents.id} = ${eventIdOf(given, field('number'))}`
}

const whoseBudgets = (given: GivenValues, digests: 'keep' | 'take') => ({
  from: made(given),
  userId: sql`${field('id')}`,
  digests: sql.raw(`coalesce(entry.value -> '${digests}', '[]')`),
})

const idsMade = (given: GivenValues) => sql`(SELECT ${field('id')} AS id FROM ${made(given)})`

/** The statement that writes the events of those entries that can be made. */
function record(
  orm: Orm,
  given: GivenValues,
  target: SQL,
  source: SQL,
  { number, action } = { number: field('number'), action: field('action') },
) {
  const { tenantId, now, accessId, sourceIp, requestId } = given
  const row = {
    tenantId,
    id: eventIdOf(given, number),
    occurredAt: now,
    accessId,
    action,
    mode: null,
    userId: field('id'),
    target: maskAddress(target),
    result: sql`'done'`,
    sourceIp,
    requestId,
    channel: null,
    destination: sql`iif(${action} = 'user.address', ${maskAddress(field('movedTo'))}, NULL)`,
    reason: null,
    ...UNNUMBERED,
  }
  return orm
    .insert(adminEvents)
    .select(selectRow(adminEvents, row, source))
    .returning({ number: sql`substr(${adminEvents.id}, ${sql.raw(String(-COUNTER_DIGITS))})`.as('number') })
}

/** Whether nobody else has the user name or the address of the entry. */
function isFree({ tenantId }: GivenValues): SQL {
  const hasNone = (column: typeof other.emailKey | typeof other.userNameKey, name: string) =>
    sql`NOT EXISTS (SELECT 1 FROM ${users} other WHERE ${other.tenantId} = ${tenantId}
      AND ${column} = ${field(name)} AND ${other.id} <> ${field('id')})`
  return sql`${hasNone(other.userNameKey, 'userNameKey')} AND ${hasNone(other.emailKey, 'emailKey')}`
}

/** The user of the entry, in the version that it expects. */
function joinUser({ tenantId, entries }: GivenValues): SQL {
  return sql`${jsonEach(entries)} entry CROSS JOIN ${users} ON ${users.tenantId} = ${tenantId}
    AND ${users.id} = ${field('id')} AND ${users.updatedAt} = ${field('version')}`
}

const STATED = {
  email: field('email'),
  emailKey: field('emailKey'),
  userName: field('userName'),
  userNameKey: field('userNameKey'),
  status: field('status'),
  attributes: field('attributes'),
  updatedAt: field('updatedAt'),
}

const creating = new PreparedBatch<Values>((orm, given) => [
  record(orm, given, field('emailKey'), sql`FROM ${jsonEach(given.entries)} entry WHERE ${isFree(given)}`),
  orm.insert(users).select(
    selectRow(
      users,
      {
        ...STATED,
        id: field('id'),
        tenantId: given.tenantId,
        createdAt: field('createdAt'),
        highRiskAt: null,
        frozenUntil: null,
      },
      sql`FROM ${made(given)}`,
    ),
  ),
  ...takeBudgets(orm, given, whoseBudgets(given, 'take')),
])

const recordingUpdates = new PreparedBatch<Values>((orm, given) => [
  record(orm, given, sql`${users.emailKey}`, sql`FROM ${joinUser(given)} WHERE ${isFree(given)}`),
])

/** Who gets another address and is disabled or enabled at once has two events, as in a call of their own. */
const recordingSeconds = new PreparedBatch<Values>((orm, given) => [
  record(
    orm,
    given,
    sql`${users.emailKey}`,
    sql`FROM ${made(given)} CROSS JOIN ${users} ON ${users.tenantId} = ${given.tenantId}
      AND ${users.id} = ${field('id')} WHERE ${field('also')} IS NOT NULL`,
    { number: sql`${field('number')} + ${sql.raw(String(SECOND_EVENT))}`, action: field('also') },
  ),
])

const endingCodes = new PreparedBatch<Values>((orm, given) => [
  voidCodesOfAll(
    orm,
    given,
    sql`(SELECT ${field('id')} AS id FROM ${made(given)}
      WHERE ${field('action')} IN ('user.address', 'user.disable'))`,
  ),
])

const movingBudgets = new PreparedBatch<Values>((orm, given) => [
  keepBudgets(orm, given, whoseBudgets(given, 'keep')),
  ...takeBudgets(orm, given, whoseBudgets(given, 'take')),
])

const updating = new PreparedBatch<Values>((orm, given) => [
  orm
    .update(users)
    .set(STATED)
    .from(made(given))
    .where(sql`${users.tenantId} = ${given.tenantId} AND ${users.id} = ${field('id')}`),
])

const deleting = new PreparedBatch<Values>((orm, given) => [
  record(orm, given, sql`${users.emailKey}`, sql`FROM ${joinUser(given)} WHERE 1`),
  keepBudgets(orm, given, whoseBudgets(given, 'keep')),
  orm
    .delete(resetCodes)
    .where(sql`${resetCodes.tenantId} = ${given.tenantId} AND ${resetCodes.userId} IN ${idsMade(given)}`),
  orm.delete(users).where(sql`${users.tenantId} = ${given.tenantId} AND ${users.id} IN ${idsMade(given)}`),
])
