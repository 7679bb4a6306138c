import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import { LANGUAGES } from '../../src/texts/languages.ts'
import { LocalService } from '../journeys/local-service.ts'
import { LocalTenant } from '../journeys/local-tenant.ts'
import { openBrowser, Visitor, type Setting } from './visitor.ts'

/** "This was not me", from the mail to the end, on a tenant without other pages (S5). */

const executablePath = findChromium()

const service = new LocalService()
const desk = new LocalTenant(service, 'desk', 4)
let browser: Browser
let users = 0

const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'

/** A code that was shown to the help desk, and the link in the notice of its user. */
async function reported(): Promise<{ email: string; code: string; link: string }> {
  users += 1
  const email = `user${users}@example.com`
  await desk.admin('POST', '/scim/v2/Users', { userName: email })
  const { body } = await desk.admin('POST', GENERATE, { email })
  const { verify_code: code } = JSON.parse(body) as { verify_code: string }
  const link = await vi.waitFor(
    async () => {
      const mail = (await service.mails()).find(({ to }) => to === email)
      if (mail?.link === undefined) throw new Error('no mail yet')
      return mail.link
    },
    { timeout: 20_000, interval: 100 },
  )
  return { email, code, link }
}

describe.skipIf(executablePath === undefined)('the pages that report a code, in Chromium', () => {
  beforeAll(async () => {
    await service.start()
    browser = await openBrowser(executablePath ?? '')
    await desk.create({ mail: { from: 'reset@example.com' }, desk: {} }, [])
  })
  afterAll(async () => {
    await browser?.close()
    await service.remove()
  })

  it.each<Setting>([
    { width: 320, scheme: 'dark' },
    { width: 390, scheme: 'light', hasScripts: false },
    { width: 1280, scheme: 'light' },
  ])('S5: end the code by a press: %j', async (setting) => {
    const { email, code, link } = await reported()
    const validate = async () =>
      (await desk.password('validatePasswordResetCode', { emailAddress: email, passwordResetCode: code }))
        .status
    const visitor = await Visitor.arrive(browser, setting)
    await visitor.open(link)
    expect(await visitor.heading()).toBe('Was this not you?')
    await visitor.expectGood()
    expect(await validate()).toBe(200)
    await visitor.press('This was not me')
    expect(await visitor.heading()).toBe('Thank you for telling us')
    await visitor.expectGood()
    expect(await validate()).toBe(401)
    await visitor.page.reload()
    expect(await visitor.heading()).toBe('Thank you for telling us')
    await visitor.open(`${link.split('?')[0]}?m=no-link`)
    expect(await visitor.page.locator(':focus').innerText()).toContain('This link is not valid')
    await visitor.expectGood()
    await visitor.leave()
  })

  it('need the keyboard alone', async () => {
    const { link } = await reported()
    const visitor = await Visitor.arrive(browser)
    await visitor.open(link)
    await visitor.page.keyboard.press('Tab')
    expect(await visitor.page.locator(':focus').innerText()).toBe('This was not me')
    await visitor.sent(visitor.page.keyboard.press('Enter'))
    expect(await visitor.heading()).toBe('Thank you for telling us')
    await visitor.leave()
  })

  it.each(LANGUAGES)('fit a phone in %s', async (locale) => {
    const { link } = await reported()
    const visitor = await Visitor.arrive(browser, { width: 320, locale })
    const url = new URL(link)
    url.searchParams.set('lang', locale)
    await visitor.open(url.href)
    await visitor.expectGood()
    await visitor.sent(visitor.page.locator('button').click())
    await visitor.expectGood()
    await visitor.leave()
  })
})
