import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sealMessage } from '../../src/delivery/message.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { ask, handle, requestHeld } from '../rig/deliveries.ts'
import { newMailHook, type Mailed } from '../rig/mail-hook.ts'
import { newTenant, NO_LIMITS, operate, type Tenant } from '../rig/service.ts'

const USER = 'user1@example.com'
const RESET_URL = 'https://login.tenant.example/reset?from=mail&step=2'

/** What a mail must say in each language, by words that no other language has for it. */
const WORDS = {
  en: {
    ten: '10 minutes',
    day: '24 hours',
    once: 'can be used once',
    someone: 'Someone, hopefully you,',
    notYou: 'If this was not you',
    button: 'Enter the code',
  },
  de: {
    ten: '10 Minuten',
    day: '24 Stunden',
    once: 'nur einmal',
    someone: 'Jemand, hoffentlich Sie,',
    notYou: 'Wenn Sie das nicht waren',
    button: 'Code eingeben',
  },
  fr: {
    ten: '10 minutes',
    day: '24 heures',
    once: 'qu’une seule fois',
    someone: 'Quelqu’un (vous, nous l’espérons)',
    notYou: 'Si ce n’était pas vous',
    button: 'Saisir le code',
  },
  es: {
    ten: '10 minutos',
    day: '24 horas',
    once: 'una sola vez',
    someone: 'Alguien (esperamos que usted)',
    notYou: 'Si no ha sido usted',
    button: 'Introducir el código',
  },
  ja: {
    ten: '10分',
    day: '24時間',
    once: '一度だけ',
    someone: 'リクエストを受け付けました',
    notYou: 'お心当たりがない場合は、何もする必要はありません',
    button: 'コードを入力する',
  },
} as const
const LANGUAGES = Object.keys(WORDS) as (keyof typeof WORDS)[]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Codes are shown here for what becomes of them, not for the notice of it. */
const UNTOLD = { notify: { issued: false } }

/** A tenant whose mails arrive at a hook, all of them at once. */
async function newMailed({ mail = {}, code = {} }: { mail?: object; code?: object } = {}) {
  const hook = newMailHook()
  const policy = {
    ...NO_LIMITS,
    ...UNTOLD,
    code,
    mail: { ...hook.policy.mail, resetUrl: RESET_URL, ...mail },
  }
  return { hook, tenant: await newTenant({ policy }) }
}

/** The mail with a code that a new user gets who asks for one. */
async function mailTo(
  { hook, tenant }: Awaited<ReturnType<typeof newMailed>>,
  attributes: object = {},
): Promise<Mailed> {
  const email = `${crypto.randomUUID()}@example.com`
  await tenant.addUser(email, attributes)
  await handle([await ask(tenant, email)])
  const mail = hook.mails.at(-1)
  if (mail?.to !== email) throw new Error('no mail')
  return mail
}

/** The mail with a code that the help desk makes for a new user. */
async function mailFromDesk(
  { hook, tenant }: Awaited<ReturnType<typeof newMailed>>,
  path: 'resetPassword' | 'enroll',
): Promise<Mailed> {
  const email = `${crypto.randomUUID()}@example.com`
  await tenant.addUser(email)
  const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/${path}`
  const body = { email, code_send_to: 'EMAIL' }
  await handle((await requestHeld(url, { token: await tenant.token(), body })).messages)
  const mail = hook.mails.at(-1)
  if (mail?.to !== email) throw new Error('no mail')
  return mail
}

/** What is in the HTML for the preview alone. */
const preview = (html: string) => /<div style="display:none[^>]*>([^]*?)<\/div>/.exec(html)?.[1] ?? ''

/** What a reader of the HTML sees. */
const visible = (html: string) =>
  html
    .replace(/<head>[^]*<\/head>/, '')
    .replace(/<div style="display:none[^]*?<\/div>/, '')
    .replace(/<!--[^]*?-->/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

/** Every address that the mail would make a reader's program open. */
const urlsIn = ({ text, html }: Mailed) => ({
  text: text.match(/\b[a-z]+:\/\/\S+/g) ?? [],
  html: [...html.matchAll(/(?:href|src|action)="([^"]*)"|url\(([^)]*)\)/g)].map(([, url]) =>
    url?.replaceAll('&amp;', '&'),
  ),
})

const inGroups = (code: string, size: number) => code.match(new RegExp(`.{${size}}`, 'g'))?.join('-') ?? ''

describe('the mail with a code', () => {
  it.each(LANGUAGES)('says in %s what a reader needs, as text and as HTML', async (language) => {
    const mail = await mailTo(await newMailed({ mail: { language } }))
    const { ten, once, notYou } = WORDS[language]
    expect(mail.language).toBe(language)
    expect(mail.subject.length).toBeGreaterThan(5)
    for (const body of [mail.text.replace(/\s+/g, ' '), visible(mail.html)]) {
      for (const words of [inGroups(mail.code ?? '', 4), ten, once, notYou, RESET_URL.split('&')[0] ?? '']) {
        expect(body).toContain(words)
      }
    }
    expect(mail.html).toMatch(new RegExp(`^<!doctype html>\\s*<html lang="${language}" dir="ltr"`))
    expect(mail.html).toContain('<meta name="viewport" content="width=device-width,initial-scale=1" />')
    expect(mail.html).toContain('<meta charset="utf-8" />')
    expect(mail.html).not.toMatch(/<script|<img|<link|@import/)
  })

  it.each(LANGUAGES)('names in %s the tenant in its subject and first line', async (language) => {
    const mailed = await newMailed({ mail: { language } })
    const named = await newMailed({ mail: { language, name: 'Example & Co.' } })
    for (const [{ subject, text, html }, name] of [
      [await mailTo(mailed), 'A tenant'],
      [await mailFromDesk(mailed, 'resetPassword'), 'A tenant'],
      [await mailFromDesk(mailed, 'enroll'), 'A tenant'],
      [await mailTo(named), 'Example & Co.'],
    ] as const) {
      expect(subject).toContain(name)
      const [first, , intro] = text.split('\n')
      expect([first, intro?.includes(name)]).toEqual([name, true])
      expect(visible(html).startsWith(name.replace('&', '&amp;'))).toBe(true)
    }
  })

  it.each(LANGUAGES)('never shows the code in a preview, in %s (D4)', async (language) => {
    const mailed = await newMailed({ mail: { language, texts: { [language]: { intro: 'Short.' } } } })
    for (const mail of [
      await mailTo(mailed),
      await mailFromDesk(mailed, 'resetPassword'),
      await mailFromDesk(mailed, 'enroll'),
    ]) {
      const shown = preview(mail.html)
      expect(shown.replace(/\s/g, '')).toContain(WORDS[language].ten.replace(/\s/g, ''))
      const code = mail.code ?? ''
      for (const form of [code, inGroups(code, 4)]) {
        expect([mail.subject.includes(form), shown.includes(form)]).toEqual([false, false])
      }
      // What is left of the preview is full of nothing, so that the body does not follow in it.
      expect(shown.match(/&nbsp;&zwnj;/g)?.length).toBeGreaterThanOrEqual(150)
      expect(mail.html.indexOf('display:none')).toBeLessThan(mail.html.indexOf('A tenant</p>'))
    }
  })

  it.each(LANGUAGES)(
    'has a button in %s that says what it does, and its address in words',
    async (language) => {
      const { html, text } = await mailTo(await newMailed({ mail: { language } }))
      const { button } = WORDS[language]
      const cell = /<td class="button"[^>]*bgcolor="#1a4fd6"[^>]*mso-padding-alt[^>]*>\s*<a[^>]*>([^<]*)<\/a>/
      expect(cell.exec(html)?.[1]).toBe(button)
      const [, below = ''] = visible(html).split(button)
      expect(below.trim()).toContain(RESET_URL.replace('&', '&amp;'))
      expect(text).toContain(`\n${RESET_URL}\n`)
    },
  )

  it('is for light and dark screens, and as wide in Outlook as elsewhere', async () => {
    const { html } = await mailTo(await newMailed())
    for (const name of ['color-scheme', 'supported-color-schemes']) {
      expect(html).toContain(`<meta name="${name}" content="light dark" />`)
    }
    const [, dark = ''] = html.split('@media (prefers-color-scheme:dark)')
    const classes = [...html.matchAll(/class="([^"]*)"/g)].flatMap(([, names = '']) => names.split(' '))
    const looks = [...new Set(classes)].filter((name) => name !== 'code')
    expect(looks.length).toBe(6)
    expect(looks.filter((name) => !dark.includes(`.${name}{`))).toEqual([])
    const width = /max-width:(\d+)px;border-radius/.exec(html)?.[1]
    expect(html).toContain(`<!--[if mso]><table role="presentation" width="${width}"`)
    expect(html.match(/<!--\[if mso\]>/g)?.length).toBe(html.match(/<!\[endif\]-->/g)?.length)
    const asOutlookReads = html.replaceAll('<!--[if mso]>', '').replaceAll('<![endif]-->', '')
    expect(asOutlookReads.match(/<table/g)?.length).toBe(asOutlookReads.match(/<\/table>/g)?.length)
    expect(html.match(/<table(?![^>]*role="presentation")/g)).toBeNull()
  })

  it.each(LANGUAGES)(
    'says in %s who made the code: the user who asked, or the help desk',
    async (language) => {
      const mailed = await newMailed({ mail: { language } })
      const { someone, notYou, ten } = WORDS[language]
      const [asked, issued] = [await mailTo(mailed), await mailFromDesk(mailed, 'resetPassword')]
      expect([asked.text.includes(someone), asked.text.includes(notYou)]).toEqual([true, true])
      for (const body of [issued.text, visible(issued.html)]) {
        expect([body.includes(someone), body.includes(notYou)]).toEqual([false, false])
        expect(body.toLowerCase()).toMatch(/help ?desk|assistance|asistencia|ヘルプデスク/)
        expect(body.replace(/\s/g, '')).toContain(ten.replace(/\s/g, ''))
      }
      expect(issued.subject).toBe(asked.subject)
    },
  )

  it.each(LANGUAGES)('says in %s how long a day is, in hours', async (language) => {
    const mailed = await newMailed({ mail: { language }, code: { ttlMinutes: 1440 } })
    const { text, html } = await mailTo(mailed)
    // French has a space there that does not break.
    for (const body of [text, html]) expect(body.replace(/\s+/g, ' ')).toContain(WORDS[language].day)
  })

  it('says how long it is still valid, when it comes late', async () => {
    const { hook, tenant } = await newMailed()
    await tenant.addUser(USER)
    const message = await ask(tenant, USER)
    hook.answer = 500
    await handle([message])
    vi.setSystemTime(Date.now() + 60_000)
    hook.answer = 200
    await handle([message], { attempts: 2 })
    expect(hook.mails[0]?.text).toContain('valid for 9 minutes')
  })

  it.each([
    ['base32', 8, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/],
    ['digits', 6, /^\d{3}-\d{3}$/],
    ['digits', 8, /^\d{4}-\d{4}$/],
    ['digits', 9, /^\d{3}-\d{3}-\d{3}$/],
    ['digits', 12, /^\d{4}-\d{4}-\d{4}$/],
  ])('shows a code of %s %i in groups, which can be typed as it stands', async (alphabet, length, form) => {
    const mailed = await newMailed({ code: { alphabet, length } })
    const mail = await mailTo(mailed)
    const shown = mail.text.match(/^ {4}(\S+)$/m)?.[1] ?? ''
    expect(shown).toMatch(form)
    expect(mail.html).toContain(`>${shown}</p>`)
    expect((await mailed.tenant.validate(mail.to, shown)).status).toBe(200)
  })

  it('links to the tenant’s reset page alone, with neither code nor address in it', async () => {
    const mail = await mailTo(await newMailed())
    expect(urlsIn(mail)).toEqual({ text: [RESET_URL], html: [RESET_URL] })
    const { text, html } = urlsIn(await mailTo(await newMailed({ mail: { resetUrl: undefined } })))
    expect([...text, ...html]).toEqual([])
  })

  it('is in the user’s language where there are texts in it, else in the tenant’s', async () => {
    const mailed = await newMailed({ mail: { language: 'fr' } })
    const languages: unknown[] = []
    for (const preferredLanguage of ['de', 'de-CH', 'DE_at', 'ja-JP', 'es-419,es;q=0.9', 'xx', '', null]) {
      languages.push((await mailTo(mailed, { preferredLanguage })).language)
    }
    languages.push((await mailTo(mailed)).language)
    expect(languages).toEqual(['de', 'de', 'de', 'ja', 'es', 'fr', 'fr', 'fr', 'fr'])
  })

  it('has the tenant’s own words, in the language that they are for', async () => {
    const own = { subject: 'Hallo', intro: 'Das ist von uns.', closing: 'Rufen Sie 555 an.' }
    const mailed = await newMailed({ mail: { texts: { de: own, en: { intro: 'Ours.' } } } })
    const german = await mailTo(mailed, { preferredLanguage: 'de' })
    expect(german.subject).toBe(own.subject)
    expect(german.text).toMatch(/^A tenant\n\nDas ist von uns\.\n/)
    expect(visible(german.html)).toMatch(/^A tenant Das ist von uns\./)
    for (const body of [german.text, german.html]) {
      expect([body.includes(own.intro), body.includes(own.closing)]).toEqual([true, true])
      expect(body).toContain('10 Minuten')
      expect(body).not.toContain(WORDS.de.notYou)
    }
    const english = await mailTo(mailed)
    expect(english.subject).toBe('Your password reset code for A tenant')
    expect(english.text).toMatch(/^A tenant\n\nOurs\.\n/)
    expect(english.text).toContain(WORDS.en.notYou)
    expect((await mailTo(mailed, { preferredLanguage: 'es' })).text).not.toContain('Ours')
    const issued = await mailFromDesk(mailed, 'resetPassword')
    expect(issued.text).toMatch(/^A tenant\n\nOurs\.\n/)
  })

  it('is HTML in which no name or text of the tenant is markup', async () => {
    const evil = `<script>alert("1")</script>&'`
    const { hook, tenant } = await newMailed()
    const resetUrl = `https://login.tenant.example/?a="><script>alert(2)</script>`
    const mail = {
      ...hook.policy.mail,
      resetUrl,
      texts: { en: { subject: evil, intro: evil, closing: evil } },
    }
    const changed = { name: evil, hosts: [tenant.host], policy: { ...NO_LIMITS, mail } }
    expect((await operate('PUT', `/tenants/${tenant.id}`, changed)).status).toBe(200)
    const { html, subject, text } = await mailTo({ hook, tenant })
    expect(html).not.toMatch(/<script|"1"|a="/)
    expect(html.split('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;')).toHaveLength(5)
    expect([subject, text.includes(evil)]).toEqual([evil, true])
  })
})

describe('the mail with an enrolment code', () => {
  it.each(LANGUAGES)('says in %s that it is one, and nothing of a password', async (language) => {
    const { hook, tenant } = await newMailed({
      mail: { language, texts: { [language]: { subject: 'Reset', intro: 'Reset', closing: 'Reset' } } },
    })
    const mail = await mailFromDesk({ hook, tenant }, 'enroll')
    const reset = await mailTo({ hook, tenant })
    expect(mail).toMatchObject({ mode: 'ENROLLMENT', language })
    expect(mail.subject).not.toBe(reset.subject)
    expect(mail.text).toContain(inGroups(mail.code ?? '-', 4))
    expect(mail.text).toContain(WORDS[language].ten)
    expect(mail.text).not.toContain(WORDS[language].someone)
    expect(mail.text).not.toMatch(/Reset|[Pp]assw|mot de passe|contraseña|パスワード/)
  })
})

describe('a notice', () => {
  /** Has the queue of one request handled. */
  async function noticeOf(tenant: Tenant, path: string, body: unknown): Promise<void> {
    const url = `https://${tenant.host}${path}`
    const token = path.startsWith('/Admin') ? { token: await tenant.token() } : {}
    const { messages } = await requestHeld(url, { ...token, body })
    await handle(messages)
  }

  it.each(LANGUAGES)(
    'of a void, a lock-out and a redeem in %s has neither code nor link',
    async (language) => {
      const { hook, tenant } = await newMailed({ mail: { language } })
      const changed = {
        ...NO_LIMITS,
        ...UNTOLD,
        code: { attemptsMax: 1 },
        mail: { ...hook.policy.mail, resetUrl: RESET_URL },
        redeem: { kind: 'grant', audience: `https://${tenant.host}` },
      }
      const tenantBody = { name: 'A tenant', hosts: [tenant.host], policy: changed }
      expect((await operate('PUT', `/tenants/${tenant.id}`, tenantBody)).status).toBe(200)
      await tenant.addUser(USER, { preferredLanguage: language })
      const codes = [await tenant.newCode(USER)]
      const toVoid = { code_generation_mode: 'PASSWORD_RESET', user_emails: [USER] }
      await noticeOf(tenant, '/AdminInterface/restapi/v1/users/voidVerifyCode', toVoid)
      codes.push(await tenant.newCode(USER))
      const wrong = { emailAddress: USER, passwordResetCode: 'wrong' }
      await noticeOf(tenant, '/api/passwordmanagement/validatePasswordResetCode', wrong)
      const code = await tenant.newCode(USER)
      const right = { emailAddress: USER, passwordResetCode: code }
      await noticeOf(tenant, '/api/passwordmanagement/redeemPasswordResetCode', right)
      expect(hook.mails.map(({ type, notice, to }) => [type, notice, to])).toEqual([
        ['reset-code.notice', 'voided', USER],
        ['reset-code.notice', 'locked', USER],
        ['reset-code.notice', 'redeemed', USER],
      ])
      expect(new Set(hook.mails.map(({ subject }) => subject)).size).toBe(3)
      for (const mail of hook.mails) {
        expect(mail.language).toBe(language)
        expect(urlsIn(mail)).toEqual({ text: [], html: [] })
        const whole = JSON.stringify(mail).replaceAll('-', '')
        expect([...codes, code].filter((each) => whole.includes(each))).toEqual([])
      }
    },
  )

  const RESETS = /[Pp]assw|mot de passe|contraseña|パスワード/

  it.each(LANGUAGES)('of a voided enrolment code says in %s that it is one', async (language) => {
    const { hook, tenant } = await newMailed({ mail: { language } })
    await tenant.addUser(USER)
    for (const [mode, path] of [
      ['ENROLLMENT', 'enroll'],
      ['PASSWORD_RESET', 'resetPassword'],
    ] as const) {
      await tenant.admin(`/users/generateVerifyCode/${path}`, { email: USER })
      const toVoid = { code_generation_mode: mode, user_emails: [USER] }
      await noticeOf(tenant, '/AdminInterface/restapi/v1/users/voidVerifyCode', toVoid)
      expect(hook.mails.at(-1)).toMatchObject({ type: 'reset-code.notice', notice: 'voided', mode, to: USER })
    }
    const [enrolment, reset] = hook.mails
    expect(hook.mails).toHaveLength(2)
    for (const part of ['subject', 'text', 'html'] as const) {
      expect([enrolment?.[part], reset?.[part]]).toEqual([
        expect.not.stringMatching(RESETS),
        expect.stringMatching(RESETS),
      ])
    }
  })

  it.each(LANGUAGES)(
    'of an issued code says in %s of which kind it is, and where it went',
    async (language) => {
      const { hook, tenant } = await newMailed({ mail: { language } })
      const body = {
        name: 'A tenant',
        hosts: [tenant.host],
        policy: { ...NO_LIMITS, mail: { ...hook.policy.mail, language, resetUrl: RESET_URL } },
      }
      expect((await operate('PUT', `/tenants/${tenant.id}`, body)).status).toBe(200)
      await tenant.addUser(USER)
      for (const path of ['enroll', 'resetPassword']) {
        const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/${path}`
        const elsewhere = { code_send_to: 'EMAIL', custom_email: 'other@elsewhere.example' }
        for (const way of [{}, elsewhere]) {
          const held = await requestHeld(url, { token: await tenant.token(), body: { email: USER, ...way } })
          await handle(held.messages.slice(-1))
        }
      }
      const seen = hook.mails.map(({ to, notice, mode, channel }) => [to, notice, mode, channel])
      expect(seen).toEqual([
        [USER, 'issued', 'ENROLLMENT', 'DISPLAY'],
        [USER, 'issued', 'ENROLLMENT', 'custom'],
        [USER, 'issued', 'PASSWORD_RESET', 'DISPLAY'],
        [USER, 'issued', 'PASSWORD_RESET', 'custom'],
      ])
      expect(new Set(hook.mails.map(({ subject }) => subject)).size).toBe(4)
      expect(new Set(hook.mails.map(({ text }) => text)).size).toBe(4)
      for (const mail of hook.mails) {
        expect(mail.language).toBe(language)
        expect(urlsIn(mail)).toEqual({ text: [], html: [] })
        const isOfReset = mail.mode === 'PASSWORD_RESET'
        expect([mail.subject, mail.text, mail.html].map((part) => RESETS.test(part))).toEqual(
          Array(3).fill(isOfReset),
        )
        expect(JSON.stringify(mail)).not.toContain('elsewhere.example')
      }
    },
  )

  it('that an earlier version queued, without a mode, is about a reset code', async () => {
    const { hook, tenant } = await newMailed()
    const userId = await tenant.addUser(USER)
    const keys = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
    const message = { kind: 'notice', tenantId: tenant.id, userId, notice: 'voided' } as const
    const sealed = await sealMessage(keys, { ...message, noticeId: crypto.randomUUID(), requestedAt: 0 })
    expect(await handle([sealed])).toEqual(['ack'])
    expect(hook.mails).toMatchObject([{ notice: 'voided', mode: 'PASSWORD_RESET' }])
    expect(hook.mails[0]?.subject).toMatch(RESETS)
  })

  it.each(LANGUAGES)(
    'names the tenant in %s, first of all, and so does one without an account',
    async (language) => {
      const { hook, tenant } = await newMailed({ mail: { language, name: 'Example' } })
      const changed = {
        ...NO_LIMITS,
        ...UNTOLD,
        unknownAddress: 'notify',
        mail: { ...hook.policy.mail, language, name: 'Example' },
      }
      const body = { name: 'A tenant', hosts: [tenant.host], policy: changed }
      expect((await operate('PUT', `/tenants/${tenant.id}`, body)).status).toBe(200)
      await tenant.addUser(USER)
      await tenant.newCode(USER)
      const toVoid = { code_generation_mode: 'PASSWORD_RESET', user_emails: [USER] }
      await noticeOf(tenant, '/AdminInterface/restapi/v1/users/voidVerifyCode', toVoid)
      await handle([await ask(tenant, 'nobody@example.com')])
      expect(hook.mails.map(({ type }) => type)).toEqual(['reset-code.notice', 'reset-code.no-account'])
      for (const { subject, text, html } of hook.mails) {
        expect(subject).toContain('Example')
        expect(text).toMatch(/^Example\n\n.*Example/)
        expect(visible(html)).toMatch(/^Example .*Example/)
        expect(preview(html)).toContain('Example')
      }
    },
  )
})
