import type { Context } from 'hono'
import type { HTTPException } from 'hono/http-exception'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { mayAlso } from '../../http/authenticate.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { admitKey } from '../../http/key-limits.ts'
import { changeUsers, findKnown, type Change } from '../../users/user-bulk-store.ts'
import { BulkPlan, keysOf, type Numbered } from './bulk-plan.ts'
import { readBulk, type BulkRequest } from './bulk-request.ts'
import { scimError } from './errors.ts'
import { beingChanged, ROUNDS_MAX, scim } from './resource.ts'
import { versionOf } from './scim-user.ts'

type Outcome = { tag: 'made'; change: Change } | { tag: 'refused'; error: HTTPException }

/**
 * `POST /scim/v2/Bulk` (RFC 7644 §3.7): up to 1,000 operations in the order given. A request costs as many units of
 * its key's bucket as it has operations.
 */
export async function bulk(c: Context<AdminEnv>): Promise<Response> {
  const request = readBulk(await readJson(c))
  await admitKey(c, request.operations.length)
  const operations = request.operations.map((each, number) => ({
    ...each,
    number,
    newId: crypto.randomUUID(),
  }))
  const outcomes = await perform(c, { ...request, operations })
  return scim(c, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'],
    Operations: operations.flatMap((operation) => {
      const outcome = outcomes.get(operation.number)
      return outcome === undefined ? [] : [answerOf(c, operation, outcome)]
    }),
  })
}

/**
 * What each operation came to, by its number. Those behind the last error that the client accepts are not tried, and
 * not in it.
 */
async function perform(
  c: Context<AdminEnv>,
  { operations, failOnErrors }: Pick<BulkRequest, 'failOnErrors'> & { operations: Numbered[] },
): Promise<Map<number, Outcome>> {
  const scope = { ...directoryScopeOf(c), ...c.get('tenant').policy.code }
  const mayDelete =
    !operations.some(({ method }) => method === 'DELETE') || (await mayAlso(c, 'users:deprovision', 'scim'))
  const added = new Map(
    operations.flatMap(({ bulkId, method, fault, newId }) =>
      method === 'POST' && bulkId !== undefined && fault === undefined ? [[bulkId, newId] as const] : [],
    ),
  )
  const ids = operations.flatMap(({ target }) =>
    target === undefined ? [] : ['id' in target ? target.id : (added.get(target.bulkId) ?? '')],
  )
  const about = { ids, ...keysOf(operations) }
  const outcomes = new Map<number, Outcome>()
  let open = operations
  for (let round = 0; round < ROUNDS_MAX && open.length > 0; round += 1) {
    const plan = new BulkPlan(await findKnown(scope, about), { added, now: scope.now, mayDelete })
    const stages: Change[][] = []
    const planned: Numbered[] = []
    let errors = [...outcomes.values()].filter(({ tag }) => tag === 'refused').length
    for (const operation of open) {
      if (errors >= failOnErrors) break
      const outcome = plan.plan(operation)
      if (outcome.tag === 'refused') {
        errors += 1
        outcomes.set(operation.number, outcome)
      } else if (outcome.tag === 'unchanged') {
        outcomes.set(operation.number, { tag: 'made', change: outcome.change })
      } else {
        planned.push(operation)
        const stage = (stages[outcome.stage] ??= [])
        stage.push(outcome.change)
      }
    }
    const made = await changeUsers(scope, actorOf(c), stages)
    for (const change of stages.flat())
      if (made.has(change.number)) outcomes.set(change.number, { tag: 'made', change })
    open = planned.filter(({ number }) => !made.has(number))
  }
  for (const { number } of open) outcomes.set(number, { tag: 'refused', error: beingChanged() })
  return outcomes
}

function answerOf(c: Context<AdminEnv>, { method, bulkId, target }: Numbered, outcome: Outcome) {
  const named = { method, ...(bulkId !== undefined && { bulkId }) }
  const location = (id: string) => `${config(c.env).baseUrl}/scim/v2/Users/${id}`
  if (outcome.tag === 'refused') {
    const { error } = outcome
    const { status, message } = error
    return {
      ...named,
      ...(target && 'id' in target && { location: location(target.id) }),
      status: String(status),
      response: scimError({ status, message, error }),
    }
  }
  const { change } = outcome
  switch (change.tag) {
    case 'create':
    case 'update': {
      const { id, updatedAt } = change.after
      const status = change.tag === 'create' ? '201' : '200'
      return { ...named, location: location(id), version: versionOf(updatedAt), status }
    }
    case 'delete':
      return { ...named, location: location(change.before.id), status: '204' }
  }
}
