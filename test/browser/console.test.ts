import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import { LocalService, tokenOf } from '../journeys/local-service.ts'
import {
  callAs,
  DESK,
  expectSound,
  kept,
  mailTo,
  openUser,
  PLACES,
  prepare,
  setDesk,
  signIn,
  TENANT,
  type Tenant,
  validate,
} from './console-person.ts'
import { openBrowser, Visitor } from './visitor.ts'

const executablePath = findChromium()
const service = new LocalService()
let browser: Browser

/** A name that would run, if anything here took text for markup. */
const EVIL = '<img src=x onerror="document.title=\'run\'">'
const MANY = 130

const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'

describe.skipIf(executablePath === undefined)('the console in Chromium', () => {
  beforeAll(async () => {
    await service.start()
    browser = await openBrowser(executablePath ?? '')
    await prepare(service, MANY, EVIL)
  })
  afterAll(async () => {
    await browser?.close()
    await service.remove()
  })

  it('finds a user as one types, and shows a code that is right and that nothing keeps', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    const { page } = helen
    await page.clock.install()
    await page.getByRole('searchbox').fill('jane.s')
    await page.locator('.results a').filter({ hasText: 'jane.saoirse@example.com' }).click()
    await page.getByRole('button', { name: 'Show a code' }).click()
    await page.locator('.code').waitFor()
    const code = (await page.locator('.code span').allInnerTexts()).join('')
    expect(code).toMatch(/^[0-9A-Z]{8}$/)
    const words = await page.locator('.spelled li').allInnerTexts()
    expect(words.map((word) => word.slice(0, 1)).join('')).toBe(code)
    await helen.expectGood()
    expect(await kept(helen)).not.toContain(code)
    expect(await validate(service, 'jane.saoirse@example.com', code)).toBe(200)
    await page.clock.fastForward(61_000)
    await expect.poll(() => page.locator('.code').count()).toBe(0)
    expect(await page.content()).not.toContain(code)
    await page.getByRole('button', { name: 'Void', exact: true }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Void' }).click()
    await page.getByText('The code is void.').waitFor()
    expect(await validate(service, 'jane.saoirse@example.com', code)).toBe(401)
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
    await page.reload()
    await page.getByText(/since its tab was closed/).waitFor()
    await page.unroute('**/generateVerifyCode/resetPassword')
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
    await helen.page.getByRole('button', { name: 'Search inside of addresses and names' }).click()
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

  it('asks for nothing by itself once nobody is there, so that the session ends', async () => {
    const helen = await signIn(browser, service, 'Helen Desk')
    const { page } = helen
    await page.clock.install()
    await page.reload()
    await openUser(helen, 'many1@example.com')
    let calls = 0
    page.on('request', (request) => (calls += Number(request.url().includes('/restapi/'))))
    const wait = async (minutes: number) => {
      calls = 0
      for (let steps = 0; steps < minutes * 3; steps += 1)
        await page.clock.runFor(20_000).then(() => new Promise((resolve) => setTimeout(resolve, 100)))
      return calls
    }
    expect(await wait(1)).toBeGreaterThan(0)
    await wait(5)
    expect(await wait(3)).toBe(0)
    await page.mouse.click(600, 5)
    expect(await wait(1)).toBeGreaterThan(0)
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
    for (const path of ['/settings/users', '/settings/keys', '/settings/policy', '/incident', '/nowhere']) {
      await helen.open(`${service.url}/console${path}`)
      await helen.page.getByRole('heading', { name: 'There is nothing here' }).waitFor()
    }
    const jane = await signIn(browser, service, 'Jane Saoirse')
    await jane.page.getByText('You are known, but have no role in this console.').waitFor()
    await jane.leave()
    await helen.leave()
  })

  it('verifies a caller in a second window, and reads out a code that the caller redeems', async () => {
    await setDesk(service, DESK)
    const home = 'jane@home.example'
    await callAs(service, 'demo', 'POST', '/scim/v2/Users', {
      userName: 'caller@example.com',
      emails: [
        { value: 'caller@example.com', type: 'work', primary: true },
        { value: home, type: 'home' },
      ],
    })
    const helen = await signIn(browser, service, 'Helen Desk')
    const { page } = helen
    await openUser(helen, 'caller@example.com')
    await page.getByRole('button', { name: 'Show a code' }).click()
    await page.getByText(/you have verified the caller/).waitFor()
    expect(await page.locator('.code').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Break glass' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Verify the caller' }).click()
    const link = await page.locator('.link').innerText()
    await helen.expectGood()
    const caller = await Visitor.arrive(browser)
    await caller.open(`http://${link}`)
    await caller.press('Send the code')
    await caller.enter('code', await mailTo(service, home, /^ {4}(\S+)$/m))
    const digits = (await caller.page.locator('.digits').innerText()).replaceAll(' ', '')
    expect(await caller.page.locator('main').innerText()).toContain('Helen Desk')
    await page.getByText('They have shown who they are.').waitFor()
    const field = page.getByLabel('The six digits that they read out')
    await field.fill(digits === '111111' ? '222222' : '111111')
    await field.press('Enter')
    await page.getByText('These are not the digits on their screen.').waitFor()
    await helen.expectGood()
    await field.fill(`${digits.slice(0, 3)} ${digits.slice(3)}`)
    await field.press('Enter')
    await page.getByText('The caller has shown who they are.').waitFor()
    await page.getByRole('button', { name: 'Show a code' }).click()
    await page.locator('.code').waitFor()
    const code = (await page.locator('.code span').allInnerTexts()).join('-')
    await page.locator('.states').getByText('Live').waitFor()
    await caller.open(`${service.url}/reset/code`)
    await caller.page.locator('#email').fill('caller@example.com')
    await caller.enter('code', code)
    expect(await caller.heading()).toBe('The code is right')
    await caller.leave()
    await helen.leave()
  })

  it('lets a user report a code as not theirs, and a super-admin lift the freeze', async () => {
    await setDesk(service, { ...DESK, requireVerification: undefined })
    const helen = await signIn(browser, service, 'Helen Desk')
    const { page } = helen
    await openUser(helen, 'user1@example.com')
    await page.getByRole('button', { name: 'Show a code' }).click()
    await page.locator('.code').waitFor()
    const user = await Visitor.arrive(browser)
    await user.open(await mailTo(service, 'user1@example.com', /(http\S+\/report\S*)/))
    await user.press('This was not me')
    await page.getByRole('button', { name: 'Hide it now' }).click()
    await page.getByRole('button', { name: 'Show a code' }).click()
    await page.getByText(/has reported a code/).waitFor()
    const sam = await signIn(browser, service, 'Sam Admin')
    await openUser(sam, 'user1@example.com')
    await sam.page.getByText('None is made for them until').waitFor()
    await sam.page.getByRole('button', { name: 'Lift this' }).click()
    await sam.page.getByLabel('Why').fill('I have called them at their desk')
    await sam.page.getByRole('button', { name: 'Lift it' }).click()
    await sam.page.getByText('Codes can be made for the user again').waitFor()
    await page.getByRole('button', { name: 'Show a code' }).click()
    await page.locator('.code').waitFor()
    await user.leave()
    await sam.leave()
    await helen.leave()
  })

  it('has a second person approve a code, which the first one collects', async () => {
    await setDesk(service, DESK)
    const helen = await signIn(browser, service, 'Helen Desk')
    const sam = await signIn(browser, service, 'Sam Admin')
    await openUser(sam, 'user2@example.com')
    await sam.page.getByRole('button', { name: 'Mark as high risk' }).click()
    await sam.page.getByRole('alertdialog').getByRole('button', { name: 'Mark' }).click()
    await sam.page.getByText('High risk', { exact: true }).waitFor()
    await openUser(helen, 'user2@example.com')
    await helen.page.getByRole('button', { name: 'E-mail a code' }).click()
    await helen.page.getByRole('link', { name: 'Go to the approvals' }).click()
    await helen.page.getByText('Waits for a second person').waitFor()
    expect(await helen.page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    const hugo = await signIn(browser, service, 'Hugo Desk', '/console/approvals')
    await hugo.page.getByRole('button', { name: 'Approve' }).waitFor()
    await hugo.expectGood()
    await hugo.page.getByRole('button', { name: 'Approve' }).click()
    await hugo.page.getByRole('alertdialog').getByRole('button', { name: 'Approve' }).click()
    await hugo.page.getByText('The request is approved').waitFor()
    await helen.page.getByRole('button', { name: 'Send the code' }).click({ timeout: 20_000 })
    await helen.page.getByText('The code is on its way by mail').waitFor()
    await mailTo(service, 'user2@example.com', /^ {4}(\S+)$/m)
    await hugo.leave()
    await sam.leave()
    await helen.leave()
  })

  it('lets a super-admin break the glass with a reason, which somebody is told', async () => {
    const sam = await signIn(browser, service, 'Sam Admin')
    await openUser(sam, 'many3@example.com')
    await sam.page.getByRole('button', { name: 'Show a code' }).click()
    await sam.page.getByRole('button', { name: 'Break glass' }).click()
    await sam.expectGood()
    await sam.page.getByLabel('Why').fill('The second address is out of order')
    await sam.page.getByRole('button', { name: 'Make the code' }).click()
    await sam.page.locator('.code').waitFor()
    await mailTo(service, 'security@example.com', /(The second address is out of order)/)
    await setDesk(service, undefined)
    await sam.leave()
  })

  it('makes a key whose private half only its file has, and revokes it', async () => {
    const sam = await signIn(browser, service, 'Sam Admin', '/console/settings/keys')
    const { page } = sam
    const sent = page.waitForRequest(
      (request) => request.method() === 'POST' && request.url().endsWith('/keys'),
    )
    await page.getByRole('button', { name: 'Add an API key' }).click()
    await page.getByLabel('Description').fill('Ticket system')
    await sam.expectGood()
    await page.getByRole('dialog').getByRole('button', { name: 'Add an API key' }).click()
    expect(Object.keys((await sent).postDataJSON().publicKey as object).toSorted()).toEqual(['e', 'kty', 'n'])
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save demo.key' }).click()
    const token = await tokenOf(await (await saved).path())
    const users = () =>
      fetch(`${service.url}/scim/v2/Users?count=0`, { headers: { Authorization: `Bearer ${token}` } })
    expect((await users()).status).toBe(200)
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    expect(await kept(sam)).not.toContain('PRIVATE KEY')
    const row = page.locator('tbody tr').filter({ hasText: 'Ticket system' })
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    await expect.poll(() => row.count(), { timeout: 10_000 }).toBe(0)
    await sam.leave()
  })

  it('makes a webhook, whose secret is shown once, sends again and deletes it', async () => {
    const sam = await signIn(browser, service, 'Sam Admin', '/console/settings/webhooks')
    const { page } = sam
    await page.getByRole('button', { name: 'Add a webhook' }).click()
    await page.getByLabel('URL').fill('https://hooks.example.com/rescind')
    await page.getByLabel('A code was locked').uncheck()
    await page.getByRole('dialog').getByRole('button', { name: 'Add a webhook' }).click()
    const secret = await page.getByLabel('Secret').innerText()
    expect(secret).toMatch(/^whsec_/)
    await sam.expectGood()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'https://hooks.example.com/rescind' }).click()
    await page.getByText('Deliveries of the last seven days').waitFor()
    expect(await page.content()).not.toContain(secret)
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Send again' }).click()
    await vi.waitFor(
      async () => {
        await page.getByRole('button', { name: 'Refresh' }).click()
        await page.locator('tbody tr').first().waitFor({ timeout: 1000 })
      },
      { timeout: 30_000 },
    )
    await sam.expectGood()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('Your tenant has no webhook').waitFor()
    await sam.leave()
  })

  it('shows what would change of the policy before it is saved, and saves over nobody', async () => {
    const sam = await signIn(browser, service, 'Sam Admin', '/console/settings/policy')
    const { page } = sam
    const save = async () => {
      await page.getByRole('button', { name: 'See the changes' }).click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Save' }).click()
    }
    const minutes = page.getByLabel('Good for (minutes)')
    await minutes.fill('20')
    await page.getByRole('button', { name: 'See the changes' }).click()
    expect(await page.locator('.changes').innerText()).toMatch(/^code\.ttlMinutes\s+10\s+20$/)
    await sam.expectGood()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Save' }).click()
    await page.getByText('The policy is saved').waitFor()
    const stored = async () => (await callAs(service, 'operator', 'GET', TENANT)) as Tenant
    expect((await stored()).policy).toMatchObject({ code: { ttlMinutes: 20 } })
    await minutes.fill('5')
    await save()
    await page.getByRole('alertdialog').getByRole('alert').waitFor()
    await page.keyboard.press('Escape')
    await page
      .locator('.note.wrong')
      .getByText(/Good for \(minutes\)/)
      .waitFor()
    await minutes.fill('30')
    const tenant = await stored()
    const changed = { ...tenant, policy: { ...tenant.policy, unknownAddress: 'notify' } }
    await callAs(service, 'operator', 'PUT', TENANT, changed)
    await save()
    await page.getByText('Somebody else has changed the policy meanwhile.').waitFor()
    expect((await stored()).policy).toMatchObject({ code: { ttlMinutes: 20 }, unknownAddress: 'notify' })
    expect(await page.getByLabel('Kept for (days)').isDisabled()).toBe(true)
    await sam.leave()
  })

  it('adds and changes a user', async () => {
    const sam = await signIn(browser, service, 'Sam Admin', '/console/settings/users')
    const { page } = sam
    await page.getByRole('button', { name: 'Add a user' }).click()
    await page.getByLabel('Address', { exact: true }).fill('nora@example.com')
    await page.getByLabel('First name').fill('Nora')
    await page.getByRole('dialog').getByRole('button', { name: 'Add a user' }).click()
    await page.getByRole('link', { name: 'Go to the user' }).click()
    await page.getByRole('heading', { name: 'Nora' }).waitFor()
    await page.getByRole('button', { name: 'Change the user' }).click()
    await page.getByLabel('Last name').fill('Quinn')
    await page.getByLabel('Second address').fill('nora@home.example')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Nora Quinn' }).waitFor()
    await sam.leave()
  })

  it('makes a key whose quarantine ends it and its codes', async () => {
    const sam = await signIn(browser, service, 'Sam Admin', '/console/settings/keys')
    const { page } = sam
    await page.getByRole('button', { name: 'Add an API key' }).click()
    await page.getByLabel('Description').fill('Stolen')
    await page.getByRole('dialog').getByRole('button', { name: 'Add an API key' }).click()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save demo.key' }).click()
    const token = await tokenOf(await (await saved).path())
    const body = JSON.stringify([{ email: 'many9@example.com' }])
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const made = await fetch(`${service.url}${GENERATE}`, { method: 'POST', headers, body })
    const [{ verify_code: code }] = await made.json<[{ verify_code: string }]>()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    const row = page.locator('tbody tr').filter({ hasText: 'Stolen' })
    await row.getByRole('button', { name: 'Quarantine' }).click()
    await page.getByLabel('Type demo to go on').fill('demo')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Quarantine' }).click()
    await expect.poll(() => row.count(), { timeout: 10_000 }).toBe(0)
    expect(await validate(service, 'many9@example.com', code)).toBe(401)
    await sam.leave()
  })

  it('voids everything, once it is counted and the name of the tenant is typed', async () => {
    const sam = await signIn(browser, service, 'Sam Admin')
    const { page } = sam
    await openUser(sam, 'many5@example.com')
    await page.getByRole('button', { name: 'E-mail a code' }).click()
    const code = await mailTo(service, 'many5@example.com', /^ {4}(\S+)$/m)
    expect(await validate(service, 'many5@example.com', code)).toBe(200)
    await sam.open(`${service.url}/console/incident`)
    await page.getByRole('button', { name: 'Count first' }).click()
    await page.getByText(/^[1-9]\d* codes? would be voided\.$/).waitFor({ timeout: 30_000 })
    expect(await validate(service, 'many5@example.com', code)).toBe(200)
    await page.getByRole('button', { name: 'Void everything' }).click()
    const go = page.getByRole('alertdialog').getByRole('button', { name: 'Void everything' })
    await page.getByLabel('Type demo to go on').fill('dem')
    expect(await go.isDisabled()).toBe(true)
    await sam.expectGood()
    await page.getByLabel('Type demo to go on').fill('demo')
    await go.click()
    await page.getByText(/^Every code that was made before/).waitFor()
    expect(await validate(service, 'many5@example.com', code)).toBe(401)
    await sam.leave()
  })

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
