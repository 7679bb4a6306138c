import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { verifyWebhook, WebhookError } from '@rescind/client'

/** Signed by the library of Standard Webhooks, which knows nothing of ours. */

const secretOf = (byte: number, length = 32) => `whsec_${Buffer.alloc(length, byte).toString('base64')}`
const SECRET = secretOf(7)
const OTHER = secretOf(8)
const BODY = JSON.stringify({
  type: 'code.redeemed',
  timestamp: '2026-11-26T12:00:00.000Z',
  data: { tenantId: 'acme', text: 'ü' },
})

function signed(body = BODY, secret = SECRET, at = new Date()) {
  const id = 'evt_acme_user_1'
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  }
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000)

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(WebhookError)
  expect((error as Error).message).not.toContain('whsec_')
  return (error as WebhookError).code
}

describe('verifyWebhook', () => {
  it.each([
    ['text', BODY],
    ['bytes', new TextEncoder().encode(BODY)],
    ['a buffer', Buffer.from(BODY)],
    ['an ArrayBuffer', new TextEncoder().encode(BODY).buffer],
  ])('takes the body as %s', async (_, body) => {
    const event = await verifyWebhook(body, signed(), SECRET)
    expect(event).toEqual({
      id: 'evt_acme_user_1',
      type: 'code.redeemed',
      timestamp: new Date('2026-11-26T12:00:00.000Z'),
      data: { tenantId: 'acme', text: 'ü' },
    })
  })

  it('takes headers of any case, as an object of Node or as Headers', async () => {
    const headers = signed()
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    )
    for (const each of [
      headers,
      upper,
      new Headers(headers),
      { ...headers, ':method': 'POST', cookie: undefined },
    ]) {
      expect(await verifyWebhook(BODY, each, SECRET)).toMatchObject({ type: 'code.redeemed' })
    }
  })

  it('takes either secret while one is changed, on both sides', async () => {
    const both = {
      ...signed(),
      'webhook-signature': `${signed(BODY, OTHER)['webhook-signature']} ${signed()['webhook-signature']}`,
    }
    for (const secrets of [SECRET, OTHER, [OTHER, SECRET], [SECRET]]) {
      expect(await verifyWebhook(BODY, both, secrets)).toMatchObject({ type: 'code.redeemed' })
    }
    expect(await faultOf(verifyWebhook(BODY, both, secretOf(9)))).toBe('signature')
    expect(await faultOf(verifyWebhook(BODY, signed(), []))).toBe('signature')
  })

  it('holds to a tolerance, in both directions', async () => {
    for (const seconds of [290, -290]) {
      expect(await verifyWebhook(BODY, signed(BODY, SECRET, ago(seconds)), SECRET)).toBeDefined()
    }
    for (const seconds of [310, -310]) {
      expect(await faultOf(verifyWebhook(BODY, signed(BODY, SECRET, ago(seconds)), SECRET))).toBe('timestamp')
    }
    const headers = signed(BODY, SECRET, ago(60))
    expect(await faultOf(verifyWebhook(BODY, headers, SECRET, { toleranceS: 30 }))).toBe('timestamp')
  })

  it.each([
    ['another body', `${BODY} `, {}],
    ['a byte order mark before it', `\uFEFF${BODY}`, {}],
    ['another id', BODY, { 'webhook-id': 'evt_acme_user_2' }],
    ['another time', BODY, { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 5) }],
    ['no version', BODY, { 'webhook-signature': signed()['webhook-signature'].slice(3) }],
    ['another version', BODY, { 'webhook-signature': signed()['webhook-signature'].replace('v1,', 'v1a,') }],
    ['a part of a signature', BODY, { 'webhook-signature': signed()['webhook-signature'].slice(0, 20) }],
    ['an empty signature', BODY, { 'webhook-signature': 'v1,' }],
    ['what is no base64', BODY, { 'webhook-signature': 'v1,%%%' }],
    [
      'a flood of signatures',
      BODY,
      { 'webhook-signature': `${'v1,AAAA '.repeat(10)}${signed()['webhook-signature']}` },
    ],
  ])('refuses %s', async (_, body, change) => {
    expect(await faultOf(verifyWebhook(body, { ...signed(), ...change }, SECRET))).toBe('signature')
  })

  it.each([
    ['webhook-id', undefined, 'headers'],
    ['webhook-id', '', 'headers'],
    ['webhook-id', ['evt_acme_user_1'], 'headers'],
    ['webhook-timestamp', undefined, 'headers'],
    ['webhook-timestamp', 'now', 'timestamp'],
    ['webhook-timestamp', '-1', 'timestamp'],
    ['webhook-timestamp', '1e9', 'timestamp'],
    ['webhook-timestamp', '9'.repeat(400), 'timestamp'],
    ['webhook-signature', undefined, 'headers'],
  ])('refuses %s: %j', async (name, value, fault) => {
    expect(await faultOf(verifyWebhook(BODY, { ...signed(), [name]: value }, SECRET))).toBe(fault)
  })

  it.each([
    '',
    'no JSON',
    '[]',
    'null',
    '{}',
    '{"type": "a"}',
    '{"type": 1, "timestamp": "2026-11-26T12:00:00Z", "data": {}}',
    '{"type": "a", "timestamp": "never", "data": {}}',
    '{"type": "a", "timestamp": "2026-11-26T12:00:00Z", "data": []}',
  ])('refuses a signed body that is no event: %s', async (body) => {
    expect(await faultOf(verifyWebhook(body, signed(body), SECRET))).toBe('body')
  })

  it.each([
    ['', 'secrets'],
    ['whsec_', 'secrets'],
    [SECRET.slice(6), 'secrets'],
    ['whsec_%%%%', 'secrets'],
    [secretOf(1, 23), 'secrets'],
    [secretOf(1, 65), 'secrets'],
    [[SECRET, 'nope'], 'secrets'],
    [undefined, 'secrets'],
    [{}, 'secrets'],
  ])('says of a secret that is none: %j', async (secrets, name) => {
    const error = await verifyWebhook(BODY, signed(), secrets as string).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(new RegExp(`^${name} must be`))
  })

  it('says of a body that was parsed, and of a tolerance that is none', async () => {
    await expect(verifyWebhook({ type: 'a' } as never, signed(), SECRET)).rejects.toThrow(TypeError)
    for (const toleranceS of [0, -1, 1.5, Number.NaN, Infinity, '300']) {
      const options = { toleranceS: toleranceS as number }
      await expect(verifyWebhook(BODY, signed(), SECRET, options)).rejects.toThrow('toleranceS must be')
    }
  })
})
