import { navigation } from 'lighthouse'
import { launch, type Browser, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import type { LocalTenant } from '../journeys/local-tenant.ts'
import { PagesService } from './pages-service.ts'

/** What Lighthouse says of the reset pages, on the slow phone with a slow network that it simulates. */

const SCORE_MIN = 95
const CATEGORIES = ['performance', 'accessibility', 'best-practices']

const executablePath = findChromium()
const pages = new PagesService()
const { asking, grants, hooked } = pages
let browser: Browser

/** The second step of a new user, with the code typed; and what presses its button. */
async function typedCode(page: Page, tenant: LocalTenant): Promise<() => Promise<void>> {
  const email = await asked(page, tenant)
  await page.type('#code', (await pages.mailed(email)).code)
  return () => page.click('main button')
}

async function asked(page: Page, tenant: LocalTenant): Promise<string> {
  const email = await pages.newUser(tenant)
  await page.goto(pages.urlOf(tenant, '/reset'))
  await page.type('#email', email)
  await Promise.all([page.waitForNavigation(), page.click('main button')])
  return email
}

/** What leads up to each page, and gives its URL or what brings it. */
const STEPS: { name: string; prepare: (page: Page) => Promise<string | (() => Promise<void>)> }[] = [
  { name: 'ask for a code', prepare: async () => pages.urlOf(hooked, '/reset') },
  {
    name: 'enter the code',
    prepare: async (page) => {
      await asked(page, hooked)
      return page.url()
    },
  },
  {
    name: 'answer a question',
    prepare: async (page) => {
      const { email, code } = await pages.newAnsweringUser()
      await page.goto(pages.urlOf(asking, '/reset/code'))
      await page.type('#email', email)
      await page.type('#code', code)
      return () => page.click('main button')
    },
  },
  { name: 'a new password', prepare: (page) => typedCode(page, hooked) },
  { name: 'the handover', prepare: (page) => typedCode(page, grants) },
  { name: 'done', prepare: async () => pages.urlOf(hooked, '/reset/done') },
]

describe.skipIf(executablePath === undefined)('Lighthouse', () => {
  beforeAll(async () => {
    await pages.start()
    browser = await launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await pages.remove()
  })

  // Once more where other work on the machine was measured with the page.
  it.for(STEPS)(`gives ${SCORE_MIN} and more: $name`, { retry: 1 }, async ({ prepare }, { annotate }) => {
    const context = await browser.createBrowserContext()
    const page = await context.newPage()
    const requestor = await prepare(page)
    const result = await navigation(page, requestor, {
      flags: { onlyCategories: CATEGORIES, logLevel: 'error' },
    })
    if (result === undefined) throw new Error('Lighthouse has no result.')
    const { categories, audits, runtimeError } = result.lhr
    expect(runtimeError).toBeUndefined()
    const scores = CATEGORIES.map((id): [string, number] => [
      id,
      Math.round((categories[id]?.score ?? 0) * 100),
    ])
    await annotate(scores.map(([id, score]) => `${id} ${score}`).join(', '))
    const lacking = Object.values(audits).filter(({ score }) => score !== null && score < 1)
    const why = lacking.map(({ id, displayValue }) => `${id} ${displayValue ?? ''}`).join('; ')
    expect(
      scores.filter(([, score]) => score < SCORE_MIN),
      why,
    ).toEqual([])
    await context.close()
  })
})
