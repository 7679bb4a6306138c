import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/local.ts'
import { ask, handle, requestHeld } from '../rig/deliveries.ts'
import { failWrites } from '../rig/fail-writes.ts'
import { patch } from '../rig/scim.ts'
import { call, newTenant, NO_LIMITS, operate, wrongCode, type Tenant } from '../rig/service.ts'
import {
  addWebhook,
  deliveriesOf,
  newReceiver,
  recordOf,
  retireWebhooks,
  WebhookQueues,
  type WebhookRecord,
} from '../rig/webhooks.ts'

const USER = 'user1@example.com'
const HOUR_MS = 3_600_000
const GENERATE = '/users/generateVerifyCode/resetPassword'

let queues: WebhookQueues

beforeEach(() => {
  queues = new WebhookQueues()
})

afterEach(async () => {
  await retireWebhooks()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** A tenant with a user, and a webhook that is told of everything from now on. */
async function withWebhook(wanted: object = {}, policy: object = {}) {
  const tenant = await newTenant({ users: 1, policy })
  const receiver = newReceiver()
  const webhook = await addWebhook(tenant, receiver, wanted)
  return { tenant, receiver, webhook }
}

/** Whole, and not on the hour: an event of its own at the very start of an hour gets its number later. */
function stopTheClock(): number {
  const now = Date.now() + (Date.now() % HOUR_MS === 0 ? 1 : 0)
  vi.setSystemTime(now)
  return now
}

const redeem = (tenant: Tenant, emailAddress: string, passwordResetCode: string) =>
  call(`https://${tenant.host}/api/passwordmanagement/redeemPasswordResetCode`, {
    body: String(new URLSearchParams({ emailAddress, passwordResetCode, newPassword: 'a new Passw0rd' })),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  })

describe('what a webhook is told', () => {
  it('D3, D4: every event of codes, signed, with its number and without a code or a full address', async () => {
    const { tenant, receiver } = await withWebhook(
      {},
      { code: { attemptsMax: 1 }, redeem: { kind: 'grant', audience: 'https://idp.example.com' } },
    )
    const { id: userId } = await userOf(tenant)
    const first = await tenant.newCode(USER)
    await tenant.void([USER])
    const second = await tenant.newCode(USER)
    await tenant.validate(USER, wrongCode(second))
    const third = await tenant.newCode(USER)
    expect((await redeem(tenant, USER, third)).status).toBe(200)
    await queues.poke(tenant)
    expect(receiver.types).toEqual([
      'code.issued',
      'code.issued',
      'code.issued',
      'code.locked',
      'code.redeemed',
      'code.voided',
    ])
    const issued = receiver.told.find(({ type }) => type === 'code.issued')
    expect(issued).toEqual({
      id: `evt_${tenant.id}_admin_2`,
      type: 'code.issued',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      data: {
        tenantId: tenant.id,
        log: 'admin',
        sequence: 2,
        userId,
        mode: 'PASSWORD_RESET',
        channel: 'DISPLAY',
        target: 'u***@example.com',
        result: 'issued',
        accessId: tenant.keys['help-desk'].accessID,
        requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      },
    })
    const all = receiver.texts.join()
    for (const secret of [first, second, third, USER, 'Passw0rd', ...receiver.secrets]) {
      expect(all).not.toContain(secret)
    }
    for (const { digest } of await storedDigests(tenant)) expect(all).not.toContain(digest)
  })

  it('every change of a user, each of two at once too, and enabling', async () => {
    const { tenant, receiver } = await withWebhook()
    const id = await tenant.addUser('new@example.com')
    await patch(tenant, id, { op: 'replace', value: { active: false } })
    await patch(tenant, id, { op: 'replace', value: { active: true } })
    await patch(tenant, id, { op: 'replace', value: { displayName: 'Jane' } })
    await patch(tenant, id, {
      op: 'replace',
      value: { active: false, emails: [{ value: 'newer@example.com' }] },
    })
    await tenant.scim('DELETE', `/Users/${id}`)
    await queues.poke(tenant)
    expect(receiver.types).toEqual([
      'user.address_changed',
      'user.created',
      'user.deleted',
      'user.disabled',
      'user.disabled',
      'user.enabled',
    ])
    const moved = receiver.told.find(({ type }) => type === 'user.address_changed')
    expect(moved?.data).toMatchObject({
      target: 'n***@example.com',
      destination: 'n***@example.com',
      userId: id,
    })
    expect(receiver.texts.join()).not.toMatch(/newe?r?@example/)
  })

  it('a code that its user asked for, once; of an administrator, none beside the issue', async () => {
    const { tenant, receiver } = await withWebhook({}, { mail: { from: 'reset@example.com' } })
    await tenant.addUser('other@example.com')
    const generate = {
      token: await tenant.token(),
      body: [{ email: USER, code_send_to: 'EMAIL' }],
    }
    const url = `https://${tenant.host}/AdminInterface/restapi/v1${GENERATE}`
    const { messages } = await requestHeld(url, generate)
    expect(await handle([...messages, await ask(tenant, 'other@example.com')])).toEqual(['ack', 'ack'])
    expect(await sentOf(tenant)).toBe(2)
    await queues.poke(tenant)
    expect(receiver.types).toEqual(['code.issued', 'code.issued', 'user.created'])
    const issued = receiver.told.filter(({ type }) => type === 'code.issued')
    expect(issued.map(({ data }) => String(data['log'])).toSorted()).toEqual(['admin', 'user'])
  })

  it('only what it asked for', async () => {
    const { tenant, receiver } = await withWebhook({ events: ['code.voided'] })
    await tenant.newCode(USER)
    await tenant.void([USER])
    await queues.poke(tenant)
    expect(receiver.types).toEqual(['code.voided'])
  })

  it('nothing of what was there before it', async () => {
    const tenant = await newTenant({ users: 2 })
    const receiver = newReceiver()
    await addWebhook(tenant, receiver)
    await queues.poke(tenant)
    expect(receiver.calls).toEqual([])
  })

  it('E3: nothing of another tenant', async () => {
    const mine = await withWebhook()
    const theirs = await withWebhook()
    await mine.tenant.newCode(USER)
    await theirs.tenant.newCode(USER)
    await theirs.tenant.void([USER])
    await queues.poke(mine.tenant)
    await queues.poke(theirs.tenant)
    expect(mine.receiver.types).toEqual(['code.issued'])
    expect(theirs.receiver.types).toEqual(['code.issued', 'code.voided'])
    for (const { data } of mine.receiver.calls) expect(data['tenantId']).toBe(mine.tenant.id)
  })

  it('D3: nothing of a change that was rolled back', async () => {
    const { tenant, receiver } = await withWebhook()
    const repair = await failWrites(tenant, 'INSERT ON reset_codes')
    expect((await tenant.admin(GENERATE, [{ email: USER }])).status).toBe(503)
    await repair()
    await queues.poke(tenant)
    expect(receiver.calls).toEqual([])
  })
})

describe('at least once', () => {
  it('more events than one trip looks at, each once, in any order', async () => {
    const { tenant, receiver } = await withWebhook({}, NO_LIMITS)
    const emails = await Promise.all(
      Array.from({ length: 30 }, async (_, nth) => {
        const email = `many${nth}@example.com`
        await tenant.addUser(email)
        return email
      }),
    )
    for (let round = 0; round < 6; round++) await tenant.generate(emails)
    await queues.poke(tenant)
    expect(receiver.told.length).toBe(7 * 30)
    expect(new Set(receiver.told.map(({ id }) => id)).size).toBe(7 * 30)
  })

  it('F6: a webhook that is dead has a bounded backlog, and is told all of it in the end', async () => {
    stopTheClock()
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 'unreachable'
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
       INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, target, result, source_ip, request_id)
       SELECT ?1, 'event-' || i, ?2, '', 'user.create', '', 'done', '', '' FROM n`,
    )
      .bind(tenant.id, Date.now())
      .run()
    for (let nth = 0; nth < 3; nth++) await queues.poke(tenant)
    const waiting = env.DB.prepare('SELECT count(*) AS count FROM webhook_deliveries WHERE tenant_id = ?')
    const { count = 0 } = (await waiting.bind(tenant.id).first<{ count: number }>()) ?? {}
    expect(count).toBeGreaterThanOrEqual(1_000)
    expect(count).toBeLessThan(1_000 + 100)
    receiver.answer = 200
    await enable(tenant, webhook)
    await queues.poke(tenant)
    await queues.after(6_000)
    expect(new Set(receiver.told.map(({ id }) => id)).size).toBe(1_500)
  })

  it('parallel pokes call once for each event', async () => {
    const { tenant, receiver } = await withWebhook()
    await tenant.newCode(USER)
    await Promise.all(Array.from({ length: 5 }, () => queues.poke(tenant)))
    expect(receiver.calls).toHaveLength(1)
  })

  it('whatever the queue has lost, the cron trigger finds', async () => {
    const { tenant, receiver } = await withWebhook()
    await tenant.newCode(USER)
    await env.DB.prepare('UPDATE tenants SET has_webhooks = 1 WHERE id = ?').bind(tenant.id).run()
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), {
      ...env,
      ...queues.bindings,
    })
    expect(receiver.calls).toEqual([])
    await queues.run()
    expect(receiver.types).toEqual(['code.issued'])
  })

  it('a request of the tenant pokes, and its webhook is told by the real queue', async () => {
    const { tenant, receiver } = await withWebhook()
    await env.DB.prepare('UPDATE tenants SET has_webhooks = 1 WHERE id = ?').bind(tenant.id).run()
    await tenant.newCode(USER)
    await vi.waitFor(() => expect(receiver.types).toEqual(['code.issued']), { timeout: 15_000 })
  })

  it('an event comes again, by the same id, until the webhook has taken it', async () => {
    stopTheClock()
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 500
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([
      { state: 'waiting', attempts: 1, lastStatus: '500', type: 'code.issued' },
    ])
    receiver.answer = 200
    await queues.after(6_000)
    expect(receiver.calls).toHaveLength(2)
    expect(new Set(receiver.calls.map(({ id }) => id)).size).toBe(1)
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([
      { state: 'delivered', attempts: 2, lastStatus: '200' },
    ])
  })

  it('eight attempts in more than a day, and then it is given up', async () => {
    const start = stopTheClock()
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 503
    await tenant.newCode(USER)
    const times: number[] = []
    receiver.calls.push = (...calls) => {
      times.push(Date.now() - start)
      return Array.prototype.push.apply(receiver.calls, calls)
    }
    await queues.poke(tenant)
    await queues.after(40 * HOUR_MS)
    expect(receiver.calls).toHaveLength(8)
    const planned = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]
    for (const [nth, pause] of planned.entries()) {
      const waited = ((times[nth] ?? 0) - (times[nth - 1] ?? 0)) / 1_000
      expect(waited).toBeGreaterThanOrEqual(pause)
      expect(waited).toBeLessThanOrEqual(pause * 1.1 + 2)
    }
    expect((times.at(-1) ?? 0) / HOUR_MS).toBeGreaterThan(24)
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([
      { state: 'failed', attempts: 8, lastStatus: '503' },
    ])
  })

  it.each([
    [404, '404'],
    [302, '302'],
    ['unreachable', 'unreachable'],
  ] as const)('an answer of %s is a failure, and no redirect is followed', async (answer, lastStatus) => {
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = answer
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(receiver.calls).toHaveLength(1)
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([{ state: 'waiting', attempts: 1, lastStatus }])
  })

  it('one that hangs is called from the slow lane, and no attempt is spent on the fast one', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    const other = newReceiver()
    await addWebhook(tenant, other)
    receiver.answer = 'hanging'
    await tenant.newCode(USER)
    const poked = queues.poke(tenant)
    await vi.waitFor(() => expect(receiver.calls).toHaveLength(2), { timeout: 5_000, interval: 20 })
    expect(other.types).toEqual(['code.issued'])
    await poked
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([
      { state: 'waiting', attempts: 1, lastStatus: 'late' },
    ])
  })

  it('F6: ten that hang hold up another tenant in their batch for some two seconds', async () => {
    const mine = await newTenant({ users: 1 })
    const hanging = newReceiver()
    hanging.answer = 'hanging'
    for (let nth = 0; nth < 10; nth++) await addWebhook(mine, hanging)
    // Whichever of them calls, only that it calls counts.
    hanging.secrets = []
    const theirs = await withWebhook()
    for (let nth = 0; nth < 20; nth++) await mine.newCode(USER)
    await theirs.tenant.newCode(USER)
    const begun = Date.now()
    const handled = handle([{ tenantId: mine.id }, { tenantId: theirs.tenant.id }], {
      queue: 'rescind-webhooks',
      bindings: queues.bindings,
    })
    await vi.waitFor(() => expect(theirs.receiver.types).toEqual(['code.issued']), {
      timeout: 10_000,
      interval: 20,
    })
    expect(Date.now() - begun).toBeLessThan(3_500)
    expect(await handled).toEqual(['ack', 'ack'])
    // Each waits in the slow lane now, with nothing spent.
    expect(queues.slow.map(({ inS }) => inS)).toEqual(Array.from({ length: 10 }, () => 0))
  })

  it('while it fails one call alone is made, and what waits spends no attempt', async () => {
    stopTheClock()
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 500
    await tenant.newCode(USER)
    await queues.poke(tenant)
    for (let nth = 0; nth < 20; nth++) await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(receiver.calls).toHaveLength(1)
    await queues.after(24 * HOUR_MS)
    // Every half an hour at most.
    expect(receiver.calls.length).toBeLessThanOrEqual(4 + 48)
    receiver.answer = 200
    await queues.after(HOUR_MS)
    expect(receiver.types).toHaveLength(21)
    expect((await deliveriesOf(tenant, webhook)).every(({ state }) => state === 'delivered')).toBe(true)
  })

  it('a message that wakes the slow lane is made once, however many pokes come', async () => {
    stopTheClock()
    const { tenant, receiver } = await withWebhook()
    receiver.answer = 500
    await tenant.newCode(USER)
    for (let nth = 0; nth < 10; nth++) await queues.poke(tenant)
    expect(queues.slow).toHaveLength(1)
  })

  it('a lost wake-up is made again by the next poke after it', async () => {
    stopTheClock()
    const { tenant, receiver } = await withWebhook()
    receiver.answer = 500
    await tenant.newCode(USER)
    await queues.poke(tenant)
    queues.lose()
    receiver.answer = 200
    await queues.after(HOUR_MS)
    await queues.poke(tenant)
    expect(receiver.types).toEqual(['code.issued'])
  })
})

describe('a webhook that fails for long', () => {
  const fiveDays = 5 * 24 * HOUR_MS

  async function disabledEvents(tenant: Tenant) {
    const { results } = await env.DB.prepare(
      "SELECT target, result FROM admin_events WHERE tenant_id = ? AND action = 'webhook.disabled'",
    )
      .bind(tenant.id)
      .all()
    return results
  }

  /** An event every six hours, for so many days. */
  async function failFor(tenant: Tenant, days: number) {
    for (let quarter = 0; quarter < days * 4; quarter++) {
      await tenant.newCode(USER)
      await queues.poke(tenant)
      await queues.after(6 * HOUR_MS)
    }
  }

  it('is disabled after five days with one event, and is told all of it when it is enabled', async () => {
    stopTheClock()
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 500
    await failFor(tenant, 4)
    expect((await recordOf(tenant, webhook)).enabled).toBe(true)
    await failFor(tenant, 1.5)
    expect(await recordOf(tenant, webhook)).toMatchObject({ enabled: false, disabledAs: 'failing' })
    expect(await disabledEvents(tenant)).toEqual([{ target: webhook.id, result: 'failing' }])
    const { length } = receiver.calls
    await failFor(tenant, 1)
    expect(receiver.calls).toHaveLength(length)
    receiver.answer = 200
    await enable(tenant, webhook)
    await queues.poke(tenant)
    expect(await recordOf(tenant, webhook)).toMatchObject({ enabled: true })
    // The events of the last day of failing and all that came after; what was given up before is for a replay.
    const issued = new Set(receiver.told.map(({ data }) => data['sequence']))
    const given = (await deliveriesOf(tenant, webhook)).filter(({ state }) => state === 'failed')
    expect(issued.size + given.length).toBe(4 * 6.5 + 1)
  })

  it('is not disabled when it has taken one event in between', async () => {
    stopTheClock()
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 500
    await failFor(tenant, 4)
    receiver.answer = 200
    await failFor(tenant, 0.25)
    receiver.answer = 500
    await failFor(tenant, 4)
    expect((await recordOf(tenant, webhook)).enabled).toBe(true)
    expect(await disabledEvents(tenant)).toEqual([])
    expect(fiveDays).toBeLessThan(8 * 24 * HOUR_MS)
  })

  it('goes on failing when an event is removed from its log before it could be told', async () => {
    stopTheClock()
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 500
    await tenant.newCode(USER)
    await queues.poke(tenant)
    await env.DB.prepare("DELETE FROM admin_events WHERE tenant_id = ? AND action = 'generate'")
      .bind(tenant.id)
      .run()
    await queues.after(HOUR_MS)
    expect(receiver.calls).toHaveLength(1)
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([
      { state: 'failed', lastStatus: 'event-removed' },
    ])
    const row = env.DB.prepare('SELECT failures FROM webhooks WHERE tenant_id = ?').bind(tenant.id)
    expect(await row.first()).toEqual({ failures: 1 })
  })

  it('that answers 410 is disabled at once, and the others of its tenant hear of it', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    const other = newReceiver()
    await addWebhook(tenant, other, { events: ['webhook.disabled'] })
    receiver.answer = 410
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(await recordOf(tenant, webhook)).toMatchObject({ enabled: false, disabledAs: 'gone' })
    expect(await disabledEvents(tenant)).toEqual([{ target: webhook.id, result: 'gone' }])
    expect(other.told).toMatchObject([
      { type: 'webhook.disabled', data: { target: webhook.id, result: 'gone' } },
    ])
  })

  it('D3: is not disabled when the event of it cannot be written', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    receiver.answer = 410
    await tenant.newCode(USER)
    const repair = await failWrites(tenant, 'INSERT ON admin_events')
    await expect(queues.poke(tenant)).rejects.toThrow('not handled')
    await repair()
    expect((await recordOf(tenant, webhook)).enabled).toBe(true)
    expect(await disabledEvents(tenant)).toEqual([])
  })
})

describe('a replay', () => {
  it('from a time sends again what has happened since, by the same ids', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    await tenant.newCode(USER)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const since = new Date().toISOString()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await tenant.void([USER])
    const code = await tenant.newCode(USER)
    for (let nth = 0; nth < 10; nth++) await tenant.validate(USER, wrongCode(code))
    await queues.poke(tenant)
    const before = receiver.told.map(({ id }) => id)
    expect(before).toHaveLength(4)
    expect((await askReplay(tenant, webhook, { since })).status).toBe(202)
    await queues.poke(tenant)
    const again = receiver.told.slice(4)
    expect(again.map(({ type }) => type).toSorted()).toEqual(['code.issued', 'code.locked', 'code.voided'])
    for (const { id } of again) expect(before).toContain(id)
    expect(await deliveriesOf(tenant, webhook)).toHaveLength(4)
  })

  it('from an event sends it and what has come after it, of before the webhook too', async () => {
    const tenant = await newTenant({ users: 1 })
    await tenant.newCode(USER)
    const receiver = newReceiver()
    const webhook = await addWebhook(tenant, receiver)
    await tenant.void([USER])
    await queues.poke(tenant)
    expect((await askReplay(tenant, webhook, { eventId: `evt_${tenant.id}_admin_2` })).status).toBe(202)
    await queues.poke(tenant)
    expect(receiver.types).toEqual(['code.issued', 'code.voided', 'code.voided'])
  })

  it('E3: of an event that is none of the tenant is a 404, and of nonsense a 400', async () => {
    const { tenant, webhook } = await withWebhook()
    const other = await withWebhook()
    for (const eventId of [`evt_${other.tenant.id}_admin_1`, `evt_${tenant.id}_admin_999`, 'x', '']) {
      expect((await askReplay(tenant, webhook, { eventId })).status).toBe(404)
    }
    expect((await askReplay(tenant, other.webhook, { since: '2026-01-01T00:00:00Z' })).status).toBe(404)
    for (const body of [
      {},
      { since: 'yesterday' },
      { since: '2026-13-41T00:00:00Z' },
      { eventId: 5 },
      { since: 5 },
      [],
      { since: '2026-01-01T00:00:00Z', x: 1 },
    ]) {
      expect((await askReplay(tenant, webhook, body)).status).toBe(400)
    }
  })
})

const askReplay = (tenant: Tenant, { id }: WebhookRecord, body: unknown) =>
  operate('POST', `/tenants/${tenant.id}/webhooks/${id}/replay`, body)

async function enable(tenant: Tenant, { id, url }: WebhookRecord) {
  const response = await operate('PUT', `/tenants/${tenant.id}/webhooks/${id}`, { url })
  expect(response.status).toBe(200)
}

async function userOf(tenant: Tenant): Promise<{ id: string }> {
  const user = env.DB.prepare('SELECT id FROM users WHERE tenant_id = ?').bind(tenant.id)
  return (await user.first<{ id: string }>()) ?? { id: 'none' }
}

async function storedDigests(tenant: Tenant): Promise<{ digest: string }[]> {
  const codes = env.DB.prepare("SELECT digest FROM reset_codes WHERE tenant_id = ? AND digest <> ''").bind(
    tenant.id,
  )
  return (await codes.all<{ digest: string }>()).results
}

async function sentOf(tenant: Tenant): Promise<number> {
  const sent = env.DB.prepare(
    "SELECT count(*) AS count FROM user_events WHERE tenant_id = ? AND action = 'sent'",
  )
  return (await sent.bind(tenant.id).first<{ count: number }>())?.count ?? 0
}
