import { describe, expect, it } from 'vitest'
import { handle } from '../../rig/deliveries.ts'
import { newMailHook } from '../../rig/mail-hook.ts'
import { asked, GRANT_PAGES, heading, hidden, visit, type Answer } from '../../rig/pages.ts'
import { newTenant, NO_LIMITS, operate } from '../../rig/service.ts'

const USER = 'user1@example.com'
const NOBODY = 'user2@example.com'

/** An answer without what differs between any two: ids, sealed states, and the address that was asked for. */
function comparable({ status, headers, html }: Answer) {
  const plain = (text: string) =>
    text
      .replace(/[\w-]{20,}(?:\.[\w-]*){4}/g, 'sealed')
      .replace(/user\d@/g, 'user@')
      // One bucket of all visitors, which drains while they ask.
      .replace(/("validate"|"send");r=\d+/g, '$1')
      .replace(/reference \u2068[A-Z]{4}\u2069/g, 'reference')
  const shown = [...headers].map(([name, value]) => [name, plain(value)])
  return {
    status,
    html: plain(html),
    headers: Object.fromEntries(shown.filter(([name]) => name !== 'x-request-id')),
  }
}

describe('N1: the pages answer the same, whoever the user is', () => {
  it('at every step, in status, headers and body', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES }, users: 1 })
    await tenant.newCode(USER)
    const answers = async (email: string) => {
      const { sent, page } = await asked(tenant, email)
      const m = hidden(page, 'm')
      return [
        sent,
        page,
        await visit(tenant, '/reset/code', { form: { m, code: '00000000' } }),
        await visit(tenant, '/reset/code', { form: { m, code: '' } }),
        await visit(tenant, '/reset/code', { form: { email, code: '00000000' } }),
        await visit(tenant, '/reset', { form: { m } }),
      ]
    }
    const [known, unknown] = [await answers(USER), await answers(NOBODY)]
    expect(known.map(({ status }) => status)).toEqual([303, 200, 422, 422, 422, 303])
    expect(known.map(comparable)).toEqual(unknown.map(comparable))
    expect(known.map(({ messages }) => messages.length)).toEqual(
      unknown.map(({ messages }) => messages.length),
    )
  })

  it('also when a limit refuses', async () => {
    const limits = { ...NO_LIMITS.limits, recipient: { perMinute: 1, burst: 1 } }
    const tenant = await newTenant({ policy: { ...GRANT_PAGES, limits }, users: 1 })
    for (const email of [USER, NOBODY]) await visit(tenant, '/reset', { form: { email } })
    const refused = [USER, NOBODY].map((email) => visit(tenant, '/reset', { form: { email } }))
    const [known, unknown] = await Promise.all(refused)
    expect(known?.status).toBe(429)
    expect(known && comparable(known)).toEqual(unknown && comparable(unknown))
  })
})

describe('R10: GET and HEAD spend nothing', () => {
  it('whatever a scanner opens, in whatever order, the code stays good and nothing is sent', async () => {
    const hook = newMailHook()
    const policy = { ...NO_LIMITS, ...GRANT_PAGES, ...hook.policy, code: { attemptsMax: 1 } }
    const tenant = await newTenant({ policy, users: 1 })
    const { sent, location } = await asked(tenant, USER)
    await handle(sent.messages)
    const code = hook.mails[0]?.code ?? ''
    const link = new URL(/https:\S+/.exec(hook.mails[0]?.text ?? '')?.[0] ?? '')
    const paths = [
      location,
      link.pathname + link.search,
      `${location}&code=${code}&email=${USER}`,
      `/reset?email=${USER}`,
      `/reset/code?email=${USER}&code=00000000`,
      '/reset/password?password=x',
      '/reset/done',
    ]
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      for (const path of paths) expect((await visit(tenant, path, { method })).messages).toEqual([])
    }
    const form = { email: USER, code }
    expect(heading(await visit(tenant, '/reset/code', { form }))).toBe('The code is right')
  })
})

describe('a form', () => {
  it.each([
    [{ 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }, 403],
    [{ 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ 'Sec-Fetch-Site': 'cross-site', Origin: 'null' }, 403],
    [{ 'Sec-Fetch-Site': 'none' }, 303],
    [{ Origin: 'https://evil.example' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }, 303],
    [{ Origin: 'null' }, 303],
    [{}, 303],
  ])('that another site sends is refused, and nothing is done: %j', async (headers, status) => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES } })
    const form = { email: USER }
    const answer = await visit(tenant, '/reset', { form, headers })
    expect([answer.status, answer.messages.length]).toEqual([status, status === 303 ? 1 : 0])
  })

  it.each([
    ['email=a%40example.com&email=b%40example.com', {}, 400],
    ['email=%ff%40example.com', {}, 400],
    ['{"email": "a@example.com"}', { 'Content-Type': 'application/json' }, 415],
    ['email=a', { 'Content-Type': 'multipart/form-data; boundary=x' }, 415],
    ['', {}, 422],
    [`email=${'a'.repeat(70_000)}`, {}, 413],
    [`email=${'a'.repeat(60_000)}%40example.com`, {}, 422],
    ['email=a%40example.com%0d%0aBcc%3a%20b%40example.com', {}, 422],
  ])('that is none is refused with a clear answer (E1, I1): %s', async (body, headers, status) => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES } })
    const answer = await visit(tenant, '/reset', { form: body, headers })
    expect([answer.status, answer.messages]).toEqual([status, []])
    expect(answer.headers.get('Content-Type')).toMatch(/^text\/html/)
  })
})

describe('what a page may load', () => {
  const SHARED =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  it('is the service’s own, in every step, and no page is kept or says where it was', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES }, users: 1 })
    const { page } = await asked(tenant, USER)
    const form = { email: USER, code: await tenant.newCode(USER) }
    const pages = [
      await visit(tenant, '/reset'),
      page,
      await visit(tenant, '/reset/code', { form: { ...form, code: 'wrong' } }),
      await visit(tenant, '/reset/done'),
    ]
    const handed = await visit(tenant, '/reset/code', { form })
    expect(handed.headers.get('Content-Security-Policy')).toBe(
      SHARED.replace("form-action 'self'", "form-action 'self' https://app.example.com"),
    )
    for (const { headers } of pages) expect(headers.get('Content-Security-Policy')).toBe(SHARED)
    for (const { headers, html } of [...pages, handed]) {
      expect(headers.get('Cache-Control')).toBe('no-store')
      expect(headers.get('Referrer-Policy')).toBe('no-referrer')
      expect(headers.get('X-Frame-Options')).toBe('DENY')
      expect(html).not.toMatch(/\sstyle=|\son[a-z]+=|<script(?! src="\/assets\/reset\.js" defer><\/script>)/)
      const loaded = [...html.matchAll(/(?:src|<link[^>]*href)="([^"]*)"/g)].map(([, url]) => url)
      expect(loaded.filter((url) => !/^\/(?:assets|reset)\//.test(url ?? ''))).toEqual([])
    }
  })

  it('includes a style with the tenant’s colors by its hash, lighter on dark screens', async () => {
    const policy = { ...GRANT_PAGES, pages: { accentColor: '#0b5c3b' } }
    const { html, headers } = await visit(await newTenant({ policy }), '/reset')
    const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? ''
    expect(style).toMatch(/^:root\{--accent:#0b5c3b;--accent-dark:#[\da-f]{6}\}$/)
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style))
    expect(headers.get('Content-Security-Policy')).toContain(
      `style-src 'self' 'sha256-${Buffer.from(digest).toString('base64')}';`,
    )
  })

  it('includes the logo, from a URL where an SVG can do nothing', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>'
    const logo = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
    const tenant = await newTenant({ policy: { ...GRANT_PAGES, pages: { logo } } })
    expect((await visit(tenant, '/reset')).html).toContain('<img src="/reset/logo" alt="A tenant" />')
    const { status, headers, html } = await visit(tenant, '/reset/logo')
    expect([status, html]).toEqual([200, svg])
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    })
    expect((await visit(await newTenant({ policy: GRANT_PAGES }), '/reset/logo')).status).toBe(404)
  })
})

describe('the language of a page', () => {
  it.each([
    ['/reset', {}, 'fr'],
    ['/reset', { 'Accept-Language': 'de-CH,de;q=0.9,en;q=0.8' }, 'de'],
    ['/reset', { 'Accept-Language': 'xx, es;q=0.5' }, 'es'],
    ['/reset?lang=ja', { 'Accept-Language': 'de' }, 'ja'],
    ['/reset?lang=<script>', { 'Accept-Language': 'en' }, 'en'],
    ['/reset?lang=__proto__', { 'Accept-Language': 'constructor' }, 'fr'],
  ])('is the URL’s, the browser’s or the tenant’s: %s %j', async (path, headers, language) => {
    const tenant = await newTenant({ policy: { ...GRANT_PAGES, mail: { language: 'fr' } } })
    const { html } = await visit(tenant, path, { headers })
    expect(html).toMatch(new RegExp(`<html lang="${language}" dir="ltr">`))
  })

  it('stays from step to step where the URL names it', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES } })
    const first = await visit(tenant, '/reset?lang=de')
    expect(first.html).toContain('action="/reset?lang=de"')
    const sent = await visit(tenant, '/reset?lang=de', { form: { email: USER } })
    expect(sent.headers.get('Location')).toMatch(/&lang=de$/)
  })
})

/** Texts that would be markup, script or a header if anything took them for more than text. */
const HOSTILE = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onfocus='alert(1)' autofocus='`,
  `</title><svg onload=alert(1)>`,
  `{tenant}{address}{code}$&$\`$'`,
  `javascript:alert(1)`,
  '\u202e\u2066evil\u2069',
]

describe('hostile text is text, on every page and in every mail', () => {
  it.each(HOSTILE)('%s', async (evil) => {
    const hook = newMailHook()
    const signInUrl = `https://app.example.com/?a=${encodeURIComponent(evil)}"><script>alert(2)</script>`
    const policy = {
      ...NO_LIMITS,
      ...GRANT_PAGES,
      mail: { ...hook.policy.mail, name: evil },
      redeem: { ...GRANT_PAGES.redeem, audience: `a/${crypto.randomUUID()}`, returnUrl: signInUrl },
      pages: { supportUrl: signInUrl, supportText: evil, signInUrl, passwordHint: evil },
      unknownAddress: 'notify',
    }
    const tenant = await newTenant({ policy })
    expect(
      (await operate('PUT', `/tenants/${tenant.id}`, { name: evil, hosts: [tenant.host], policy })).status,
    ).toBe(200)
    const local = "<b>'`$&".replace(/[<>]/g, '')
    const email = `${local}@example.com`
    await tenant
      .addUser(email, { userName: evil.slice(0, 60), preferredLanguage: 'en' })
      .catch(() => tenant.addUser(email))
    const { sent, page } = await asked(tenant, email)
    await handle(sent.messages)
    const form = { email, code: hook.mails[0]?.code ?? '' }
    const query = `?lang=${encodeURIComponent(evil)}&m=${encodeURIComponent(evil)}`
    const pages = [
      await visit(tenant, `/reset${query}`),
      page,
      await visit(tenant, `/reset/code${query}`),
      await visit(tenant, '/reset', { form: { email: evil } }),
      await visit(tenant, '/reset/code', { form: { email: evil, code: evil } }),
      await visit(tenant, '/reset/code', { form: { email, code: evil } }),
      await visit(tenant, '/reset/code', { form: { m: evil, code: evil } }),
      await visit(tenant, '/reset/done'),
      await visit(tenant, '/reset/code', { form }),
      await visit(tenant, `/reset/${encodeURIComponent(evil)}`),
    ]
    expect(heading(pages[8] ?? page)).toBe('The code is right')
    for (const mail of hook.mails) pages.push({ ...page, html: mail.html })
    expect(hook.mails.length).toBeGreaterThan(0)
    for (const { html } of pages) {
      const tags = [...html.matchAll(/<(\w+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g)]
      const names = new Set(tags.map(([, name]) => name))
      for (const name of ['svg', 'b', 'iframe']) expect(names.has(name)).toBe(false)
      const handlers = tags.flatMap(
        ([, , attributes = '']) => attributes.replace(/"[^"]*"/g, '').match(/\s(?:on\w+|style)=/g) ?? [],
      )
      expect(html.includes('<head>') && /\sstyle=/.test(html) ? [] : handlers).toEqual([])
      expect(html.replaceAll('<script src="/assets/reset.js" defer></script>', '')).not.toMatch(
        /<script|<img|onerror=alert\(1\)>/,
      )
      expect(html).not.toMatch(/(?:href|src|action)="(?!https?:\/\/|\/|#)/)
    }
  })
})
