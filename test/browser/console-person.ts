import type { Browser } from 'playwright-core'
import { expect, vi } from 'vitest'
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

export const TENANT = '/operator/v1/tenants/demo'

export type Tenant = { policy: { limits: object; notify: object } & Record<string, unknown> }

/** Lifts the limits, keeps notices out of the inbox, and adds users: so many, and one who is called by `evilName`. */
export async function prepare(service: LocalService, count: number, evilName: string): Promise<void> {
  const tenant = (await callAs(service, 'operator', 'GET', TENANT)) as Tenant
  const many = { perMinute: 1_000_000, burst: 100_000 }
  const limits = { ...tenant.policy.limits, admin: many, void: many }
  const notify = { redeemed: false, voided: false, locked: false, issued: false }
  const policy = { ...tenant.policy, limits, notify }
  await callAs(service, 'operator', 'PUT', TENANT, { ...tenant, policy })
  const user = (bulkId: string, data: object) => ({ method: 'POST', path: '/Users', bulkId, data })
  const users = Array.from({ length: count }, (_, index) =>
    user(String(index), { userName: `many${index}@example.com` }),
  )
  const evil = user('evil', { userName: 'evil@example.com', displayName: evilName })
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
  await callAs(service, 'demo', 'POST', '/scim/v2/Bulk', { schemas, Operations: [...users, evil] })
}

/** The pages that need no more than a sign-in. */
export const PLACES = [
  '/',
  '/many',
  '/approvals',
  '/logs/admin',
  '/logs/users',
  '/activity',
  '/incident',
  '/settings/users',
  '/settings/keys',
  '/settings/clients',
  '/settings/scim',
  '/settings/webhooks',
  '/settings/policy',
]

/** All rules of the desk that a tenant can have. */
export const DESK = {
  verification: { by: 'mail' },
  requireVerification: 'display',
  fourEyes: { users: 'high-risk' },
  alertEmail: 'security@example.com',
}

/** Puts the rules of the desk into the policy, or takes them out. */
export async function setDesk(service: LocalService, desk: object | undefined): Promise<void> {
  const tenant = (await callAs(service, 'operator', 'GET', TENANT)) as Tenant
  const notify = { ...tenant.policy.notify, issued: true }
  await callAs(service, 'operator', 'PUT', TENANT, { ...tenant, policy: { ...tenant.policy, notify, desk } })
}

/** What is on the screen, on a telephone and on a desk, light and dark. */
export async function expectSound(visitor: Visitor): Promise<void> {
  await expect.poll(() => visitor.page.locator('.loading').count()).toBe(0)
  for (const width of [390, 1280]) {
    await visitor.page.setViewportSize({ width, height: 800 })
    for (const colorScheme of ['light', 'dark'] as const) {
      await visitor.page.emulateMedia({ colorScheme })
      await visitor.expectGood()
    }
  }
}

/** What the password API answers to a code. */
export async function validate(
  service: LocalService,
  emailAddress: string,
  passwordResetCode: string,
): Promise<number> {
  const { status } = await fetch(`${service.url}/api/passwordmanagement/validatePasswordResetCode`, {
    method: 'POST',
    body: new URLSearchParams({ emailAddress, passwordResetCode }),
  })
  return status
}

/** What the pattern finds in a mail to an address, as soon as there is one. */
export async function mailTo(service: LocalService, email: string, pattern: RegExp): Promise<string> {
  return vi.waitFor(
    async () => {
      const mails = (await service.mails()).filter(({ to }) => to === email)
      const found = mails.map(({ text }) => pattern.exec(text)?.[1]).find((match) => match !== undefined)
      if (found === undefined) throw new Error('no such mail yet')
      return found
    },
    { timeout: 20_000, interval: 100 },
  )
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
