import { afterEach, describe, expect, it, vi } from 'vitest'
import { asked, GRANT_PAGES, hidden, visible, visit } from '../../rig/pages.ts'
import { newTenant, NO_LIMITS, operate } from '../../rig/service.ts'

const SECRET = '0x4AAAAAAA-secret'
const KEYS = { siteKey: '0x4AAAAAAA-site', secret: SECRET }
const USER = 'user1@example.com'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Plays Cloudflare's side, which takes each token of these once. */
function playTurnstile(...tokens: string[]) {
  const good = new Set(tokens)
  const calls: Record<string, string>[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    expect(request.url).toBe('https://challenges.cloudflare.com/turnstile/v0/siteverify')
    const sent = Object.fromEntries(new URLSearchParams(await request.text()))
    calls.push(sent)
    return Response.json({ success: sent['secret'] === SECRET && good.delete(sent['response'] ?? '') })
  })
  return calls
}

const newGuarded = () =>
  newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES, pages: { turnstile: KEYS } }, users: 1 })

describe('a tenant with Turnstile', () => {
  it('has a code sent by who has passed the widget, once per token, at both buttons', async () => {
    const tenant = await newGuarded()
    const calls = playTurnstile('one', 'two')
    const form = { email: USER, 'cf-turnstile-response': 'one' }
    const sent = await visit(tenant, '/reset', { form, headers: { 'CF-Connecting-IP': '192.0.2.7' } })
    expect([sent.status, sent.messages.length]).toEqual([303, 1])
    expect(calls).toEqual([{ secret: SECRET, response: 'one', remoteip: '192.0.2.7' }])
    const again = await visit(tenant, '/reset', { form })
    expect([again.status, again.messages]).toEqual([422, []])
    expect(visible(again)).toContain('Confirm that you are human')
    const page = await visit(tenant, sent.headers.get('Location') ?? '')
    const m = hidden(page, 'm')
    const bare = await visit(tenant, '/reset', { form: { m } })
    expect([bare.status, bare.messages]).toEqual([422, []])
    const resent = await visit(tenant, '/reset', { form: { m, 'cf-turnstile-response': 'two' } })
    expect([resent.status, resent.messages.length]).toEqual([303, 1])
  })

  it.each(['', 'x'.repeat(2_049)])('asks nobody about what is no token', async (token) => {
    const tenant = await newGuarded()
    const calls = playTurnstile(token)
    const form = { email: USER, 'cf-turnstile-response': token }
    const answer = await visit(tenant, '/reset', { form })
    expect([answer.status, answer.messages, calls]).toEqual([422, [], []])
  })

  it.each([
    ['is out of reach', () => Promise.reject(new TypeError('Network connection lost.'))],
    ['answers no JSON', async () => new Response('busy', { status: 500 })],
    ['answers something else', async () => Response.json({ success: 'true' })],
  ])('sends nothing while Cloudflare %s', async (_, answer) => {
    const tenant = await newGuarded()
    vi.spyOn(globalThis, 'fetch').mockImplementation(answer)
    const form = { email: USER, 'cf-turnstile-response': 'one' }
    const refused = await visit(tenant, '/reset', { form })
    expect([refused.status, refused.messages]).toEqual([422, []])
  })

  it('allows its script and frame on the pages that send, and on no other', async () => {
    const tenant = await newGuarded()
    const policy = async (path: string) =>
      (await visit(tenant, path)).headers.get('Content-Security-Policy') ?? ''
    expect(await policy('/reset')).toContain(
      "script-src 'self' https://challenges.cloudflare.com; frame-src https://challenges.cloudflare.com;",
    )
    for (const path of ['/reset/code', '/reset/done']) expect(await policy(path)).not.toContain('cloudflare')
    const other = await newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES } })
    const { page } = await asked(other, USER)
    expect(page.headers.get('Content-Security-Policy')).not.toContain('cloudflare')
    expect(page.html).not.toContain('cloudflare')
  })

  it('never has its secret shown, and keeps it for the same widget alone', async () => {
    const tenant = await newGuarded()
    const path = `/tenants/${tenant.id}`
    type Shown = { policy: { pages: { turnstile: object } } }
    const shown = await (await operate('GET', path)).json<Shown>()
    expect(shown.policy.pages.turnstile).toEqual({ siteKey: KEYS.siteKey })
    expect((await operate('PUT', path, shown)).status).toBe(200)
    const calls = playTurnstile('one')
    await visit(tenant, '/reset', { form: { email: USER, 'cf-turnstile-response': 'one' } })
    expect(calls.map(({ secret }) => secret)).toEqual([SECRET])
    shown.policy.pages.turnstile = { siteKey: 'another' }
    expect((await operate('PUT', path, shown)).status).toBe(400)
  })
})

it('the API is not changed by it', async () => {
  const tenant = await newGuarded()
  const calls = playTurnstile()
  expect((await tenant.send(USER)).status).toBe(200)
  expect(calls).toEqual([])
})
