import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { app } from '../../../src/local.ts'
import { newConsoleTenant } from '../../rig/console.ts'
import { newTenant, type Tenant } from '../../rig/service.ts'

/** The page of the console, whose files are the static assets': here, one file stands for them. */

const SHELL = '<!doctype html><script type="module" src="/console/assets/index.js"></script>'
const ASSETS = {
  fetch: async (url: string) =>
    url.endsWith('/console/index.html') ? new Response(SHELL) : new Response(null, { status: 404 }),
}

let tenant: Tenant
beforeAll(async () => {
  tenant = await newConsoleTenant()
})

async function page(
  path: string,
  { host = tenant.host, assets = ASSETS }: { host?: string; assets?: object } = {},
) {
  const context = createExecutionContext()
  const request = new Request(`https://${host}${path}`, { headers: { Cookie: '__Host-rescind-session=x' } })
  const response = await app.fetch(request, { ...env, ASSETS: assets }, context)
  await waitOnExecutionContext(context)
  return { status: response.status, headers: response.headers, html: await response.text() }
}

describe('every page of the console', () => {
  it.each(['/console', '/console/', '/console/users', '/console/users/1?q=%3Cscript%3E', '/console/x/y/z'])(
    '%s is the one page of the front end, the same for everybody',
    async (path) => {
      const { status, html } = await page(path)
      expect([status, html]).toEqual([200, SHELL])
    },
  )

  it('runs scripts of its own origin alone, cannot be framed, and is kept by nobody', async () => {
    const { headers } = await page('/console')
    const policy = (headers.get('Content-Security-Policy') ?? '').split('; ')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("style-src 'self'")
    expect(policy).toContain("base-uri 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy.join()).not.toMatch(/unsafe|\*|https?:/)
    expect(headers.get('X-Frame-Options')).toBe('DENY')
    expect(headers.get('Cache-Control')).toBe('no-store')
    expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin')
    expect(headers.get('Referrer-Policy')).toBe('no-referrer')
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Permissions-Policy')).toContain('camera=()')
  })
})

it('says that it is not built, or not there, and runs nothing', async () => {
  const none = { fetch: async () => new Response(null, { status: 404 }) }
  const notBuilt = await page('/console', { assets: none })
  expect([notBuilt.status, notBuilt.html.includes('not built')]).toEqual([404, true])
  const { host } = await newTenant()
  const absent = await page('/console/users', { host })
  expect([absent.status, absent.html.includes('There is no console here')]).toEqual([404, true])
  for (const { headers } of [notBuilt, absent]) {
    expect(headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'/) // oxfmt-ignore
  }
})

it('stands in the way of no endpoint below it', async () => {
  for (const [path, status] of [
    ['/console/session', 401],
    ['/console/sessions', 401],
    ['/console/callback', 400],
    ['/console/logout', 404],
    ['/console/sessions/x', 404],
    ['/console/backchannel-logout', 404],
  ] as const) {
    expect([path, (await page(path)).status]).toEqual([path, status])
  }
})
