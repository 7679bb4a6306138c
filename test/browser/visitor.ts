import axe from 'axe-core'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect } from 'vitest'

/** A person in front of the reset pages or the console, in a browser of their own. */

export type Setting = {
  width?: number
  scheme?: 'light' | 'dark'
  locale?: string
  hasScripts?: boolean
}

export async function openBrowser(executablePath: string): Promise<Browser> {
  // In a container, Chromium's own sandbox cannot be set up. It visits this machine alone.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

export class Visitor {
  readonly page: Page
  readonly #context: BrowserContext
  readonly #isChecked: boolean
  /** What the browser was refused by a Content-Security-Policy, and requests that left for elsewhere. */
  readonly faults: string[] = []

  private constructor(context: BrowserContext, page: Page, isChecked: boolean) {
    this.#context = context
    this.page = page
    this.#isChecked = isChecked
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.faults.push(message.text())
    })
    page.on('pageerror', (error) => this.faults.push(String(error)))
    page.on('request', (request) => {
      if (!/^(?:http:\/\/(?:(?:[\w-]+\.)?localhost|127\.0\.0\.1)(?::\d+)?\/|data:|blob:)/.test(request.url()))
        this.faults.push(request.url())
    })
  }

  static async arrive(browser: Browser, setting: Setting = {}): Promise<Visitor> {
    const { width = 390, scheme = 'light', locale = 'en', hasScripts = true } = setting
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: scheme,
      locale,
      javaScriptEnabled: hasScripts,
    })
    context.setDefaultTimeout(10_000)
    return new Visitor(context, await context.newPage(), hasScripts)
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url)
  }

  heading(): Promise<string> {
    return this.page.locator('h1').innerText()
  }

  /** Fills the field, and sends its form with the Enter key. */
  async enter(field: string, text: string): Promise<void> {
    await this.page.locator(`#${field}`).fill(text)
    await this.sent(this.page.locator(`#${field}`).press('Enter'))
  }

  async press(button: string): Promise<void> {
    await this.sent(this.page.getByRole('button', { name: button, exact: true }).click())
  }

  /** Waits for the page that follows. */
  async sent(action: Promise<void>): Promise<void> {
    await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), action])
  }

  /** What axe finds, and whether the page is as wide as the window. Both need scripts of the test's own. */
  async expectGood(): Promise<void> {
    if (!this.#isChecked) return
    const overflow = await this.page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(overflow).toBe(0)
    await this.page.evaluate(axe.source)
    const found = await this.page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run()
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    })
    expect(found).toEqual([])
  }

  async leave(): Promise<void> {
    expect(this.faults).toEqual([])
    await this.#context.close()
  }
}
