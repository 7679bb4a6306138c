import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import { LANGUAGES } from '../../src/texts/languages.ts'
import { LocalService, tokenOf } from '../journeys/local-service.ts'
import { LocalTenant } from '../journeys/local-tenant.ts'
import { openBrowser, Visitor, type Setting } from './visitor.ts'

const executablePath = findChromium()

const service = new LocalService()
const desk = new LocalTenant(service, 'desk', 4)
let browser: Browser
let callers = 0

type Started = { userId: string; verifyUrl: string }

/** A user whom no other test verifies, with a second address; and a verification of them. */
async function begun(): Promise<Started & { second: string }> {
  callers += 1
  const second = `caller${callers}@home.example`
  const user = {
    userName: `caller${callers}@example.com`,
    emails: [
      { value: `caller${callers}@example.com`, primary: true },
      { value: second, type: 'home' },
    ],
  }
  const { id } = JSON.parse((await desk.admin('POST', '/scim/v2/Users', user)).body) as { id: string }
  const path = `/AdminInterface/restapi/v1/users/${id}/verify/start`
  return { second, ...(JSON.parse((await desk.admin('POST', path, {})).body) as Started) }
}

/** What the help desk is answered to the digits that it has heard. */
async function entered({ userId }: Started, verifyCode: string): Promise<string> {
  const path = `/AdminInterface/restapi/v1/users/${userId}/verify/code`
  return (JSON.parse((await desk.admin('POST', path, { verifyCode })).body) as { verifyStatus: string })
    .verifyStatus
}

async function mailedCode(email: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const mail = (await service.mails()).find(({ to }) => to === email)
      const code = /^ {4}(\S+)$/m.exec(mail?.text ?? '')?.[1]
      if (code === undefined) throw new Error('no mail yet')
      return code
    },
    { timeout: 20_000, interval: 100 },
  )
}

describe.skipIf(executablePath === undefined)('the pages of callers in Chromium', () => {
  beforeAll(async () => {
    await service.start()
    browser = await openBrowser(executablePath ?? '')
    const mail = { from: 'reset@example.com' }
    await desk.create({ mail, limits: {}, desk: { verification: { by: 'mail' } } }, [])
  })
  afterAll(async () => {
    await browser?.close()
    await service.remove()
  })

  const SETTINGS: Setting[] = [
    { width: 320, scheme: 'dark' },
    { width: 390, scheme: 'light', hasScripts: false },
    { width: 1280, scheme: 'light' },
  ]

  it.each(SETTINGS)('lead from a link to digits, which the help desk enters: %j', async (setting) => {
    const started = await begun()
    const visitor = await Visitor.arrive(browser, setting)
    await visitor.open(started.verifyUrl)
    expect(await visitor.heading()).toBe('Show that it is you')
    await visitor.expectGood()
    await visitor.press('Send the code')
    expect(visitor.page.url()).toBe(started.verifyUrl)
    await visitor.expectGood()
    await visitor.press('Send a new code')
    expect(await visitor.page.locator(':focus').innerText()).toContain('No other code can be sent just now.')
    await visitor.expectGood()
    await visitor.enter('code', '0000-0000')
    expect(await visitor.page.locator(':focus').innerText()).toContain('This code is not right.')
    await visitor.expectGood()
    await visitor.enter('code', await mailedCode(started.second))
    expect(await visitor.heading()).toBe('Read these digits to the help desk')
    await visitor.expectGood()
    const digits = (await visitor.page.locator('.digits').innerText()).replace(/\s/g, '')
    expect(await entered(started, digits)).toBe('VERIFIED')
    await visitor.open(started.verifyUrl)
    expect(await visitor.page.locator('.summary').innerText()).toContain('This page is no longer valid')
    await visitor.expectGood()
    await visitor.leave()
  })

  it('lead by a sign-in at the local provider to digits, in this browser alone', async () => {
    const token = await tokenOf(service.keyFile('demo.key'))
    const ask = async (path: string, body: object) => {
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
      const url = `${service.url}/AdminInterface/restapi/v1/users/${path}`
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
    }
    const { id } = (await ask('lookup', { email: 'jane.saoirse@example.com' })) as { id: string }
    const { verifyUrl } = (await ask(`${id}/verify/start`, {})) as Started
    const visitor = await Visitor.arrive(browser, { width: 390 })
    await visitor.open(verifyUrl)
    await visitor.expectGood()
    await visitor.page.getByRole('button', { name: 'Sign in' }).click()
    await visitor.page.getByText('Jane Saoirse').click()
    await visitor.page.waitForURL(/\/v\/sign-in\/done/)
    expect(await visitor.heading()).toBe('Read these digits to the help desk')
    await visitor.expectGood()
    const verifyCode = (await visitor.page.locator('.digits').innerText()).replace(/\s/g, '')
    const comeBack = visitor.page.url()
    await visitor.page.reload()
    expect(await visitor.page.locator('.digits').count()).toBe(0)
    const stranger = await Visitor.arrive(browser, { width: 390 })
    await stranger.open(comeBack)
    expect(await stranger.page.locator('.digits').count()).toBe(0)
    await stranger.leave()
    expect(await ask(`${id}/verify/code`, { verifyCode })).toMatchObject({ verifyStatus: 'VERIFIED' })
    // The provider of this machine, and nothing else that is not the service's own.
    const elsewhere = visitor.faults.filter((fault) => !fault.startsWith('http://127.0.0.1:'))
    visitor.faults.splice(0, Infinity, ...elsewhere)
    await visitor.leave()
  })

  it('need the keyboard alone, also for the code of the page', async () => {
    const started = await begun()
    const visitor = await Visitor.arrive(browser, { width: 390 })
    const { keyboard } = visitor.page
    await visitor.open(new URL('/v/0000-0000', started.verifyUrl).href)
    const focused = () =>
      visitor.page.evaluate('document.activeElement.id || document.activeElement.innerText')
    for (let presses = 0; presses < 6 && (await focused()) !== 'link'; presses += 1)
      await keyboard.press('Tab')
    await keyboard.type(new URL(started.verifyUrl).pathname.slice(3).toLowerCase())
    await visitor.sent(keyboard.press('Enter'))
    expect(visitor.page.url()).toBe(started.verifyUrl)
    for (let presses = 0; presses < 6 && (await focused()) !== 'Send the code'; presses += 1)
      await keyboard.press('Tab')
    await visitor.sent(keyboard.press('Space'))
    for (let presses = 0; presses < 6 && (await focused()) !== 'code'; presses += 1)
      await keyboard.press('Tab')
    await keyboard.type(await mailedCode(started.second))
    await visitor.sent(keyboard.press('Enter'))
    expect(await visitor.heading()).toBe('Read these digits to the help desk')
    await visitor.leave()
  })

  it.each(LANGUAGES)('fit a narrow screen, light and dark, in %s', async (locale) => {
    const started = await begun()
    const visitors = await Promise.all(
      (['light', 'dark'] as const).map((scheme) => Visitor.arrive(browser, { width: 320, scheme, locale })),
    )
    for (const [index, visitor] of visitors.entries()) {
      await visitor.open(started.verifyUrl)
      expect(await visitor.page.locator('html').getAttribute('lang')).toMatch(new RegExp(`^${locale}`))
      await visitor.expectGood()
      if (index === 0) await visitor.sent(visitor.page.locator('main button').first().click())
      else await visitor.enter('code', '0000')
      await visitor.expectGood()
    }
    const [first, second] = visitors as [Visitor, Visitor]
    await second.enter('code', await mailedCode(started.second))
    await second.expectGood()
    await first.open(new URL('/v/0000-0000', started.verifyUrl).href)
    await first.expectGood()
    for (const visitor of visitors) await visitor.leave()
  })
})
