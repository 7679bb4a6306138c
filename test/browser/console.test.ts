import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import { LocalService } from '../journeys/local-service.ts'
import { callAs, kept, openUser, signIn } from './console-person.ts'
import { openBrowser, Visitor } from './visitor.ts'

const executablePath = findChromium()
const service = new LocalService()
let browser: Browser

const TENANT = '/operator/v1/tenants/demo'
/** A name that would run, if anything here took text for markup. */
const EVIL = '<img src=x onerror="document.title=\'run\'">'
const MANY = 130

type Tenant = { policy: { limits: object; notify: object } & Record<string, unknown> }

describe.skipIf(executablePath === undefined)('the console in Chromium', () => {
  beforeAll(async () => {
    await service.start()
    browser = await openBrowser(executablePath ?? '')
    const tenant = (await callAs(service, 'operator', 'GET', TENANT)) as Tenant
    const many = { perMinute: 1_000_000, burst: 100_000 }
    const limits = { ...tenant.policy.limits, admin: many, void: many }
    const notify = { redeemed: false, voided: false, locked: false, issued: false }
    const policy = { ...tenant.policy, limits, notify }
    await callAs(service, 'operator', 'PUT', TENANT, { ...tenant, policy })
    const users = Array.from({ length: MANY }, (_, index) => ({
      method: 'POST',
      path: '/Users',
      bulkId: String(index),
      data: { userName: `many${index}@example.com` },
    }))
    const evil = { ...users[0], bulkId: 'evil', data: { userName: 'evil@example.com', displayName: EVIL } }
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
    await callAs(service, 'demo', 'POST', '/scim/v2/Bulk', { schemas, Operations: [...users, evil] })
  })
  afterAll(async () => {
    await browser?.close()
    await service.remove()
  })

  it('finds a user as one types, and shows a code that is right and that nothing keeps', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    const { page } = helen
    await page.clock.install()
    await page.getByRole('searchbox').fill('saoir')
    await page.locator('.results a').filter({ hasText: 'jane.saoirse@example.com' }).click()
    await page.getByRole('button', { name: 'Show a code' }).click()
    await page.locator('.code').waitFor()
    const code = (await page.locator('.code span').allInnerTexts()).join('')
    expect(code).toMatch(/^[0-9A-Z]{8}$/)
    const words = await page.locator('.spelled li').allInnerTexts()
    expect(words.map((word) => word.slice(0, 1)).join('')).toBe(code)
    await helen.expectGood()
    expect(await kept(helen)).not.toContain(code)
    const validate = () =>
      fetch(`${service.url}/api/passwordmanagement/validatePasswordResetCode`, {
        method: 'POST',
        body: new URLSearchParams({ emailAddress: 'jane.saoirse@example.com', passwordResetCode: code }),
      })
    expect((await validate()).status).toBe(200)
    await page.clock.fastForward(61_000)
    await expect.poll(() => page.locator('.code').count()).toBe(0)
    expect(await page.content()).not.toContain(code)
    await page.getByRole('button', { name: 'Void', exact: true }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Void' }).click()
    await page.getByText('The code is void.').waitFor()
    expect((await validate()).status).toBe(401)
    await helen.leave()
  })

  it('mails a code, and shows in the history of the user what became of it', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    const { page } = helen
    await openUser(helen, 'user1@example.com')
    await page.getByRole('button', { name: 'E-mail a code' }).click()
    await page.getByText('A code is on its way to user1@example.com.').waitFor()
    await expect
      .poll(async () => (await service.mails()).some(({ to }) => to === 'user1@example.com'))
      .toBe(true)
    await vi.waitFor(
      async () => {
        await page.reload()
        await page.getByText('Code mailed.').waitFor({ timeout: 2000 })
      },
      { timeout: 20_000 },
    )
    await helen.leave()
  })

  it('is worked with the keyboard alone', async () => {
    const helen = await Visitor.arrive(browser, { width: 1280 })
    const { page } = helen
    const { keyboard } = page
    const tabTo = async (words: string | RegExp) => {
      for (let presses = 0; presses < 25; presses += 1) {
        await keyboard.press('Tab')
        const focused = page.locator(':focus')
        const name = (await focused.getAttribute('aria-label')) ?? (await focused.innerText())
        if (typeof words === 'string' ? name.trim() === words : words.test(name)) {
          expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
          return
        }
      }
      throw new Error(`no ${String(words)} within 25 presses of Tab`)
    }
    await helen.open(`${service.url}/console`)
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    await tabTo('Sign in')
    await helen.sent(keyboard.press('Enter'))
    await page.getByRole('link', { name: 'Helen Desk' }).focus()
    await keyboard.press('Enter')
    // The field has the focus: one types at once.
    await page.getByRole('searchbox').waitFor()
    await expect.poll(() => page.locator(':focus').getAttribute('id')).toBe('find')
    await keyboard.type('user')
    await page.locator('.results a').nth(1).waitFor()
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowUp')
    await expect.poll(() => page.locator(':focus').innerText()).toContain('user1@example.com')
    await keyboard.press('Enter')
    await page.getByRole('button', { name: 'Show a code' }).waitFor()
    await tabTo('Show a code')
    await keyboard.press('Space')
    await page.locator('.code').waitFor()
    await tabTo('Hide it now')
    await keyboard.press('Enter')
    await expect.poll(() => page.locator('.code').count()).toBe(0)
    await tabTo('Void')
    await keyboard.press('Enter')
    await page.getByRole('alertdialog').waitFor()
    await keyboard.press('Escape')
    await expect.poll(() => page.getByRole('alertdialog').count()).toBe(0)
    expect(await page.locator(':focus').innerText()).toBe('Void')
    await helen.leave()
  })

  it('works on many users: a dry run, a closed tab, the failed again, and results that no spreadsheet runs', async () => {
    const helen = await signIn(browser, service, 'Helen Desk', '/console/many')
    const { page } = helen
    const rows = Array.from({ length: MANY }, (_, index) => `Name ${index};many${index}@example.com`)
    const file = `\uFEFFName;E-Mail\r\n${rows.join('\r\n')}\r\nNobody;=cmd@example.com\r\nAgain;MANY0@example.com\r\n`
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.from(file) })
    await page.getByText(`${MANY + 1} addresses`).waitFor()
    await page.getByText('1 repetition left out').waitFor()
    await page.getByRole('button', { name: 'See what would happen' }).click()
    await page.getByRole('heading', { name: 'What would happen' }).waitFor()
    await helen.expectGood()
    // The first part is answered, and the tab is closed before the second one is.
    let calls = 0
    const keys: string[] = []
    await page.route('**/generateVerifyCode/resetPassword', async (route) => {
      calls += 1
      keys.push(route.request().headers()['idempotency-key'] ?? '')
      if (calls === 2) {
        await route.fetch()
        return
      }
      await route.continue()
    })
    await page.getByRole('button', { name: /^Generate for/ }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Generate' }).click()
    await page.getByText('100 of 131').waitFor()
    await expect.poll(() => calls).toBe(2)
    expect(await kept(helen)).toContain('many7@example.com')
    await page.unroute('**/generateVerifyCode/resetPassword')
    await page.reload()
    await page.getByText(/since its tab was closed/).waitFor()
    const again = page.waitForRequest('**/generateVerifyCode/resetPassword')
    await page.getByRole('button', { name: 'Go on' }).click()
    expect((await again).headers()['idempotency-key']).toBe(keys[1])
    await page.getByText(`${MANY} done, 1 without success, 0 to do`).waitFor()
    await helen.expectGood()
    const retry = page.waitForRequest('**/generateVerifyCode/resetPassword')
    await page.getByRole('button', { name: 'Retry 1 without success' }).click()
    expect((await retry).postDataJSON()).toHaveLength(1)
    await page.getByText(`${MANY} done, 1 without success, 0 to do`).waitFor()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save the results' }).click()
    const csv = await readFile(await (await saved).path(), 'utf8')
    expect(csv.split('\r\n')).toHaveLength(MANY + 3)
    expect(csv).toContain('"\'=cmd@example.com","No such user"')
    expect(csv).toContain('"many7@example.com","On its way by mail"')
    // A mail was sent once to each, however often the second part was asked for.
    await expect
      .poll(async () => (await service.mails()).filter(({ to }) => to === 'many129@example.com').length, {
        timeout: 20_000,
      })
      .toBe(1)
    await page.getByRole('button', { name: 'Finish' }).click()
    await page.getByLabel('Addresses').waitFor()
    expect(await kept(helen)).not.toContain('many7@example.com')
    await helen.leave()
  })

  it('reads the logs by filters that hold for the export too', async () => {
    const helen = await signIn(browser, service, 'Helen Desk', '/console/logs')
    const { page } = helen
    await page.getByLabel('What', { exact: true }).selectOption('VOID_PASSWORD_RESET_CODE')
    await page.getByLabel('Contains').fill('Helen')
    await expect.poll(() => page.locator('tbody tr').count(), { timeout: 10_000 }).toBe(1)
    expect(await page.locator('tbody tr').innerText()).toContain('Helen Desk')
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export all pages as CSV' }).click()
    const csv = await readFile(await (await saved).path(), 'utf8')
    expect(csv.trimEnd().split('\r\n')).toHaveLength(2)
    expect(csv).toContain('"VOID_PASSWORD_RESET_CODE"')
    await page.getByLabel('Contains').fill('nobody at all')
    await page.getByText('Nothing like that is in the log').waitFor()
    await page.getByLabel('Contains').fill('')
    await page.getByLabel('What', { exact: true }).selectOption('')
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByText(/^51–100 of/).waitFor()
    await helen.leave()
  })

  it('takes nothing that a user is called for markup', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    await helen.page.getByRole('searchbox').fill('onerror')
    await helen.page.locator('.result-name').filter({ hasText: EVIL }).waitFor()
    expect(await helen.page.locator('main img').count()).toBe(0)
    expect(await helen.page.title()).not.toBe('run')
    await helen.leave()
  })

  it('leaves nothing on the screen, in the history or in storage after a sign-out, in any tab', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    const { page } = helen
    await openUser(helen, 'user2@example.com')
    const second = await page.context().newPage()
    await second.goto(page.url())
    await second.getByRole('heading', { name: 'Account' }).waitFor()
    await page.getByRole('button', { name: /Helen Desk/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    for (const each of [page, second]) {
      await each.getByRole('heading', { name: /sign(?:ed)? (?:in|out)/i }).waitFor()
      expect(await each.content()).not.toContain('user2@example.com')
    }
    await page.goBack()
    await page.getByRole('heading', { name: /sign(?:ed)? (?:in|out)/i }).waitFor()
    expect(await page.content()).not.toContain('user2@example.com')
    expect(await kept(helen)).not.toContain('user2@example.com')
    await helen.leave()
  })

  it('asks to sign in again once the session was ended elsewhere', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    const sam = await signIn(browser, service, 'Sam Admin')
    await sam.page.getByRole('button', { name: /Sam Admin/ }).click()
    await sam.page.getByRole('menuitem', { name: 'Sessions' }).click()
    const rows = sam.page.getByRole('dialog').getByRole('listitem').filter({ hasText: 'Helen Desk' })
    await rows.first().waitFor()
    while ((await rows.count()) > 0) {
      const before = await rows.count()
      await rows.first().getByRole('button', { name: 'End' }).click()
      await expect.poll(() => rows.count()).toBe(before - 1)
    }
    await vi.waitFor(
      async () => {
        await helen.page.getByRole('searchbox').fill(`user${Math.random()}`)
        await helen.page.getByRole('heading', { name: 'Sign in to the console' }).waitFor({ timeout: 2000 })
      },
      { timeout: 40_000 },
    )
    await sam.leave()
    await helen.leave()
  })

  it('shows a help-desk person what the role may do, and nothing else', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    const places = await helen.page
      .getByRole('navigation', { name: 'Console' })
      .getByRole('link')
      .allInnerTexts()
    expect(places).not.toContain('Settings')
    expect(places).not.toContain('Incident')
    for (const path of ['/settings/users',
    '/settings/keys', '/settings/policy', '/incident', '/nowhere']) {
      await helen.open(`${service.url}/console${path}`)
      await helen.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
    }
    const jane = await signIn(browser, service, 'Jane Saoirse')
    await jane.page.getByText('You are known, but have no role in this console.').waitFor()
    await jane.leave()
    await helen.leave()
  })

  const PLACES = [
    '/',
    '/many',
    '/approvals',
    '/logs/admin',
    '/logs/users',
    '/incident',
    '/settings/users',
    '/settings/keys',
    '/settings/clients',
    '/settings/scim',
    '/settings/webhooks',
    '/settings/policy',
  ]

  /** What is on the screen, on a telephone and on a desk, light and dark. */
  async function expectSound(visitor: Visitor): Promise<void> {
    await expect.poll(() => visitor.page.locator('.loading').count()).toBe(0)
    for (const width of [390, 1280]) {
      await visitor.page.setViewportSize({ width, height: 800 })
      for (const colorScheme of ['light', 'dark'] as const) {
        await visitor.page.emulateMedia({ colorScheme })
        await visitor.expectGood()
      }
    }
  }

  it('is sound before the sign-in', async () => {
    const nobody = await Visitor.arrive(browser)
    await nobody.open(`${service.url}/console`)
    await nobody.page.getByRole('heading', { name: 'Sign in to the console' }).waitFor()
    await expectSound(nobody)
    await nobody.leave()
  })

  it('is sound on every page: telephone and desk, light and dark', async () => {
    const sam = await signIn(browser, service, 'Sam Admin')
    for (const place of PLACES) {
      await sam.open(`${service.url}/console${place}`)
      await sam.page.locator('h1').waitFor()
      await expectSound(sam)
    }
    await sam.open(`${service.url}/console`)
    await openUser(sam, 'jane')
    await expectSound(sam)
    await sam.leave()
  })
})
