import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { handle } from '../../rig/deliveries.ts'
import { newMailHook } from '../../rig/mail-hook.ts'
import { JANE, playHook, withHook } from '../../rig/password-hook.ts'
import { asked, GRANT_PAGES, heading, hidden, visible, visit } from '../../rig/pages.ts'
import { call, newTenant, NO_LIMITS, wrongCode } from '../../rig/service.ts'

const USER = 'user1@example.com'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A tenant with pages whose mails arrive at a hook, and a user. */
async function newMailed(policy: object = {}) {
  const hook = newMailHook()
  const tenant = await newTenant({
    policy: { ...NO_LIMITS, ...GRANT_PAGES, ...hook.policy, notify: { issued: false }, ...policy },
    users: 1,
  })
  return { hook, tenant }
}

describe('from forgotten to grant', () => {
  it('asks for a code, shows the reference of its mail, and hands the grant to the application', async () => {
    const { hook, tenant } = await newMailed()
    const first = await visit(tenant, '/reset')
    expect([first.status, heading(first)]).toEqual([200, 'Reset your password'])
    const { sent, location, page } = await asked(tenant, ` ${USER} `)
    expect([sent.status, sent.messages.length]).toEqual([303, 1])
    expect(location).toMatch(/^\/reset\/code\?m=[\w.-]+$/)
    expect(visible(page)).toContain(`If there is an account for ${USER}, a mail with a code is on its way.`)
    await handle(sent.messages)
    const mail = hook.mails.at(-1)
    const reference = /Reference: ([A-Z]{4})\n/.exec(mail?.text ?? '')?.[1] ?? 'none'
    expect(visible(page)).toContain(`the mail with the reference ${reference}.`)
    expect(mail?.html).toContain(`Reference: ${reference}<`)

    const form = { m: hidden(page, 'm'), code: mail?.code ?? '' }
    const handed = await visit(tenant, '/reset/code', { form })
    expect([handed.status, heading(handed)]).toEqual([200, 'The code is right'])
    expect(handed.html).toContain('<form method="post" action="https://app.example.com/return">')
    const keys = await (await call(`https://${tenant.host}/.well-known/jwks.json`, { method: 'GET' })).json()
    const jwks = createLocalJWKSet(keys as Parameters<typeof createLocalJWKSet>[0])
    const { payload } = await jwtVerify(hidden(handed, 'resetGrant'), jwks)
    expect(payload).toMatchObject({ tenant: tenant.id, aud: `https://app.example.com/${tenant.id}` })

    // Sent again, as a reload does: refused, and the way to a new code is there.
    const again = await visit(tenant, '/reset/code', { form })
    expect([again.status, visible(again).includes('Send a new code')]).toEqual([422, true])
  })

  it('is taken up on another device by the link of the mail, with the address sealed in it', async () => {
    // A form without a code must be no guess: one would lock the code.
    const { hook, tenant } = await newMailed({ code: { attemptsMax: 1 } })
    await handle((await asked(tenant, USER)).sent.messages)
    const [mail] = hook.mails
    const url = new URL(/https:\S+/.exec(mail?.text ?? '')?.[0] ?? '')
    expect([url.hostname, url.pathname]).toEqual([tenant.host, '/reset/code'])
    const bytes = [...url.searchParams.values()].map((value) =>
      Buffer.from(value, 'base64url').toString('latin1'),
    )
    for (const text of [url.href, decodeURIComponent(url.href), ...bytes]) {
      expect(text.toLowerCase()).not.toContain('user1')
      expect(text).not.toContain(mail?.code)
    }
    const opened = await visit(tenant, url.pathname + url.search)
    expect(visible(opened)).toContain(`It is for ${USER}.`)
    // What follows links and submits forms finds none that sends.
    expect(opened.html).not.toContain('action="/reset"')
    expect([...opened.html.matchAll(/<form/g)]).toHaveLength(1)
    const form = { m: hidden(opened, 'm'), code: '' }
    const empty = await visit(tenant, '/reset/code', { form })
    expect([empty.status, empty.messages, visible(empty).includes('Enter the code')]).toEqual([422, [], true])
    const typed = mail?.code?.toLowerCase().replace(/^(.{4})/, ' $1 - ') ?? ''
    expect(heading(await visit(tenant, '/reset/code', { form: { ...form, code: typed } }))).toBe(
      'The code is right',
    )
  })

  it('takes a code that the help desk has read out, with the address typed beside it', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT_PAGES }, users: 1 })
    const page = await visit(tenant, '/reset/code')
    expect(page.html).toMatch(/<input[^>]*id="email"[^]*<input[^>]*id="code"/)
    const form = { email: USER, code: await tenant.newCode(USER) }
    const wrong = await visit(tenant, '/reset/code', { form: { ...form, code: wrongCode(form.code) } })
    expect([wrong.status, wrong.html.includes(`value="${USER}"`)]).toEqual([422, true])
    expect(heading(await visit(tenant, '/reset/code', { form }))).toBe('The code is right')
  })

  it.each([
    [
      'full width',
      (code: string) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    ],
    ['Arabic', (code: string) => code.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)))],
    ['Persian', (code: string) => code.replace(/\d/g, (digit) => String.fromCharCode(0x6f0 + Number(digit)))],
  ])('takes digits of other scripts: %s', async (_, type) => {
    const policy = { ...NO_LIMITS, ...GRANT_PAGES, code: { alphabet: 'digits', length: 8 } }
    const tenant = await newTenant({ policy, users: 1 })
    const form = { email: USER, code: type(await tenant.newCode(USER)) }
    expect(heading(await visit(tenant, '/reset/code', { form }))).toBe('The code is right')
  })
})

describe('from forgotten to a new password', () => {
  const PAGES = {
    pages: { passwordHint: 'At least 12 characters.', signInUrl: 'https://app.example.com/sign-in' },
  }

  it('checks the code, has the hook set the password, and ends on a page that may be reloaded', async () => {
    const { tenant, code } = await withHook(PAGES)
    const calls = playHook(() => new Response(null, { status: 204 }))
    const page = await visit(tenant, '/reset/code', { form: { email: JANE, code } })
    expect(heading(page)).toBe('Choose a new password')
    expect(page.html).toMatch(/<input\s+id="password"[^>]*type="password"[^>]*autocomplete="new-password"/)
    expect(page.html).toContain('aria-describedby="password-hint"')
    expect(visible(page)).toContain('At least 12 characters.')
    expect(page.html).not.toContain(code)
    const form = { s: hidden(page, 's'), password: 'correct horse battery' }
    const set = await visit(tenant, '/reset/password', { form })
    expect([set.status, set.headers.get('Location')]).toEqual([303, '/reset/done'])
    expect(calls.map(({ payload }) => payload.data)).toEqual([
      expect.objectContaining({ newPassword: 'correct horse battery' }),
    ])
    const done = await visit(tenant, '/reset/done')
    expect([done.status, heading(done)]).toEqual([200, 'Your password is set'])
    expect(done.html).toContain('href="https://app.example.com/sign-in"')
    // The form sent again finds the code redeemed, and the way to a new one.
    const again = await visit(tenant, '/reset/password', { form })
    expect([again.status, calls.length, heading(again)]).toEqual([422, 1, 'Enter the code'])
  })

  it('shows the reason of a hook that refuses, and lets the user choose again', async () => {
    const { tenant, code } = await withHook(PAGES)
    const reason = 'Too <short>.'
    playHook(() => Response.json({ reason }, { status: 422 }))
    const page = await visit(tenant, '/reset/code', { form: { email: JANE, code } })
    const form = { s: hidden(page, 's'), password: 'x' }
    const refused = await visit(tenant, '/reset/password', { form })
    expect([refused.status, refused.html.includes('Too &lt;short&gt;.')]).toEqual([422, true])
    vi.restoreAllMocks()
    playHook(() => new Response(null, { status: 500 }))
    const failed = await visit(tenant, '/reset/password', { form })
    expect([failed.status, failed.headers.get('Retry-After')]).toEqual([503, '5'])
    expect(visible(failed)).toContain('Your code is still good: try again')
    vi.restoreAllMocks()
    playHook(() => new Response(null, { status: 204 }))
    expect((await visit(tenant, '/reset/password', { form })).status).toBe(303)
  })

  it.each([
    ['', 'Enter a new password'],
    ['x'.repeat(1_025), 'at most 1024 characters'],
  ])('asks no hook for a password that is none', async (password, words) => {
    const { tenant, code } = await withHook(PAGES)
    const calls = playHook(() => new Response(null, { status: 204 }))
    const page = await visit(tenant, '/reset/code', { form: { email: JANE, code } })
    const answer = await visit(tenant, '/reset/password', { form: { s: hidden(page, 's'), password } })
    expect([answer.status, visible(answer).includes(words), calls.length]).toEqual([422, true, 0])
  })
})

describe('what cannot be used any more', () => {
  it('is told as expired by the link alone, for users and for nobody, and counts no guess', async () => {
    const { tenant } = await newMailed()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const links = []
    for (const email of [USER, 'nobody@example.com']) links.push((await asked(tenant, email)).page)
    vi.setSystemTime(Date.now() + 10 * 60_000)
    for (const page of links) {
      const form = { m: hidden(page, 'm'), code: '00000000' }
      const answers = [
        await visit(tenant, '/reset/code', { form }),
        await visit(tenant, `/reset/code?m=${form.m}`),
        await visit(tenant, '/reset', { form: { m: form.m } }),
      ]
      for (const answer of answers) {
        expect([answer.status, heading(answer), answer.messages]).toEqual([422, 'Reset your password', []])
        expect(visible(answer)).toContain('The time for this code is over. Ask for a new one')
      }
    }
  })

  it('leads to the first step: a link that was changed, of another tenant, or of another step', async () => {
    const { tenant } = await newMailed()
    const { tenant: other } = await newMailed()
    const { page } = await asked(tenant, USER)
    const link = hidden(page, 'm')
    const hook = await withHook({ pages: {} })
    const entered = await visit(hook.tenant, '/reset/code', { form: { email: JANE, code: hook.code } })
    const changed = link.replace(/.(?=.{9}$)/, (sign) => (sign === 'A' ? 'B' : 'A'))
    for (const [where, m] of [
      [tenant, changed],
      [tenant, 'x'.repeat(5_000)],
      [tenant, `${link}.${link}`],
      [other, link],
      [hook.tenant, hidden(entered, 's')],
    ] as const) {
      const answer = await visit(where, '/reset/code', { form: { m, code: '00000000' } })
      expect([answer.status, heading(answer)]).toEqual([422, 'Reset your password'])
      expect(visible(answer)).toContain('This page can no longer be used.')
    }
    const asForm = await visit(hook.tenant, '/reset/password', { form: { s: link, password: 'x' } })
    expect(heading(asForm)).toBe('Reset your password')
  })

  it('has no dead end: every page that is opened by its URL is a beginning', async () => {
    const { tenant } = await newMailed()
    const statuses = []
    for (const path of [
      '/reset',
      '/reset/',
      '/reset/code',
      '/reset/code?m=',
      '/reset/password',
      '/reset/done',
    ]) {
      statuses.push((await visit(tenant, path)).status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 303, 200])
  })
})

describe('a limit', () => {
  it('is told in words and in the header, keeps what was entered, and sends nothing', async () => {
    const { tenant } = await newMailed({
      limits: { ...NO_LIMITS.limits, recipient: { perMinute: 1, burst: 1 } },
    })
    const { page } = await asked(tenant, USER)
    expect(visible(page)).toMatch(/You can ask for a new code in (?:1 minute|59 seconds)\./)
    for (const form of [{ m: hidden(page, 'm') }, { email: USER }]) {
      const limited = await visit(tenant, '/reset', { form: form as Record<string, string> })
      expect([limited.status, limited.messages]).toEqual([429, []])
      expect(visible(limited)).toMatch(
        /There were too many attempts\. Try again in (?:1 minute|\d\d seconds)/,
      )
      expect(Number(limited.headers.get('Retry-After'))).toBeGreaterThan(50)
      expect(limited.html).toMatch(/data-wait="\d+"/)
      expect(limited.html).toContain(USER)
    }
  })

  it('holds for codes that are entered here as at the API: the one bucket is empty', async () => {
    const { tenant } = await newMailed({
      limits: { ...NO_LIMITS.limits, validate: { perMinute: 1, burst: 2 } },
    })
    const form = { email: USER, code: '00000000' }
    expect((await visit(tenant, '/reset/code', { form })).status).toBe(422)
    const limited = await visit(tenant, '/reset/code', { form })
    const api = await tenant.validate(USER, '00000000')
    expect([limited.status, api.status].includes(429)).toBe(true)
    expect((await visit(tenant, '/reset/code', { form })).status).toBe(429)
  })

  it('holds for passwords too: each presents a code, and the hook is not asked', async () => {
    const limits = { ...NO_LIMITS.limits, validate: { perMinute: 1, burst: 1 } }
    const { tenant, code } = await withHook({ pages: {}, limits })
    const calls = playHook(() => new Response(null, { status: 204 }))
    const page = await visit(tenant, '/reset/code', { form: { email: JANE, code } })
    const form = { s: hidden(page, 's'), password: 'a long password' }
    const limited = await visit(tenant, '/reset/password', { form })
    expect([limited.status, heading(limited), calls.length]).toEqual([429, 'Choose a new password', 0])
  })
})

it('a tenant without pages answers 404 everywhere, and so does a host of nobody', async () => {
  const tenant = await newTenant()
  for (const where of [tenant, { host: 'nobody.example.org' }]) {
    for (const path of ['/reset', '/reset/code', '/reset/password', '/reset/done', '/reset/logo']) {
      expect((await visit(where, path)).status).toBe(404)
    }
    for (const path of ['/reset', '/reset/code', '/reset/password']) {
      expect((await visit(where, path, { form: { email: USER } })).status).toBe(404)
    }
  }
})
