import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LANGUAGES } from '../../../src/texts/languages.ts'
import { handle } from '../../rig/deliveries.ts'
import { heading, visible, visit } from '../../rig/pages.ts'
import { newTenant, NO_LIMITS, operate } from '../../rig/service.ts'
import { userEvents, whatHappened } from '../../rig/user-events.ts'
import { from } from '../../rig/visiting.ts'
import {
  addCaller,
  digitsFor,
  digitsOf,
  newDesk,
  NUMBER,
  pathOf,
  SECOND,
  sentProof,
  storedVerifications,
  verified,
} from '../../rig/verifying.ts'

const wrong = (code: string, by = 1) => String((Number(code) + by) % 100_000_000).padStart(8, '0')

/** A desk with a verification that has begun, and the path of its page. */
async function begun(options?: Parameters<typeof newDesk>[0]) {
  const desk = await newDesk(options)
  const userId = await addCaller(desk)
  const started = await verified(desk, userId, 'start')
  return { desk, userId, started, path: pathOf(started) }
}

/** Lets a code be sent again, as if it were later. */
const later = ({ id }: { id: string }) =>
  env.DB.prepare('UPDATE desk_verifications SET proof_sent_at = proof_sent_at - 30000 WHERE tenant_id = ?')
    .bind(id)
    .run()

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the page of a verification', () => {
  it('R10: sends nothing and changes nothing, whatever opens it', async () => {
    const { desk, path } = await begun()
    const before = await storedVerifications(desk)
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      for (const each of [path, `${path}/send`, `${path}?code=12345678`, '/v/open']) {
        expect((await visit(desk, each, { method })).messages).toEqual([])
      }
    }
    expect(await storedVerifications(desk)).toEqual(before)
    expect(await whatHappened(desk)).toEqual([])
  })

  it('tells nothing of anybody before the caller has shown who they are', async () => {
    const { desk, userId, path } = await begun()
    const first = await visit(desk, path)
    await visit(desk, `${path}/send`, { form: {} })
    const second = await visit(desk, path)
    const third = await visit(desk, path, { form: { code: '00000000' } })
    expect([first, second, third].map(({ status }) => status)).toEqual([200, 200, 422])
    for (const { html, headers } of [first, second, third]) {
      for (const secret of [userId, 'jane', 'home.example', 'test', NUMBER.slice(-4)]) {
        expect(html).not.toContain(secret)
      }
      expect(headers.get('Content-Security-Policy')).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
      expect([
        headers.get('Cache-Control'),
        headers.get('Referrer-Policy'),
        headers.get('Set-Cookie'),
      ]).toEqual(['no-store', 'no-referrer', null])
    }
    expect(visible(first)).toContain(
      'If you are not in contact with the help desk right now, close this page.',
    )
  })

  it('is the same where there never was one, where it is over, and where it was canceled', async () => {
    const { desk, userId, path, started } = await begun()
    const digits = await digitsFor(desk, started)
    await verified(desk, userId, 'code', { verifyCode: digits })
    const other = await addCaller(desk, 'john')
    const canceled = pathOf(await verified(desk, other, 'start'))
    await verified(desk, other, 'cancel')
    const answers = []
    for (const each of [path, canceled, '/v/0000-0000', '/v/nobody', '/v/open']) {
      answers.push(await visit(desk, each), await visit(desk, each, { method: 'HEAD' }))
      if (each !== '/v/open') answers.push(await visit(desk, `${each}/send`, { form: {} }))
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]))
    expect(new Set(answers.map(({ html }) => html).filter(Boolean)).size).toBe(1)
    expect(visible(answers[0] ?? { html: '' })).toContain('This page is no longer valid')
  })

  it('is found however its code is typed, and by the form for it', async () => {
    const { desk, path } = await begun()
    const code = path.slice(3)
    for (const typed of [code.toLowerCase(), code.replace('-', ''), ` ${code.replace('-', ' ')} `]) {
      expect((await visit(desk, `/v/${encodeURIComponent(typed)}`)).status).toBe(200)
      const entered = await visit(desk, '/v/open?lang=de', { form: { link: typed } })
      expect([entered.status, entered.headers.get('Location')]).toEqual([303, `${path}?lang=de`])
    }
    const none = await visit(desk, '/v/open', { form: { link: '' } })
    expect([none.status, /aria-invalid="true"/.test(none.html)]).toEqual([422, true])
  })

  it.each([
    [{ 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }, 403],
    [{ Origin: 'https://evil.example' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 303],
  ])('takes forms of its own alone: %j', async (headers, status) => {
    const { desk, path } = await begun()
    const answer = await visit(desk, `${path}/send`, { form: {}, headers })
    expect([answer.status, answer.messages.length]).toEqual([status, status === 303 ? 1 : 0])
  })

  it('F1: costs whoever guesses links their own share, and nobody else’s', async () => {
    const desk = await newDesk({
      policy: { limits: { ...NO_LIMITS.limits, client: { perMinute: 60, burst: 10 } } },
    })
    const path = pathOf(await verified(desk, await addCaller(desk), 'start'))
    // Past the flood shield, which is tested by itself.
    const bindings = { FLOOD_SHIELD: { limit: async () => ({ success: true }) } }
    const guess = () => visit(desk, '/v/0000-0000', { headers: from('198.51.100.7'), bindings })
    const guesses = Array.from({ length: 40 }, guess)
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 404).length).toBeLessThanOrEqual(12)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(28)
    const refused = await guess()
    expect(refused.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/)
    expect(visible(refused)).toContain('There were too many attempts.')
    expect((await visit(desk, path, { headers: from('203.0.113.9') })).status).toBe(200)
  })
})

describe('a code for the caller', () => {
  it('E1: goes to the second address alone, in the language of the user', async () => {
    const { desk, path } = await begun()
    const sent = await visit(desk, `${path}/send`, {
      form: { email: 'evil@example.com', to: 'evil@example.com' },
    })
    expect([sent.status, sent.headers.get('Location'), sent.messages.length]).toEqual([303, path, 1])
    expect(JSON.stringify(sent.messages)).not.toContain('jane')
    await handle(sent.messages)
    const [mail] = desk.hook.mails
    expect(desk.hook.calls).toHaveLength(1)
    expect(mail).toMatchObject({ type: 'verification.code', to: SECOND, channel: 'mail', language: 'en' })
    expect(mail?.code).toMatch(/^\d{8}$/)
    expect(mail?.text).toContain(`    ${mail?.code?.slice(0, 4)}-${mail?.code?.slice(4)}`)
    expect(mail?.text).toContain('not even to your help desk')
    expect(mail?.subject).not.toContain(mail?.code?.slice(0, 4) ?? '')
    expect(await userEvents(desk)).toMatchObject([
      { action: 'proof-sent', reason: 'mail', destination: 'j***@home.example', count: 1 },
    ])
  })

  it('goes to the number by the hook of the tenant, where the policy says so', async () => {
    const { desk, path } = await begun({ by: 'phone' })
    expect(visible(await visit(desk, path))).toContain('phone number')
    const code = await sentProof(desk, path)
    expect(desk.hook.mails).toMatchObject([{ type: 'verification.code', to: NUMBER, channel: 'phone', code }])
    expect(await userEvents(desk)).toMatchObject([{ reason: 'phone', destination: '***23' }])
    expect(digitsOf(await visit(desk, path, { form: { code } }))).toMatch(/^\d{6}$/)
  })

  it('shows the digits once, with who asks and what they are for', async () => {
    const { desk, path } = await begun()
    const code = await sentProof(desk, path)
    const typed = `${code.slice(0, 4)} - ${code.slice(4)}`
    const shown = await visit(desk, path, { form: { code: typed } })
    expect(heading(shown)).toBe('Read these digits to the help desk')
    const words = visible(shown)
    expect(words).toContain('test asks for them on behalf of A tenant, to be sure that it is you')
    expect(words).toContain('Do not read them to anyone who called you')
    expect(words).toMatch(/They are valid for \d minutes?, and only once\./)
    const again = await visit(desk, path, { form: { code: typed } })
    expect([again.status, digitsOf(again)]).toEqual([422, ''])
    expect(again.html).not.toContain('href="#code"')
    expect((await whatHappened(desk)).filter((what) => what !== 'proof-sent:mail')).toEqual(['proved:mail'])
  })

  it('G2: five tries over all that were sent, whatever comes at once, with the right one among them', async () => {
    let proofs = 0
    for (let round = 0; round < 6; round += 1) {
      const { desk, path, userId } = await begun()
      const code = await sentProof(desk, path)
      const tries = Array.from({ length: 20 }, (_, index) => wrong(code, index + 1))
      tries.splice(round * 3, 1, code)
      const answers = await Promise.all(tries.map((each) => visit(desk, path, { form: { code: each } })))
      const shown = answers.map(digitsOf).filter((digits) => digits !== '')
      const refused = (await whatHappened(desk)).filter((what) => what === 'proof-refused:mail').length
      expect(shown.length).toBeLessThanOrEqual(1)
      proofs += shown.length
      if (shown.length === 1) {
        expect(refused).toBeLessThan(5)
        continue
      }
      // G1, G3: the right one fails too, and no new one is sent.
      expect(refused).toBe(5)
      expect((await visit(desk, path, { form: { code } })).status).toBe(404)
      expect(await verified(desk, userId, 'status')).toMatchObject({
        verifyStatus: 'FAILED',
        status: 'ENDED',
      })
    }
    expect(proofs).toBeGreaterThan(0)
  }, 60_000)

  it('G3: a new code brings no new tries', async () => {
    const { desk, path } = await begun()
    const first = await sentProof(desk, path)
    for (const by of [1, 2, 3]) await visit(desk, path, { form: { code: wrong(first, by) } })
    await later(desk)
    const second = await sentProof(desk, path)
    expect(digitsOf(await visit(desk, path, { form: { code: first } }))).toBe('')
    expect((await visit(desk, path, { form: { code: wrong(second) } })).status).toBe(404)
    expect((await visit(desk, path, { form: { code: second } })).status).toBe(404)
  })

  it('is sent three times at most, half a minute apart, and is one of any number of presses at once', async () => {
    const { desk, path } = await begun()
    const press = () => visit(desk, `${path}/send`, { form: {} })
    for (const _ of [1, 2, 3]) {
      const answers = await Promise.all(Array.from({ length: 8 }, press))
      expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
      expect(answers.flatMap(({ messages }) => messages)).toHaveLength(1)
      expect(visible(answers.find(({ status }) => status !== 303) ?? { html: '' })).toContain(
        'No other code can be sent just now.',
      )
      await later(desk)
    }
    expect((await press()).status).toBe(422)
  })

  it('is sent nine times an hour to one user, however many verifications are begun', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const statuses: number[] = []
    for (let round = 0; round < 4; round += 1) {
      const path = pathOf(await verified(desk, userId, 'start'))
      for (const _ of [1, 2, 3]) {
        statuses.push((await visit(desk, `${path}/send`, { form: {} })).status)
        await later(desk)
      }
    }
    expect(statuses).toEqual([...Array(9).fill(303), 422, 422, 422])
  })

  it('that was replaced before it was sent is not sent', async () => {
    const { desk, path } = await begun()
    const { messages: first } = await visit(desk, `${path}/send`, { form: {} })
    await later(desk)
    const { messages: second } = await visit(desk, `${path}/send`, { form: {} })
    expect(await handle([...first, ...second])).toEqual(['ack', 'ack'])
    expect(desk.hook.calls).toHaveLength(1)
  })

  it('is not sent to somebody who has been disabled since, nor to an address that is the account’s by now', async () => {
    const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
    for (const operation of [
      { op: 'replace', path: 'active', value: false },
      { op: 'replace', path: 'emails[type eq "home"].value', value: 'jane+2@example.com' },
    ]) {
      const { desk, path, userId } = await begun()
      const { messages } = await visit(desk, `${path}/send`, { form: {} })
      await desk.scim('PATCH', `/Users/${userId}`, { schemas: [PATCH], Operations: [operation] })
      expect(await handle(messages)).toEqual(['ack'])
      expect(desk.hook.calls).toEqual([])
    }
  })

  it('leaves by mail where the tenant has no hook', async () => {
    const tenant = await newTenant({
      policy: { ...NO_LIMITS, mail: { from: 'reset@example.com' }, desk: { verification: { by: 'mail' } } },
    })
    const started = await verified(tenant, await addCaller(tenant), 'start')
    const { messages } = await visit(tenant, `${pathOf(started)}/send`, { form: {} })
    const mails: { to: string }[] = []
    const EMAIL = { send: async (mail: { to: string }) => void mails.push(mail) } as unknown as SendEmail
    await handle(messages, { bindings: { EMAIL } })
    expect(mails).toMatchObject([{ to: SECOND }])
  })

  it('is tried again where the hook fails, and given up with an event', async () => {
    const { desk, path } = await begun()
    const { messages } = await visit(desk, `${path}/send`, { form: {} })
    desk.hook.answer = 500
    expect(await handle(messages)).toEqual([10])
    await handle(messages, { queue: 'rescind-dead-letters' })
    expect(await whatHappened(desk)).toContain('delivery-failed:attempts-exhausted')
  })
})

/** Names that would be markup, script or another direction if anything took them for more than text. */
const HOSTILE = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `{tenant}{agent}$&$\`$'`,
  '\u202eevil\u2069\u2066\u200f',
]

describe('hostile text is text', () => {
  it.each(HOSTILE)('%s', async (evil) => {
    const desk = await newDesk()
    const policy = {
      ...NO_LIMITS,
      mail: { ...desk.hook.policy.mail, name: evil.replace(/[\u200f\u202e]/g, '') },
      desk: { verification: { by: 'mail' } },
    }
    await operate('PUT', `/tenants/${desk.id}`, { name: evil, hosts: [desk.host], policy })
    const userId = await addCaller(desk)
    const keys = `UPDATE api_keys SET description = ? WHERE tenant_id = ?`
    await env.DB.prepare(keys).bind(evil, desk.id).run()
    const { forgetCatalogue } = await import('../../../src/tenants/catalogue.ts')
    forgetCatalogue()
    const started = await verified(desk, userId, 'start')
    expect(started.adminUsername).not.toMatch(/[\u200f\u202e\u2066\u2069]/)
    const path = pathOf(started)
    const query = `?lang=${encodeURIComponent(evil)}`
    const pages = [await visit(desk, path + query), await visit(desk, `/v/${encodeURIComponent(evil)}`)]
    const code = await sentProof(desk, path)
    pages.push(await visit(desk, path), await visit(desk, path, { form: { code: evil } }))
    pages.push(await visit(desk, '/v/open', { form: { link: evil } }))
    const shown = await visit(desk, path, { form: { code } })
    expect(digitsOf(shown)).toMatch(/^\d{6}$/)
    for (const { html } of [...pages, shown, ...desk.hook.mails]) {
      expect(html.replaceAll('<script src="/assets/reset.js" defer></script>', '')).not.toMatch(
        /<script|<img|onerror=alert\(1\)>/,
      )
      expect(html).not.toMatch(/(?:href|src|action)="(?!https?:\/\/|\/|#)/)
    }
    // What turns the direction is gone from the name, and what is around it holds it together.
    expect(shown.html).toMatch(/\u2068[^\u2066\u202e\u200f]*\u2069/)
  })
})

it.each(LANGUAGES)('the pages are whole in %s', async (language) => {
  const { desk, path } = await begun()
  const first = await visit(desk, `${path}?lang=${language}`)
  expect(first.html).toContain(`action="${path}/send?lang=${language}"`)
  const code = await sentProof(desk, path)
  const second = await visit(desk, `${path}?lang=${language}`)
  const shown = await visit(desk, `${path}?lang=${language}`, { form: { code } })
  expect(digitsOf(shown)).toMatch(/^\d{6}$/)
  for (const page of [first, second, shown]) {
    expect(page.html).toContain(`<html lang="${language}`)
    expect(visible(page)).not.toMatch(/[{}]|undefined/)
    expect(visible(page)).toContain('A tenant')
  }
  expect(visible(shown)).toContain('test')
})
