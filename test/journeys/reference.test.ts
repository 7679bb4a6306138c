import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../../scripts/gate/chromium.ts'
import { openBrowser } from '../browser/visitor.ts'
import { LocalService, runShell, tokenOf } from './local-service.ts'

/** The API reference as `npm start` serves it: what a reader gets, sees, and can try. */

const service = new LocalService()

beforeAll(() => service.start())
afterAll(() => service.remove())

const LOOKUP = '/AdminInterface/restapi/v1/users/lookup'

type Sample = { label: string; source: string }
type Reference = { paths: Record<string, Record<string, { 'x-codeSamples': Sample[] }>> }

async function reference(): Promise<Reference> {
  return (await fetch(`${service.url}/docs/openapi.json`)).json<Reference>()
}

describe('the API reference', () => {
  it('is where the banner says, and comes from this service alone', async () => {
    expect(service.output).toContain(`The API reference is on ${service.url}/docs.`)
    const page = await fetch(`${service.url}/docs`)
    expect([page.status, page.url]).toEqual([200, `${service.url}/docs/index.html`])
    expect(await page.text()).not.toMatch(/https?:/)
    const policy = page.headers.get('Content-Security-Policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /)
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*|,/)
    expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff')
  })

  it('takes no path from the service', async () => {
    for (const path of ['/_headers', '/_redirects', '/public/docs/openapi.json', '/docsx']) {
      const response = await fetch(service.url + path)
      expect([path, response.status]).toEqual([path, 404])
      expect(await response.json()).toMatchObject({ title: 'Not Found' })
    }
  })

  it('has samples that run', async () => {
    const samples = (await reference()).paths[LOOKUP]?.['post']?.['x-codeSamples'] ?? []
    expect(samples.map(({ label }) => label)).toEqual(['curl', 'JavaScript', 'Python'])
    const env = `export BASE=${service.url} TOKEN=${await tokenOf(service.keyFile('demo.key'))}\n`
    const programs: Record<string, string> = {
      curl: '',
      JavaScript: `${process.execPath} --input-type=module -e `,
      Python: 'python3 -c ',
    }
    for (const { label, source } of samples) {
      const program = programs[label] ?? ''
      if (label === 'Python' && (await runShell('sh', 'command -v python3')).code !== 0) continue
      const command = program === '' ? source : `${program}'${source.replaceAll("'", String.raw`'\''`)}'`
      const { code, stdout, stderr } = await runShell('sh', env + command)
      expect([label, code, stderr]).toEqual([label, 0, ''])
      expect(stdout).toContain('"emailAddress":"jane.saoirse@example.com"')
    }
  })
})

const executablePath = findChromium()

describe.skipIf(executablePath === undefined)('in Chromium', () => {
  let browser: Browser
  let page: Page
  const said: string[] = []
  const strangers: string[] = []

  beforeAll(async () => {
    browser = await openBrowser(executablePath ?? '')
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', ({ message }) => said.push(message))
    page.on('request', (request) => {
      if (!request.url().startsWith(`${service.url}/`)) strangers.push(request.url())
    })
  })

  afterAll(() => browser?.close())

  /** Goes to an operation, presses "Try" and gives what the viewer shows of the answer. */
  async function tryIt(anchor: string, token?: string): Promise<string> {
    await page.goto('about:blank')
    await page.goto(`${service.url}/docs/index.html#${anchor}`)
    const press = page.getByRole('button', { name: /^try$/i })
    await press.waitFor()
    if (token !== undefined) {
      await page.evaluate(
        `document.querySelector('rapi-doc').setApiKey('apiKeyToken', ${JSON.stringify(token)})`,
      )
    }
    await press.click()
    const status = page.getByText('Response Status')
    await status.waitFor()
    const shown = await page.locator('.tab-content').filter({ visible: true }).allInnerTexts()
    return [await status.innerText(), ...shown].join(' ')
  }

  it('shows every operation, and asks nobody else for anything', async () => {
    await page.goto(`${service.url}/docs`)
    await page.getByText('Voids the live codes of 1 to 100 users.').first().waitFor()
    const operations = Object.values((await reference()).paths).flatMap((methods) => Object.keys(methods))
    expect(await page.locator('.nav-bar-path').count()).toBe(operations.length)
    expect(strangers).toEqual([])
  })

  it('tries operations: without a token, with a form, and with a token', async () => {
    expect(await tryIt('get-/healthz')).toMatch(/Response Status: OK:200[^]*"ok"/)
    expect(await tryIt('post-/api/passwordmanagement/validatePasswordResetCode')).toMatch(
      /Response Status: .*401[^]*The password reset code is not valid/,
    )
    expect(await tryIt(`post-${LOOKUP}`)).toMatch(/Response Status: .*401/)
    const token = await tokenOf(service.keyFile('demo.key'))
    expect(await tryIt(`post-${LOOKUP}`, token)).toMatch(
      /Response Status: OK:200[^]*jane\.saoirse@example\.com/,
    )
    expect(strangers).toEqual([])
    // A refusal is in the console of the browser; what its policy forbids would be there too.
    expect(said.filter((text) => !/status of 401/.test(text))).toEqual([])
  })
})

it('is made of what package.json says, to the byte', () => {
  const served = fetch(`${service.url}/docs/rapidoc-min.js`).then((response) => response.text())
  return expect(served).resolves.toBe(readFileSync('node_modules/rapidoc/dist/rapidoc-min.js', 'utf8'))
})
