import type { Browser } from 'playwright-core'
import { expect } from 'vitest'
import type { LocalService } from '../journeys/local-service.ts'
import { tokenOf } from '../journeys/local-service.ts'
import { Visitor, type Setting } from './visitor.ts'

/** People of the demo tenant in front of its console, each in a browser of their own. */

type Name = 'Helen Desk' | 'Hugo Desk' | 'Sam Admin' | 'Jane Saoirse'

/** Signs in by the button of the console and the local OpenID provider, and stops at the page that was wanted. */
export async function signIn(
  browser: Browser,
  service: LocalService,
  name: Name,
  path = '/console',
  setting: Setting = { width: 1280 },
): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, setting)
  const { page } = visitor
  await visitor.open(service.url + path)
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByRole('link', { name }).click()
  await page.waitForURL(`${service.url}/console**`)
  return visitor
}

/** A call of the demo tenant's own key, or of the operator. */
export async function callAs(
  service: LocalService,
  who: 'demo' | 'operator',
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      Authorization: `Bearer ${await tokenOf(service.keyFile(`${who}.key`))}`,
      'Content-Type': path.startsWith('/scim') ? 'application/scim+json' : 'application/json',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  expect(response.status, text).toBeLessThan(300)
  return text === '' ? undefined : JSON.parse(text)
}

/** Opens the page of the user with this address, as one finds them. */
export async function openUser({ page }: Visitor, email: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Address or name' }).fill(email)
  await page.locator('.results a').first().click()
  await page.getByRole('heading', { name: 'Account' }).waitFor()
}

/** All that the browser keeps of this origin beyond the page: what a later visitor of the desk could read. */
export async function kept({ page }: Visitor): Promise<string> {
  return JSON.stringify(await page.evaluate(READ_ALL))
}

/** It runs in the page, whose world the types of this repository do not know. */
const READ_ALL = `(async () => {
  const rows = []
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => resolve(opening.result)
    })
    for (const store of database.objectStoreNames) {
      rows.push(await new Promise((resolve) => {
        const reading = database.transaction(store).objectStore(store).getAll()
        reading.onsuccess = () => resolve(reading.result)
      }))
    }
    database.close()
  }
  const kept = (storage) => Object.entries(storage)
  return [rows, kept(localStorage), kept(sessionStorage), history.state, location.href, document.title]
})()`
