import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { budgetDigests } from '../../src/codes/budget-store.ts'
import { config } from '../../src/config.ts'
import { markDeleted } from '../../src/users/deleted-user-store.ts'
import { deleteUser, updateUser } from '../../src/users/user-store.ts'
import { actions } from '../rig/scim.ts'
import { newTenant, NO_LIMITS } from '../rig/service.ts'

const JANE = 'jane@example.com'
const MOVED = 'moved@example.com'
const ACTOR = { accessId: 'a', sourceIp: '', requestId: 'r' }

/** The database, with something that happens between the first read and the first batch of whoever uses it. */
function interruptedD1(interrupt: () => Promise<unknown>): D1Database {
  let isNext = true
  return {
    prepare: (query: string) => env.DB.prepare(query),
    batch: async (statements: D1PreparedStatement[]) => {
      if (isNext) {
        isNext = false
        await interrupt()
      }
      return env.DB.batch(statements)
    },
  } as D1Database
}

/** A user with a wrong code, and a database in which another call changes them first. */
async function newRace() {
  const tenant = await newTenant({ policy: NO_LIMITS })
  const id = await tenant.addUser(JANE)
  await tenant.newCode(JANE)
  await tenant.validate(JANE, 'wrong')
  const { peppers } = config(env)
  const scope = { db: env.DB, tenantId: tenant.id, now: Date.now(), peppers }
  const move = () =>
    updateUser(
      { ...scope, attemptsMax: 10, failuresMax: 100 },
      ACTOR,
      { id },
      { email: MOVED, emailKey: MOVED },
      { from: JANE, to: MOVED },
    )
  const failuresOf = (address: string) =>
    env.DB.prepare('SELECT failures FROM spent_budgets WHERE tenant_id = ? AND digest = ?')
      .bind(tenant.id, budgetDigests(peppers, tenant.id, address)[0])
      .first('failures')
  return { tenant, id, failuresOf, scope: { ...scope, now: scope.now + 1, db: interruptedD1(move) } }
}

it.each([
  ['deleted', deleteUser, 'user.delete'],
  ['marked as deleted', markDeleted, 'user.mark-deleted'],
])('G3: wrong codes stay with the address of a user who moves while they are %s', async (_, act, action) => {
  const { tenant, id, scope, failuresOf } = await newRace()
  expect(await act(scope, ACTOR, id)).toBe(true)
  expect([await failuresOf(JANE), await failuresOf(MOVED)]).toEqual([1, 1])
  expect(await actions(tenant)).toEqual(['user.create', 'generate', 'user.address', action])
  expect((await tenant.scim('GET', `/Users/${id}`)).status).toBe(404)
})

it('R2: a version of a user that is not to be deleted is not, also when it comes at the last moment', async () => {
  const { tenant, id, scope } = await newRace()
  const check = ({ email }: { email: string }) => {
    if (email !== JANE) throw new Error('another version')
  }
  await expect(deleteUser(scope, ACTOR, id, check)).rejects.toThrow('another version')
  expect((await tenant.scim('GET', `/Users/${id}`)).status).toBe(200)
  expect(await actions(tenant)).toEqual(['user.create', 'generate', 'user.address'])
})
