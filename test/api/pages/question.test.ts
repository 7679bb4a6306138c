import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LANGUAGES } from '../../../src/texts/languages.ts'
import { textsIn } from '../../../src/texts/texts.ts'
import { CITY, COLOR, JANE, newAskedUser, PET, QUESTIONS, rightAnswers } from '../../rig/challenges.ts'
import { HOOK_SECRET, HOOK_URL, playHook } from '../../rig/password-hook.ts'
import { asked, GRANT_PAGES, heading, hidden, visible, visit, type Answer } from '../../rig/pages.ts'
import { operate, wrongCode, type Tenant } from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'

const HOOK_PAGES = { redeem: { kind: 'hook', url: HOOK_URL, secret: HOOK_SECRET }, pages: {} }
const TEXTS = QUESTIONS.map(({ text }) => text)
const ANSWERS = Object.fromEntries(
  rightAnswers(3).map(({ ChallengeCode, Answer: text }) => [ChallengeCode, text]),
)

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Each from a network of its own, since each has a share of the attempts; past the flood shield. */
const from = (nth: number) => ({
  headers: { 'CF-Connecting-IP': `203.0.113.${nth + 1}` },
  bindings: { FLOOD_SHIELD: { limit: async () => ({ success: true }) } },
})

const enter = (tenant: Tenant, code: string, nth = 0, email = JANE) =>
  visit(tenant, '/reset/code', { form: { email, code }, ...from(nth) })

const reply = (tenant: Tenant, page: Answer, answer: string, nth = 0) =>
  visit(tenant, '/reset/question', { form: { s: hidden(page, 's'), answer }, ...from(nth) })

/** In one word, what a page is: the code of a question, or a step. */
function stepOf(page: Answer): string {
  const question = QUESTIONS.find(({ text }) => page.html.includes(`\u2068${text}\u2069</label>`))
  if (question !== undefined) return question.code
  return heading(page)
}

const counts = (tenant: Tenant) => storedCode(tenant.id, JANE)

describe('a question of the tenant', () => {
  it('follows a right code, and its right answer is followed by the handover', async () => {
    const { tenant, userId, code } = await newAskedUser(3, GRANT_PAGES)
    const page = await enter(tenant, code)
    expect([page.status, heading(page), stepOf(page)]).toEqual([200, 'Answer a question', COLOR])
    expect(visible(page)).toContain('The code is right. Before you go on, answer this question.')
    // What is known of the user travels sealed; nothing on the page sends a code.
    for (const secret of [code, userId, JANE, COLOR]) expect(page.html).not.toContain(secret)
    expect([...page.html.matchAll(/<form[^>]*action="([^"]*)"/g)].map(([, to]) => to)).toEqual([
      '/reset/question',
    ])
    // Reloaded: asked again, and nothing is counted.
    expect(stepOf(await enter(tenant, code))).toBe(COLOR)
    expect(await counts(tenant)).toMatchObject({ attempts: 0, failures: 0, ended_as: null })
    const handed = await reply(tenant, page, ' BLUE ')
    expect([handed.status, heading(handed)]).toEqual([200, 'The code is right'])
    expect(hidden(handed, 'resetGrant')).toMatch(/^ey/)
    expect(await counts(tenant)).toMatchObject({ ended_as: 'redeemed' })
    // Sent again: the code has ended.
    const again = await reply(tenant, page, 'Blue')
    expect([again.status, heading(again)]).toEqual([422, 'Enter the code'])
  })

  it('is followed by the password, for which the answer need not be given again', async () => {
    const { tenant, code } = await newAskedUser(1, HOOK_PAGES)
    const page = await enter(tenant, code)
    expect(stepOf(page)).toBe(COLOR)
    const password = await reply(tenant, page, 'Blue')
    expect([password.status, heading(password)]).toEqual([200, 'Choose a new password'])
    const form = { s: hidden(password, 's'), password: 'correct horse battery' }
    playHook(() => Response.json({ reason: 'Too short.' }, { status: 422 }))
    expect((await visit(tenant, '/reset/password', { form })).status).toBe(422)
    vi.restoreAllMocks()
    const calls = playHook(() => new Response(null, { status: 204 }))
    expect((await visit(tenant, '/reset/password', { form })).status).toBe(303)
    expect(calls).toHaveLength(1)
    expect(await counts(tenant)).toMatchObject({ failures: 0, ended_as: 'redeemed' })
  })

  it('is asked anew where somebody’s wrong code has moved it on, before the password and after', async () => {
    const { tenant, code } = await newAskedUser(2, HOOK_PAGES)
    const calls = playHook(() => new Response(null, { status: 204 }))
    const page = await enter(tenant, code)
    await enter(tenant, wrongCode(code), 1)
    const moved = await reply(tenant, page, 'Blue')
    expect([moved.status, stepOf(moved)]).toEqual([200, CITY])
    const password = await reply(tenant, moved, 'Dubai')
    expect(heading(password)).toBe('Choose a new password')
    await enter(tenant, wrongCode(code), 2)
    const form = { s: hidden(password, 's'), password: 'correct horse battery' }
    const asks = await visit(tenant, '/reset/password', { form })
    expect([asks.status, stepOf(asks), calls.length]).toEqual([200, COLOR, 0])
    expect(await counts(tenant)).toMatchObject({ failures: 2 })
    expect(heading(await reply(tenant, asks, 'Blue'))).toBe('Choose a new password')
  })

  it('is not asked of whoever has no answers', async () => {
    const { tenant, code } = await newAskedUser(0, GRANT_PAGES)
    expect(heading(await enter(tenant, code))).toBe('The code is right')
  })

  it('is asked no more when the tenant has taken it off its list', async () => {
    const { tenant, code } = await newAskedUser(1, GRANT_PAGES)
    const page = await enter(tenant, code)
    const policy = { ...GRANT_PAGES, challenges: { questions: QUESTIONS.slice(1) } }
    const redeem = { ...GRANT_PAGES.redeem, audience: `https://app.example.com/${tenant.id}` }
    const record = { name: 'A tenant', hosts: [tenant.host], policy: { ...policy, redeem } }
    expect((await operate('PUT', `/tenants/${tenant.id}`, record)).status).toBe(200)
    expect(heading(await reply(tenant, page, 'whatever'))).toBe('The code is right')
  })
})

describe('a wrong answer', () => {
  it('G4: is a wrong code, and is followed by the next question with what was wrong', async () => {
    const { tenant, code } = await newAskedUser(3, GRANT_PAGES)
    let page = await enter(tenant, code)
    for (const [nth, next] of [CITY, PET, COLOR].entries()) {
      page = await reply(tenant, page, 'wrong', nth)
      expect([page.status, stepOf(page)]).toEqual([422, next])
      expect(page.html).toContain('<a href="#answer"><span >The answer was not right.')
      expect(await counts(tenant)).toMatchObject({ attempts: nth + 1, failures: nth + 1 })
    }
    expect(heading(await reply(tenant, page, 'Blue', 3))).toBe('The code is right')
  })

  it('G1: locks the code at the cap, together with wrong codes, and the right answer fails then too', async () => {
    const { tenant, code } = await newAskedUser(1, { ...GRANT_PAGES, code: { attemptsMax: 3 } })
    const page = await enter(tenant, code)
    expect((await reply(tenant, page, 'wrong', 0)).status).toBe(422)
    await enter(tenant, wrongCode(code), 1)
    const last = await reply(tenant, page, 'wrong', 2)
    expect([last.status, heading(last)]).toEqual([422, 'Enter the code'])
    const right = await reply(tenant, page, 'Blue', 3)
    expect([right.status, heading(right)]).toEqual([422, 'Enter the code'])
    expect(await counts(tenant)).toMatchObject({ failures: 3, ended_as: 'locked' })
  })

  it('G2: of 60 at once, no more than the cap are compared', async () => {
    const { tenant, code } = await newAskedUser(1, { ...GRANT_PAGES, code: { attemptsMax: 5 } })
    const page = await enter(tenant, code)
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, nth) => reply(tenant, page, `wrong ${nth}`, nth)),
    )
    const steps = answers.map(stepOf)
    // The fifth wrong answer locks the code, and is refused as all behind it.
    expect(steps.filter((step) => step === COLOR)).toHaveLength(4)
    expect(steps.filter((step) => step === 'Enter the code')).toHaveLength(56)
    expect(await counts(tenant)).toMatchObject({ failures: 5, ended_as: 'locked' })
  })

  it.each([
    ['', 'Enter your answer'],
    [' \u3000 ', 'Enter your answer'],
    ['x'.repeat(2_049), 'at most 2048 characters'],
  ])('is not one that is none, which counts as nothing', async (answer, words) => {
    const { tenant, code } = await newAskedUser(1, GRANT_PAGES)
    const refused = await reply(tenant, await enter(tenant, code), answer)
    expect([refused.status, stepOf(refused)]).toEqual([422, COLOR])
    expect(visible(refused)).toContain(words)
    expect(await counts(tenant)).toMatchObject({ attempts: 0, failures: 0 })
    expect(heading(await reply(tenant, refused, 'Blue'))).toBe('The code is right')
  })

  it('is told of a limit in words, with the question as it was', async () => {
    const limits = { validate: { perMinute: 1, burst: 1 } }
    const { tenant, code } = await newAskedUser(1, { ...GRANT_PAGES, limits })
    const limited = await reply(tenant, await enter(tenant, code), 'Blue')
    expect([limited.status, stepOf(limited)]).toEqual([429, COLOR])
    expect(visible(limited)).toContain('There were too many attempts.')
  })
})

describe('N1: nobody without a right code', () => {
  it('sees a question, or learns whether there is one', async () => {
    const { tenant } = await newAskedUser(3, GRANT_PAGES)
    await tenant.addUser('none@example.com')
    await tenant.newCode('none@example.com')
    const emails = [JANE, 'none@example.com', 'nobody@example.com']
    const pages = []
    for (const [nth, email] of emails.entries()) {
      const { page } = await asked(tenant, email)
      const form = { m: hidden(page, 'm'), code: '00000000' }
      const shown = [
        await visit(tenant, '/reset/code', { form, ...from(nth) }),
        await enter(tenant, '00000000', nth, email),
      ]
      for (const { html } of shown) for (const text of TEXTS) expect(html).not.toContain(text)
      pages.push(
        shown.map(({ status, html }) => [
          status,
          html
            .replaceAll(email, 'address')
            .replace(/[\w-]{20,}(?:\.[\w-]*){4}/g, 'sealed')
            .replace(/reference \u2068[A-Z]{4}/g, 'reference'),
        ]),
      )
    }
    expect(pages[0]?.map(([status]) => status)).toEqual([422, 422])
    expect(pages[1]).toEqual(pages[0])
    expect(pages[2]).toEqual(pages[0])
  })

  it('gets further with a sealed state of another step, of another tenant, or of another time', async () => {
    const { tenant, code } = await newAskedUser(1, HOOK_PAGES)
    const calls = playHook(() => new Response(null, { status: 204 }))
    const page = await enter(tenant, code)
    const link = hidden((await asked(tenant, JANE)).page, 'm')
    const password = hidden(await reply(tenant, page, 'Blue'), 's')
    const other = await newAskedUser(1, HOOK_PAGES)
    const foreign = hidden(await enter(other.tenant, other.code), 's')
    for (const s of ['', 'x', link, password, foreign]) {
      const answer = await visit(tenant, '/reset/question', { form: { s, answer: 'Blue' } })
      expect([answer.status, heading(answer)]).toEqual([422, 'Reset your password'])
    }
    // The question cannot be stepped over.
    const form = { s: hidden(page, 's'), password: 'correct horse battery' }
    const skipped = await visit(tenant, '/reset/password', { form })
    expect([skipped.status, stepOf(skipped), calls.length]).toEqual([200, COLOR, 0])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 })
    expect(visible(await reply(tenant, page, 'Blue'))).toContain('The time for this code is over.')
    expect(await counts(tenant)).toMatchObject({ attempts: 0, failures: 0 })
  })

  it('finds a question at a URL, which leads to the first step', async () => {
    const { tenant } = await newAskedUser(1, GRANT_PAGES)
    const { status, headers } = await visit(tenant, '/reset/question?lang=de')
    expect([status, headers.get('Location')]).toEqual([303, '/reset?lang=de'])
  })
})

describe('the page of a question', () => {
  it.each(LANGUAGES)('is in %s around the words of the tenant', async (language) => {
    const { tenant, code } = await newAskedUser(1, GRANT_PAGES)
    const { pages } = await textsIn(env, language)
    const page = await visit(tenant, `/reset/code?lang=${language}`, { form: { email: JANE, code } })
    expect([heading(page), stepOf(page)]).toEqual([pages.question.heading, COLOR])
    const wrong = await visit(tenant, `/reset/question?lang=${language}`, {
      form: { s: hidden(page, 's'), answer: ANSWERS[CITY] ?? '' },
    })
    expect(wrong.html).toContain(pages.errors.answerRefused)
  })

  it('shows hostile words as text', async () => {
    const text = '"><script>alert(1)</script>'
    const { tenant, code } = await newAskedUser(1, {
      ...GRANT_PAGES,
      challenges: { questions: [{ code: COLOR, text }] },
    })
    const page = await enter(tenant, code)
    expect(page.html).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;')
    const wrong = await reply(tenant, page, '"><img src=x onerror=alert(1)>')
    expect(wrong.html).not.toMatch(/<img|onerror|<script>/)
  })
})
