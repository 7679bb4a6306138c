import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sealMessage } from '../../src/delivery/message.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { countingD1 } from '../rig/counting-d1.ts'
import { ask, handle, heldQueue, requestHeld } from '../rig/deliveries.ts'
import { failWritesOf } from '../rig/fail-writes.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { newTenant, NO_LIMITS, type Tenant } from '../rig/service.ts'
import { storedCode } from '../rig/stored-code.ts'
import { userEvents } from '../rig/user-events.ts'

const BATCH = 100

afterEach(() => {
  vi.useRealTimers()
})

async function newMailed({ policy = {}, users = 1 }: { policy?: object; users?: number } = {}) {
  const hook = newMailHook()
  const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy, ...policy }, users })
  return { hook, tenant }
}

/** Messages that each bring a mail to the tenant's hook, whatever came before. */
function notices(tenant: Tenant, userId: string, count: number): Promise<string[]> {
  const keys = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
  const notice = { kind: 'notice', tenantId: tenant.id, userId, notice: 'voided', requestedAt: 0 } as const
  return Promise.all(
    Array.from({ length: count }, (_, nth) => sealMessage(keys, { ...notice, noticeId: `${nth}` })),
  )
}

describe('a hook that hangs', () => {
  it('L2: holds a neighbour up for no more than 2 s, behind 1,000 messages', async () => {
    const [hanging, { hook, tenant }] = [await newMailed({ users: 0 }), await newMailed()]
    const userId = await hanging.tenant.addUser('one@example.com')
    const messages = await notices(hanging.tenant, userId, 1_000)
    messages.push(String(await ask(tenant, 'user1@example.com')))
    hanging.hook.answer = 'hanging'
    const bindings = { SLOW_DELIVERIES: heldQueue() as unknown as Queue }
    const startedAt = performance.now()
    for (let from = 0; from < messages.length; from += BATCH) {
      await handle(messages.slice(from, from + BATCH), { bindings })
    }
    expect(hook.mails).toHaveLength(1)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  it('L2: does not hold up a neighbour of the same batch at all', async () => {
    const [hanging, { hook, tenant }] = [await newMailed({ users: 0 }), await newMailed()]
    const messages = await notices(hanging.tenant, await hanging.tenant.addUser('one@example.com'), 20)
    messages.push(String(await ask(tenant, 'user1@example.com')))
    hanging.hook.answer = 'hanging'
    const handled = handle(messages, { bindings: { SLOW_DELIVERIES: heldQueue() as unknown as Queue } })
    await vi.waitFor(() => expect(hook.mails).toHaveLength(1), { timeout: 900, interval: 10 })
    await handled
  })
})

describe('a batch', () => {
  it('of 100 mails makes no more than one trip to D1 for ten of them', async () => {
    const { hook, tenant } = await newMailed({ users: 100 })
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
    const body = tenant.emails.map((email) => ({ email, code_send_to: 'EMAIL' }))
    const issued = await requestHeld(url, { token: await tenant.token(), body })
    const asked = await Promise.all(tenant.emails.map((email) => ask(tenant, email)))
    for (const messages of [issued.messages, asked]) {
      const DB = countingD1(env.DB)
      hook.mails.splice(0)
      vi.setSystemTime(Date.now() + 1)
      expect(await handle(messages, { bindings: { DB } })).toEqual(messages.map(() => 'ack'))
      expect(hook.mails).toHaveLength(100)
      // One of them finds the tenant.
      expect(DB.trips).toBeLessThanOrEqual(10)
    }
    const delivered = (await userEvents(tenant)).filter(({ action }) => action === 'delivered')
    expect(delivered).toHaveLength(200)
  })

  it.each(['INSERT ON reset_codes', 'INSERT ON user_events'])(
    'D2: in which one user’s rows fail (%s) fails that user alone',
    async (operation) => {
      const { hook, tenant } = await newMailed({ users: 7 })
      const messages = await Promise.all(tenant.emails.map((email) => ask(tenant, email)))
      const repair = await failWritesOf(tenant, 'user3@example.com', operation)
      expect(await handle(messages)).toEqual(['ack', 'ack', 10, 'ack', 'ack', 'ack', 'ack'])
      expect(hook.mails.map(({ to }) => to).toSorted()).toEqual(
        tenant.emails.filter((email) => email !== 'user3@example.com'),
      )
      await repair()
      expect(await handle(messages.slice(2, 3), { attempts: 2 })).toEqual(['ack'])
      expect(hook.mails.at(-1)?.to).toBe('user3@example.com')
    },
  )

  it('D1: acknowledges a mail only when its outcome is recorded, each by itself', async () => {
    const { hook, tenant } = await newMailed({ users: 3 })
    const messages = await Promise.all(tenant.emails.map((email) => ask(tenant, email)))
    const userId = 'SELECT id FROM users WHERE tenant_id = ? AND email_key = ?'
    const user = await env.DB.prepare(userId).bind(tenant.id, 'user2@example.com').first<{ id: string }>()
    await env.DB.prepare(
      `CREATE TRIGGER unrecorded BEFORE INSERT ON user_events WHEN NEW.user_id = '${user?.id}'
       AND NEW.action = 'delivered' BEGIN SELECT RAISE(ABORT, 'this row is broken'); END`,
    ).run()
    expect(await handle(messages)).toEqual(['ack', 10, 'ack'])
    await env.DB.prepare('DROP TRIGGER unrecorded').run()
    expect(await handle(messages.slice(1, 2), { attempts: 2 })).toEqual(['ack'])
    expect(hook.mails).toHaveLength(4)
    const mails = hook.mails.filter(({ to }) => to === 'user2@example.com')
    expect(new Set(mails.map(({ id, code }) => `${id} ${code}`)).size).toBe(1)
    const delivered = (await userEvents(tenant)).filter(({ action }) => action === 'delivered')
    expect(delivered).toHaveLength(3)
  })

  it('R2: with several codes for a user mails the one asked for last, and it alone is live', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
    const { hook, tenant } = await newMailed()
    const messages: unknown[] = []
    for (let count = 0; count < 3; count++) {
      messages.push(await ask(tenant, 'user1@example.com'))
      vi.setSystemTime(Date.now() + 1)
    }
    const [first, second, third] = messages
    expect(await handle([third, second, first])).toEqual(['ack', 'ack', 'ack'])
    expect(hook.mails).toHaveLength(1)
    expect((await tenant.validate('user1@example.com', hook.mails[0]?.code ?? '')).status).toBe(200)
    const issued = await storedCode(tenant.id, 'user1@example.com')
    expect(await handle([first, second])).toEqual(['ack', 'ack'])
    expect(await storedCode(tenant.id, 'user1@example.com')).toEqual(issued)
    await handle([third, third])
    expect(hook.mails.map(({ id }) => id)).toEqual(Array.from({ length: 3 }, () => hook.mails[0]?.id))
    expect(await storedCode(tenant.id, 'user1@example.com')).toEqual(issued)
  })
})
