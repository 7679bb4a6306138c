import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../../../src/local.ts'
import { colleague, desk, generateAs, newDesk, USER, type Desk } from '../../rig/desk.ts'
import { handle } from '../../rig/deliveries.ts'
import { newRequest } from '../../rig/service.ts'

/** Who closes the connection, once a code is on its way, cannot keep its user from being told (F5, S5). */

const GENERATE = '/users/generateVerifyCode/resetPassword'
const ELSEWHERE = 'thief@elsewhere.example'

/** A call whose caller hangs up as the queue is asked: the runtime then does what it was told to go on with, and no more. */
async function hungUp({ tenant }: Desk, token: string, path: string, body?: unknown): Promise<unknown[]> {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const messages: unknown[] = []
  const send = async (...bodies: unknown[]) => {
    asked.resolve()
    await answer.promise
    messages.push(...bodies)
  }
  const sendBatch = (batch: Iterable<{ body: unknown }>) => send(...[...batch].map(({ body }) => body))
  const DELIVERIES = { send: (one: unknown) => send(one), sendBatch } as unknown as Queue
  const kept: Promise<unknown>[] = []
  const context = { waitUntil: (promise: Promise<unknown>) => kept.push(promise), props: {} }
  const url = `https://${tenant.host}/AdminInterface/restapi/v1${path}`
  void app.fetch(newRequest(url, { token, body }), { ...env, DELIVERIES }, context as unknown as ExecutionContext) // oxfmt-ignore
  await asked.promise
  const isPending = (promise: Promise<unknown>) =>
    Promise.race([promise.then(() => false), scheduler.wait(50).then(() => true)])
  expect((await Promise.all(kept.map(isPending))).filter(Boolean)).toHaveLength(1)
  answer.resolve()
  // What is told to go on may tell more to.
  for (let n = 0; n < kept.length; n += 1) await kept[n]
  return messages
}

async function toldOf({ hook }: Desk, messages: unknown[]) {
  await handle(messages)
  return hook.mails.map(({ to, type }) => [to, type])
}

const TOLD = [
  [ELSEWHERE, 'reset-code.issued'],
  [USER, 'reset-code.notice'],
]

describe('F5: whoever hangs up', () => {
  it('as a code goes to another address does not keep its user from being told', async () => {
    const made = await newDesk()
    const body = { email: USER, code_send_to: 'EMAIL', custom_email: ELSEWHERE }
    const messages = await hungUp(made, await made.tenant.token(), GENERATE, body)
    expect(await toldOf(made, messages)).toEqual(TOLD)
  })

  it('nor as a code is collected', async () => {
    const made = await newDesk({ fourEyes: {} })
    const { tenant } = made
    const [first, second] = [await tenant.token(), await colleague(tenant)]
    const entry = { code_send_to: 'EMAIL', custom_email: ELSEWHERE }
    const { result } = await generateAs(tenant, first, entry)
    const [, id = ''] = /request ([\da-f-]{36})/.exec(result.errorMessage ?? '') ?? []
    expect((await desk(tenant, second, `/approvals/${id}/approve`)).status).toBe(200)
    const messages = await hungUp(made, first, `/approvals/${id}/collect`)
    expect(await toldOf(made, messages)).toEqual(TOLD)
  })
})
