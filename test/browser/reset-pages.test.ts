import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import { LANGUAGES } from '../../src/texts/languages.ts'
import { PagesService, QUESTION } from './pages-service.ts'
import { openBrowser, Visitor, type Setting } from './visitor.ts'

const executablePath = findChromium()

const pages = new PagesService()
const { service, asking, grants, hooked, passwords } = pages
let browser: Browser

describe.skipIf(executablePath === undefined)('the reset pages in Chromium', () => {
  beforeAll(async () => {
    await pages.start()
    browser = await openBrowser(executablePath ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await pages.remove()
  })

  const SETTINGS: Setting[] = [
    { width: 320, scheme: 'dark' },
    { width: 390, scheme: 'light' },
    { width: 390, scheme: 'light', hasScripts: false },
    { width: 1280, scheme: 'dark', hasScripts: false },
    { width: 1280, scheme: 'light' },
  ]

  it.each(SETTINGS)('lead from forgotten to grant: %j', async (setting) => {
    const email = await pages.newUser(grants)
    const visitor = await Visitor.arrive(browser, setting)
    await visitor.open(pages.urlOf(grants, '/reset'))
    await visitor.expectGood()
    await visitor.press('Send the code')
    // The list of errors has the focus, and leads to the field.
    const focused = () => visitor.page.locator(':focus')
    expect(await focused().getAttribute('class')).toBe('summary')
    await visitor.expectGood()
    await visitor.page.getByRole('link', { name: 'Enter your e-mail address' }).click()
    expect(await focused().getAttribute('id')).toBe('email')
    await visitor.enter('email', email)
    expect(new URL(visitor.page.url()).pathname).toBe('/reset/code')
    await visitor.expectGood()
    const { code, reference } = await pages.mailed(email)
    await expect(visitor.page.locator('.reference').innerText()).resolves.toContain(reference)
    await visitor.enter('code', '0000-0000')
    expect(await focused().innerText()).toContain('This code is not valid for this address.')
    await visitor.expectGood()
    await visitor.enter('code', ` ${code.toLowerCase().replace('-', '  ')}`)
    expect(await visitor.heading()).toBe('The code is right')
    await visitor.expectGood()
    await visitor.press('Continue')
    expect(visitor.page.url()).toBe(`${service.url}/dev/grant`)
    expect(await visitor.page.locator('pre').innerText()).toContain('"tenant": "grants"')
    await visitor.leave()
  })

  it.each(SETTINGS)('lead from forgotten to a new password: %j', async (setting) => {
    const email = await pages.newUser(hooked)
    const visitor = await Visitor.arrive(browser, setting)
    await visitor.open(pages.urlOf(hooked, '/reset'))
    await visitor.expectGood()
    await visitor.enter('email', email)
    await visitor.enter('code', (await pages.mailed(email)).code)
    expect(await visitor.heading()).toBe('Choose a new password')
    await visitor.expectGood()
    await visitor.enter('password', 'short')
    expect(await visitor.page.locator(':focus').innerText()).toContain('The password is too short.')
    await visitor.expectGood()
    const password = `a long password of ${email}`
    await visitor.page.locator('#password').fill(password)
    if (setting.hasScripts !== false) {
      await visitor.page.getByRole('button', { name: 'Show' }).click()
      expect(await visitor.page.locator('#password').getAttribute('type')).toBe('text')
      await visitor.expectGood()
      await visitor.page.getByRole('button', { name: 'Hide' }).click()
    }
    expect(await visitor.page.locator('#password').getAttribute('type')).toBe('password')
    await visitor.press('Set the password')
    expect(await visitor.heading()).toBe('Your password is set')
    expect(passwords).toContain(password)
    await visitor.expectGood()
    await visitor.page.reload()
    expect(await visitor.heading()).toBe('Your password is set')
    await visitor.page.getByRole('link', { name: 'Sign in' }).click()
    expect(visitor.page.url()).toBe(`${service.url}/healthz`)
    await visitor.leave()
  })

  it.each(SETTINGS)('ask a question after the code: %j', async (setting) => {
    const { email, code } = await pages.newAnsweringUser()
    const visitor = await Visitor.arrive(browser, setting)
    await visitor.open(pages.urlOf(asking, '/reset/code'))
    await visitor.page.locator('#email').fill(email)
    await visitor.enter('code', code)
    expect(await visitor.heading()).toBe('Answer a question')
    await visitor.expectGood()
    const focused = () => visitor.page.locator(':focus')
    for (const [answer, words] of [
      ['', 'Enter your answer'],
      ['Rex', 'The answer was not right.'],
    ] as const) {
      await visitor.enter('answer', answer)
      expect(await focused().innerText()).toContain(words)
      await visitor.expectGood()
      await visitor.page.locator('.summary a').click()
      expect(await focused().getAttribute('id')).toBe('answer')
      expect(await visitor.page.getByLabel(QUESTION).count()).toBe(1)
    }
    // Gone back, the code is typed again; nothing is lost.
    await visitor.page.goto(pages.urlOf(asking, '/reset/code'))
    await visitor.page.locator('#email').fill(email)
    await visitor.enter('code', code)
    await visitor.page.locator('#answer').focus()
    await visitor.page.keyboard.type('  bucktastic')
    await visitor.sent(visitor.page.keyboard.press('Enter'))
    expect(await visitor.heading()).toBe('The code is right')
    await visitor.expectGood()
    await visitor.press('Continue')
    expect(await visitor.page.locator('pre').innerText()).toContain('"tenant": "asking"')
    await visitor.leave()
  })

  it.each(LANGUAGES)('ask a question on a narrow screen, with scripts and without, in %s', async (locale) => {
    for (const setting of [{ scheme: 'light' }, { scheme: 'dark', hasScripts: false }] as const) {
      const { email, code } = await pages.newAnsweringUser()
      const visitor = await Visitor.arrive(browser, { width: 320, locale, ...setting })
      await visitor.open(pages.urlOf(asking, '/reset/code'))
      await visitor.page.locator('#email').fill(email)
      await visitor.enter('code', code)
      expect(await visitor.page.getByLabel(QUESTION).count()).toBe(1)
      await visitor.expectGood()
      await visitor.enter('answer', 'Rex')
      await visitor.expectGood()
      await visitor.enter('answer', 'Bucktastic')
      expect(await visitor.page.locator('input[name="resetGrant"]').count()).toBe(1)
      await visitor.leave()
    }
  })

  it('need the keyboard alone, and show where it is', async () => {
    const email = await pages.newUser(hooked)
    const visitor = await Visitor.arrive(browser, { width: 1280 })
    const { keyboard } = visitor.page
    const tabTo = async (id: string) => {
      for (let presses = 0; presses < 10; presses += 1) {
        await keyboard.press('Tab')
        const focused = visitor.page.locator(':focus')
        expect(await visitor.page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe(
          'solid',
        )
        const [name, words] = [await focused.getAttribute('id'), await focused.innerText()]
        if (name === id || words === id) return
      }
      throw new Error(`no ${id} within ten presses of Tab`)
    }
    await visitor.open(pages.urlOf(hooked, '/reset'))
    await tabTo('email')
    await keyboard.type(email)
    await tabTo('Send the code')
    await visitor.sent(keyboard.press('Enter'))
    await tabTo('code')
    await keyboard.type((await pages.mailed(email)).code)
    await tabTo('Continue')
    await visitor.sent(keyboard.press('Space'))
    await tabTo('password')
    await keyboard.type('typed on a keyboard')
    await tabTo('Show')
    await keyboard.press('Space')
    expect(await visitor.page.locator('#password').getAttribute('type')).toBe('text')
    await tabTo('Set the password')
    await visitor.sent(keyboard.press('Enter'))
    expect(await visitor.heading()).toBe('Your password is set')
    await visitor.leave()
  })

  it('send once, whatever a person does with reload, back, forward and a second tab', async () => {
    const email = await pages.newUser(grants)
    const visitor = await Visitor.arrive(browser)
    await visitor.open(pages.urlOf(grants, '/reset'))
    await visitor.enter('email', email)
    await pages.mailed(email)
    const step = visitor.page.url()
    await visitor.page.reload()
    await visitor.page.goBack()
    expect(await visitor.heading()).toBe('Reset your password')
    await visitor.page.goForward()
    expect(await visitor.heading()).toBe('Enter the code')
    const second = await Visitor.arrive(browser)
    await second.open(step)
    await second.page.reload()
    expect(await second.page.locator('main').innerText()).toContain(email)
    // The button sends, and the limit of a recipient is told in words, counted down.
    await visitor.press('Send a new code')
    const summary = visitor.page.locator('.summary')
    expect(await summary.innerText()).toMatch(/Try again in (?:1 minute|\d+ seconds)/)
    const before = await summary.innerText()
    await vi.waitFor(async () => expect(await summary.innerText()).not.toBe(before), { timeout: 5_000 })
    await vi.waitFor(async () =>
      expect(await visitor.page.locator('section').innerText()).toMatch(/in \d+ seconds/),
    )
    expect(await pages.mailsTo(email)).toHaveLength(1)
    await second.leave()
    await visitor.leave()
  })

  it('go on in another browser by the link of the mail, where nothing sends', async () => {
    const email = await pages.newUser(grants)
    const visitor = await Visitor.arrive(browser)
    await visitor.open(pages.urlOf(grants, '/reset'))
    await visitor.enter('email', email)
    const { code, reference, link } = await pages.mailed(email)
    const other = await Visitor.arrive(browser, { width: 320, scheme: 'dark', hasScripts: false })
    await other.open(link)
    expect(await other.page.locator('main').innerText()).toContain(reference)
    expect(await other.page.locator('form').count()).toBe(1)
    await other.enter('code', code)
    expect(await other.heading()).toBe('The code is right')
    // The first browser finds the code redeemed, and the way to a new one.
    await visitor.enter('code', code)
    expect(await visitor.heading()).toBe('Enter the code')
    await visitor.expectGood()
    await other.leave()
    await visitor.leave()
  })

  it.each(LANGUAGES)('fit a narrow screen, light and dark, in %s', async (locale) => {
    for (const scheme of ['light', 'dark'] as const) {
      const visitor = await Visitor.arrive(browser, { width: 320, scheme, locale })
      await visitor.open(pages.urlOf(grants, '/reset'))
      const dir = ['ar', 'he'].includes(locale) ? 'rtl' : 'ltr'
      expect(await visitor.page.locator('html').getAttribute('dir')).toBe(dir)
      await visitor.expectGood()
      await visitor.enter('email', `nobody-${locale}-${scheme}@example.com`)
      await visitor.expectGood()
      await visitor.enter('code', '')
      await visitor.expectGood()
      await visitor.leave()
    }
  })
})
