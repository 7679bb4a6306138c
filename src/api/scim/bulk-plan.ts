import { HTTPException } from 'hono/http-exception'
import type { Change, Known } from '../../users/user-bulk-store.ts'
import type { User } from '../../users/user-store.ts'
import { canonicalEmailAddress } from '../../codes/email-address.ts'
import type { Operation } from './bulk-request.ts'
import { differences, patched, replaced } from './changed-user.ts'
import { notUnique } from './errors.ts'
import { noSuchUser } from './resource.ts'
import { readUser, userNameKey, versionOf, type UserStatement } from './scim-user.ts'

/** An operation of a bulk request with what it is called by. */
export type Numbered = Operation & {
  number: number
  /** The id of the user whom it adds. */
  newId: string
}

/** What one operation comes to, if the database is still as it was read. */
export type Planned =
  | { tag: 'refused'; error: HTTPException }
  | { tag: 'planned'; change: Change; stage: number }
  /** The user is as they are to be. */
  | { tag: 'unchanged'; change: Change }

/** Parts of one operation's data that are looked at for texts. */
const PARTS_MAX = 200

/** The user names and addresses that the operations may give to users, and more: whose they are must be known. */
export function keysOf(operations: readonly Operation[]) {
  const texts = operations.flatMap(({ data }) => textsOf(data))
  return {
    userNameKeys: [...new Set(texts.map(userNameKey))],
    emailKeys: [...new Set(texts.map(canonicalEmailAddress).filter((key) => key !== undefined))],
  }
}

/** Where there are more, a collision with somebody else is found only when the change is made. */
function textsOf(data: unknown): string[] {
  const texts: string[] = []
  const open = [data]
  for (let seen = 0; seen < PARTS_MAX && open.length > 0; seen += 1) {
    const next = open.pop()
    if (typeof next === 'string' && next.length <= 255) texts.push(next)
    if (typeof next === 'object' && next !== null) {
      open.push(...(Object.values(next) as unknown[]).slice(0, PARTS_MAX))
    }
  }
  return texts
}

/** Changes of one request that each build upon the one before: D1 runs 1,000 statements for a call of the Worker. */
const STAGES_MAX = 50

/** Works out what operations come to, one after the other, each upon what those before it have left. */
export class BulkPlan {
  readonly #users: Map<string, User>
  readonly #byName: Map<string, string>
  readonly #byAddress: Map<string, string>
  /** The last stage that is about a user, a user name or an address. */
  readonly #stages = new Map<string, number>()
  readonly #added: ReadonlyMap<string, string>
  readonly #now: number
  readonly #mayDelete: boolean

  /** @param added the ids of the users whom operations add, by their `bulkId`. */
  constructor(
    { users, owners }: Known,
    { added, now, mayDelete }: { added: ReadonlyMap<string, string>; now: number; mayDelete: boolean },
  ) {
    this.#users = new Map(users.map((user) => [user.id, user]))
    this.#byName = new Map(owners.map(({ userNameKey, id }) => [userNameKey, id]))
    this.#byAddress = new Map(owners.map(({ emailKey, id }) => [emailKey, id]))
    this.#added = added
    this.#now = now
    this.#mayDelete = mayDelete
  }

  plan(operation: Numbered): Planned {
    try {
      const change = this.#changeOf(operation)
      if (change.tag === 'update' && change.after === change.before) return { tag: 'unchanged', change }
      return { tag: 'planned', change, stage: this.#apply(change) }
    } catch (error) {
      if (error instanceof HTTPException) return { tag: 'refused', error }
      throw error
    }
  }

  #changeOf({ method, target, version, data, fault, number, newId }: Numbered): Change {
    if (fault !== undefined) throw fault
    if (method === 'POST') {
      const times = { createdAt: this.#now, updatedAt: this.#now, highRiskAt: null, frozenUntil: null }
      const after = { ...readUser(data), id: newId, ...times }
      this.#requireFree(after)
      return { tag: 'create', number, after }
    }
    if (method === 'DELETE' && !this.#mayDelete) {
      throw new HTTPException(403, { message: 'This token does not allow deleting users.' })
    }
    const before = this.#require(target)
    const known = versionOf(before.updatedAt)
    if (version !== undefined && version !== '*' && version !== known) {
      throw new HTTPException(412, { message: 'The user has changed meanwhile. Read them again.' })
    }
    if (method === 'DELETE') return { tag: 'delete', number, before }
    const stated: UserStatement = method === 'PUT' ? replaced(before, data) : patched(before, data)
    // What an operation before this one changes may come to nothing: then this one is what changes it.
    const isUntouched = !this.#stages.has(`id ${before.id}`)
    if (isUntouched && Object.keys(differences(before, stated)).length === 0) {
      return { tag: 'update', number, before, after: before }
    }
    const after = { ...before, ...stated, updatedAt: Math.max(this.#now, before.updatedAt + 1) }
    this.#requireFree(after)
    return { tag: 'update', number, before, after }
  }

  #require(target: Operation['target']): User {
    const id = target && ('id' in target ? target.id : this.#added.get(target.bulkId))
    const user = id === undefined ? undefined : this.#users.get(id)
    if (user !== undefined) return user
    if (target === undefined || 'id' in target) throw noSuchUser()
    throw new HTTPException(409, { message: 'No operation before this one has added a user of this bulkId.' })
  }

  #requireFree({ id, userNameKey, emailKey }: User): void {
    const isTaken = (owner: string | undefined) => owner !== undefined && owner !== id
    if (isTaken(this.#byName.get(userNameKey)) || isTaken(this.#byAddress.get(emailKey))) throw notUnique()
  }

  /** Remembers the change, and finds the stage that it is to be made in: behind all that it builds upon. */
  #apply(change: Change): number {
    const before = change.tag === 'create' ? undefined : change.before
    const after = change.tag === 'delete' ? undefined : change.after
    const touched = [before, after].flatMap((user) =>
      user ? [`id ${user.id}`, `name ${user.userNameKey}`, `address ${user.emailKey}`] : [],
    )
    const stage = Math.max(...touched.map((name) => (this.#stages.get(name) ?? -1) + 1))
    if (stage >= STAGES_MAX) {
      throw new HTTPException(413, {
        message: `A request changes one user, user name or address ${STAGES_MAX} times at most. Send this operation in another.`,
      })
    }
    if (before !== undefined) {
      this.#users.delete(before.id)
      this.#byName.delete(before.userNameKey)
      this.#byAddress.delete(before.emailKey)
    }
    if (after !== undefined) {
      this.#users.set(after.id, after)
      this.#byName.set(after.userNameKey, after.id)
      this.#byAddress.set(after.emailKey, after.id)
    }
    for (const name of touched) this.#stages.set(name, stage)
    return stage
  }
}
