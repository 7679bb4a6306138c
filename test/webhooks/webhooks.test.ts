import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EVENT_TYPES } from '../../src/webhooks/event-type.ts'
import { countingD1 } from '../rig/counting-d1.ts'
import { requestHeld } from '../rig/deliveries.ts'
import { expectStatus, newTenant, operate, type Tenant } from '../rig/service.ts'
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
const SIEM_URL = 'https://siem.example.com/events'
const DAY_MS = 24 * 3_600_000

let queues: WebhookQueues

beforeEach(() => {
  queues = new WebhookQueues()
})

afterEach(async () => {
  await retireWebhooks()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const pathOf = (tenant: Tenant, id = '') => `/tenants/${tenant.id}/webhooks${id && `/${id}`}`

async function withWebhook(wanted: object = {}) {
  const tenant = await newTenant({ users: 1 })
  const receiver = newReceiver()
  const webhook = await addWebhook(tenant, receiver, wanted)
  return { tenant, receiver, webhook }
}

async function rotate(tenant: Tenant, { id }: WebhookRecord) {
  const response = await operate('POST', `${pathOf(tenant, id)}/secret`)
  await expectStatus(200, response)
  return response.json<{ id: string; secret: string; oldSecretUntil: string }>()
}

describe('a webhook of a tenant', () => {
  it('shows its secret once, and is stored without it', async () => {
    const { tenant, webhook } = await withWebhook({ events: ['code.issued'], description: 'SIEM' })
    expect(webhook).toMatchObject({
      id: expect.stringMatching(/^whk_[\da-f-]{36}$/),
      events: ['code.issued'],
      description: 'SIEM',
      enabled: true,
      secret: expect.stringMatching(/^whsec_[\w+/]{43}=$/),
    })
    const { secret = '', ...shown } = webhook
    const listed = await operate('GET', pathOf(tenant))
    expect(await listed.json()).toEqual({ webhooks: [shown] })
    expect(await recordOf(tenant, webhook)).toEqual(shown)
    const rows = await env.DB.prepare('SELECT * FROM webhooks WHERE tenant_id = ?').bind(tenant.id).all()
    const bytes = secret.replace('whsec_', '')
    expect(JSON.stringify(rows.results)).not.toContain(bytes)
    const tenantRecord = await operate('GET', `/tenants/${tenant.id}`)
    expect(await tenantRecord.json()).not.toHaveProperty('hasWebhooks')
  })

  it('is told of everything without a list of types', async () => {
    const { webhook } = await withWebhook()
    expect(webhook.events).toEqual([...EVENT_TYPES])
  })

  it.each([
    [{ events: ['code.issued', 'code.stolen'] }, 'events.1'],
    [{ events: [] }, 'events'],
    [{ events: 'code.issued' }, 'events'],
    [{ url: 'http://siem.example.com/' }, 'url'],
    [{ url: 'https://10.0.0.1/' }, 'url'],
    [{ url: 'https://[fe80::1]/' }, 'url'],
    [{ url: 'https://0xa.1/' }, 'url'],
    [{ url: 'https://metadata.internal/' }, 'url'],
    [{ url: 'https://siem/' }, 'url'],
    [{ url: 'https://user:pass@siem.example.com/' }, 'url'],
    [{ url: 'siem.example.com' }, 'url'],
    [{ url: 5 }, 'url'],
    [{ url: `https://siem.example.com/${'x'.repeat(2_048)}` }, 'url'],
    [{ description: 'x'.repeat(256) }, 'description'],
    [{ enabled: 'yes' }, 'enabled'],
    [{ secret: 'whsec_mine' }, 'secret'],
  ])('I1: %j is refused by name, and nothing is stored', async (wrong, member) => {
    const tenant = await newTenant()
    const response = await operate('POST', pathOf(tenant), { url: SIEM_URL, ...wrong })
    expect(response.status).toBe(400)
    const { errors } = await response.json<{ errors: { member: string; problem: string }[] }>()
    expect(errors.map((error) => error.member)).toEqual([member])
    if (member === 'events.1') for (const type of EVENT_TYPES) expect(errors[0]?.problem).toContain(type)
    expect(await (await operate('GET', pathOf(tenant))).json()).toEqual({ webhooks: [] })
  })

  it('F6: a tenant has ten at most, also by parallel calls', async () => {
    const tenant = await newTenant()
    const responses = await Promise.all(
      Array.from({ length: 14 }, () => operate('POST', pathOf(tenant), { url: SIEM_URL })),
    )
    const statuses = responses.map(({ status }) => status).toSorted((a, b) => a - b)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 201), 409, 409, 409, 409])
  })

  it('is told what it is told by another list from then on', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    const changed = { url: receiver.url, events: ['code.voided'], description: 'less' }
    const response = await operate('PUT', pathOf(tenant, webhook.id), changed)
    expect(await response.json()).toMatchObject({ ...changed, enabled: true })
    await tenant.newCode(USER)
    await tenant.void([USER])
    await queues.poke(tenant)
    expect(receiver.types).toEqual(['code.voided'])
  })

  it('that the operator disables is told nothing, and all of it when it is enabled', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    const put = (enabled: boolean) =>
      operate('PUT', pathOf(tenant, webhook.id), { url: receiver.url, enabled })
    expect(await (await put(false)).json()).toMatchObject({ enabled: false, disabledAs: 'operator' })
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(receiver.calls).toEqual([])
    await put(true)
    await queues.poke(tenant)
    expect(receiver.types).toEqual(['code.issued'])
  })

  it('that is deleted is called no more, and nothing of it stays', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect((await operate('DELETE', pathOf(tenant, webhook.id))).status).toBe(204)
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(receiver.calls).toHaveLength(1)
    for (const [method, rest] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/deliveries'],
      ['POST', '/secret'],
    ] as const) {
      expect((await operate(method, pathOf(tenant, webhook.id) + rest)).status).toBe(404)
    }
    const left = await env.DB.prepare(
      `SELECT (SELECT count(*) FROM webhooks WHERE tenant_id = ?1) +
         (SELECT count(*) FROM webhook_deliveries WHERE tenant_id = ?1) AS left_`,
    )
      .bind(tenant.id)
      .first()
    expect(left).toEqual({ left_: 0 })
  })

  it('goes with its tenant', async () => {
    const { tenant } = await withWebhook()
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect((await operate('DELETE', `/tenants/${tenant.id}?force=true`)).status).toBe(204)
    for (const table of ['webhooks', 'webhook_deliveries']) {
      const rows = await env.DB.prepare(`SELECT * FROM ${table} WHERE tenant_id = ?`).bind(tenant.id).all()
      expect(rows.results).toEqual([])
    }
    await queues.poke(tenant)
  })

  it('E3: is of its tenant alone', async () => {
    const { webhook } = await withWebhook()
    const other = await newTenant()
    const path = pathOf(other, webhook.id)
    for (const [method, rest, body] of [
      ['GET', '', undefined],
      ['PUT', '', { url: SIEM_URL }],
      ['DELETE', '', undefined],
      ['POST', '/secret', undefined],
      ['POST', '/replay', { since: '2026-01-01T00:00:00Z' }],
      ['GET', '/deliveries', undefined],
    ] as const) {
      expect([method, rest, (await operate(method, path + rest, body)).status]).toEqual([method, rest, 404])
    }
    expect(await (await operate('GET', pathOf(other))).json()).toEqual({ webhooks: [] })
  })
})

describe('the secret of a webhook', () => {
  it('for a day after it is replaced, calls are signed with both; then with the new one alone', async () => {
    vi.setSystemTime(Date.now())
    const { tenant, receiver, webhook } = await withWebhook()
    const [old = ''] = receiver.secrets
    const { secret, oldSecretUntil } = await rotate(tenant, webhook)
    expect(secret).not.toBe(old)
    expect(Date.parse(oldSecretUntil)).toBe(Date.now() + DAY_MS)
    receiver.secrets = [old, secret]
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(receiver.told).toHaveLength(1)
    await queues.after(DAY_MS + 1_000)
    receiver.secrets = [secret]
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(receiver.told).toHaveLength(2)
    const [headers = '', body = ''] = splitText(receiver.texts.at(-1) ?? '')
    expect(() => new Webhook(old).verify(body, JSON.parse(headers))).toThrow('No matching signature')
  })

  it('E3: that is put into the row of another webhook signs nothing', async () => {
    const mine = await withWebhook()
    const theirs = await withWebhook()
    await env.DB.prepare(
      'UPDATE webhooks SET secret = (SELECT secret FROM webhooks WHERE tenant_id = ?) WHERE tenant_id = ?',
    )
      .bind(theirs.tenant.id, mine.tenant.id)
      .run()
    await mine.tenant.newCode(USER)
    await queues.poke(mine.tenant)
    expect(mine.receiver.calls).toEqual([])
    expect(await deliveriesOf(mine.tenant, mine.webhook)).toMatchObject([{ lastStatus: 'secret-lost' }])
  })
})

describe('where a webhook may lead', () => {
  it('is checked again when it is called', async () => {
    const { tenant, receiver, webhook } = await withWebhook()
    await env.DB.prepare("UPDATE webhooks SET url = 'https://10.0.0.1/' WHERE tenant_id = ?")
      .bind(tenant.id)
      .run()
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(receiver.calls).toEqual([])
    expect(vi.mocked(fetch)).not.toHaveBeenCalled()
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([{ lastStatus: 'unreachable', attempts: 1 }])
  })
})

describe('the log of deliveries', () => {
  it('comes in pages, each delivery once, newest first', async () => {
    const { tenant, webhook } = await withWebhook()
    for (let nth = 0; nth < 5; nth++) await tenant.newCode(USER)
    await queues.poke(tenant)
    const seen: string[] = []
    let query = '?limit=2'
    for (let page = 0; page < 3; page++) {
      const response = await operate('GET', `${pathOf(tenant, webhook.id)}/deliveries${query}`)
      const { deliveries, nextCursor } = await response.json<{
        deliveries: { eventId: string }[]
        nextCursor?: string
      }>()
      seen.push(...deliveries.map(({ eventId }) => eventId))
      expect(nextCursor === undefined).toBe(page === 2)
      query = `?limit=2&cursor=${nextCursor}`
    }
    expect(seen).toEqual([6, 5, 4, 3, 2].map((seq) => `evt_${tenant.id}_admin_${seq}`))
  })

  it.each(['?limit=0', '?limit=501', '?limit=x', '?cursor=x', '?cursor=1_other_2'])(
    'I1: %s is refused',
    async (query) => {
      const { tenant, webhook } = await withWebhook()
      expect((await operate('GET', `${pathOf(tenant, webhook.id)}/deliveries${query}`)).status).toBe(400)
    },
  )

  it('forgets after a week what has ended, and nothing that waits', async () => {
    vi.setSystemTime(Date.now())
    const { tenant, receiver, webhook } = await withWebhook()
    await tenant.newCode(USER)
    await queues.poke(tenant)
    vi.setSystemTime(Date.now() + 7 * DAY_MS + 1)
    receiver.answer = 500
    await tenant.newCode(USER)
    await queues.poke(tenant)
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([{ state: 'waiting' }])
    vi.setSystemTime(Date.now() + 8 * DAY_MS)
    queues.lose()
    receiver.answer = 'unreachable'
    await queues.poke(tenant)
    expect(await deliveriesOf(tenant, webhook)).toMatchObject([{ state: 'waiting', attempts: 2 }])
  })
})

describe('what it costs', () => {
  const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'

  it.each([false, true])(
    'a call on codes makes one trip to D1, with webhooks (%s); a poke only where there are some',
    async (hasWebhooks) => {
      const tenant = await newTenant({ users: 1 })
      newReceiver()
      if (hasWebhooks) {
        const response = await operate('POST', pathOf(tenant), { url: SIEM_URL })
        await expectStatus(201, response)
      }
      const generate = { token: await tenant.token(), body: [{ email: USER }] }
      const url = `https://${tenant.host}${GENERATE}`
      await requestHeld(url, generate, queues.bindings)
      const DB = countingD1(env.DB)
      const sent: unknown[] = []
      const WEBHOOKS = { send: async (...poke: unknown[]) => void sent.push(poke) } as unknown as Queue
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      for (let nth = 0; nth < 3; nth++) await requestHeld(url, generate, { DB, WEBHOOKS })
      expect(DB.trips).toBe(3)
      // One for all of them, and late enough to find what each has done.
      expect(sent).toEqual(hasWebhooks ? [[{ tenantId: tenant.id }, { delaySeconds: 2 }]] : [])
    },
  )

  it('F2: what a limit refuses pokes nobody', async () => {
    const limits = { admin: { perMinute: 1, burst: 2 } }
    const tenant = await newTenant({ policy: { limits } })
    newReceiver()
    await expectStatus(201, await operate('POST', pathOf(tenant), { url: SIEM_URL }))
    const generate = { token: await tenant.token(), body: [{ email: USER }] }
    const sent: unknown[] = []
    const WEBHOOKS = { send: async (poke: unknown) => void sent.push(poke) } as unknown as Queue
    const statuses: number[] = []
    for (let nth = 0; nth < 3; nth++) {
      const { response } = await requestHeld(`https://${tenant.host}${GENERATE}`, generate, { WEBHOOKS })
      statuses.push(response.status)
      await new Promise((resolve) => setTimeout(resolve, 1_100))
    }
    expect(statuses).toEqual([200, 200, 429])
    expect(sent).toHaveLength(2)
  })

  it('a queue that fails is no matter of the request', async () => {
    const tenant = await newTenant({ users: 1 })
    newReceiver()
    await expectStatus(201, await operate('POST', pathOf(tenant), { url: SIEM_URL }))
    const WEBHOOKS = { send: () => Promise.reject(new Error('the queue is full')) } as unknown as Queue
    const generate = { token: await tenant.token(), body: [{ email: USER }] }
    const { response } = await requestHeld(`https://${tenant.host}${GENERATE}`, generate, { WEBHOOKS })
    expect(response.status).toBe(200)
  })
})

/** The headers and the body of a call as the receiver keeps them. */
function splitText(text: string): string[] {
  const end = text.indexOf('}{') + 1
  return [text.slice(0, end), text.slice(end)]
}
