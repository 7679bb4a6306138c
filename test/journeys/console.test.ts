import { afterAll, beforeAll, expect, it } from 'vitest'
import { ConsoleVisitor } from './console-visitor.ts'
import { LocalService } from './local-service.ts'

/** The console against the real local OpenID provider, from a fresh clone. */

const service = new LocalService()
beforeAll(() => service.start(), 120_000)
afterAll(() => service.remove(), 30_000)

const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'
const TENANT = '/operator/v1/tenants/demo'
const ADMIN_LOG = '/AdminInterface/restapi/v1/adminlog/exportlogs'

type TenantRecord = {
  hosts: string[]
  policy: { limits: object; notify: object; console: { issuer: string } }
}

async function signedIn(person: string, returnTo?: string) {
  const visitor = new ConsoleVisitor(service.url)
  return { visitor, arrived: await visitor.signIn(`${person}@demo.example`, returnTo) }
}

it('the help desk signs in with a click, lands where it wanted to go, and shows a code under its own name', async () => {
  const { visitor: helen, arrived } = await signedIn('helen', '/console/users')
  expect(new URL(arrived.url).pathname).toBe('/console/users')
  const session = await (await helen.fetch('GET', '/console/session')).json()
  expect(session).toMatchObject({
    person: { name: 'Helen Desk', email: 'helen@demo.example' },
    role: 'help-desk',
    tenant: { id: 'demo', name: 'Demo' },
  })
  const shown = await helen.fetch('POST', GENERATE, [{ email: 'user1@example.com' }])
  expect(await shown.json()).toMatchObject([{ status: 1000 }])
  expect((await helen.fetch('GET', TENANT)).status).toBe(403)
  const { elements } = await (await helen.fetch('GET', ADMIN_LOG)).json<{ elements: object[] }>()
  expect(elements).toContainEqual(
    expect.objectContaining({
      adminUserName: 'Helen Desk',
      message: expect.stringMatching(
        /^Admin Helen Desk \(prs_[\w-]{22}\) generated a password reset code for/,
      ) as string,
    }),
  )
})

it('a super-admin changes the policy, and not what is the operator’s', async () => {
  const { visitor: sam } = await signedIn('sam')
  const tenant = await (await sam.fetch('GET', TENANT)).json<TenantRecord>()
  const { policy } = tenant
  const put = (changes: object) => sam.fetch('PUT', TENANT, { ...tenant, ...changes })
  const changed = await put({ policy: { ...policy, notify: { ...policy.notify, voided: false } } })
  expect([changed.status, (await changed.json<TenantRecord>()).policy.notify]).toMatchObject([
    200,
    { voided: false },
  ])
  const send = { perMinute: 9, burst: 9 }
  const refused = await put({
    hosts: ['evil.localhost'],
    policy: { ...policy, limits: { ...policy.limits, send } },
  })
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { detail: 'Only the operator may change: hosts, policy.limits.send.' },
  ])
})

it('signing out at the provider ends the session here, and no other one', async () => {
  const { visitor: helen } = await signedIn('helen')
  const { visitor: elsewhere } = await signedIn('helen')
  const place = await placeToSignOut()
  // The provider asks whether it is meant: its form is sent as a browser sends it.
  const page = await (await helen.send(place, {})).text()
  const [, xsrf = ''] = /name="xsrf" value="(\w+)"/.exec(page) ?? []
  const [, action = ''] = /action="([^"]+)"/.exec(page) ?? []
  const confirmed = await helen.send(action, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ xsrf, logout: 'yes' })),
  })
  expect(confirmed.status).toBe(303)
  await expect.poll(async () => (await helen.fetch('GET', '/console/session')).status).toBe(401)
  expect((await elsewhere.fetch('GET', '/console/session')).status).toBe(200)
})

/** Where the console sends somebody who signs out. */
async function placeToSignOut(): Promise<string> {
  const { visitor } = await signedIn('sam')
  const logout = await visitor.fetch('POST', '/console/logout')
  expect((await visitor.fetch('GET', '/console/session')).status).toBe(401)
  return (await logout.json<{ redirectTo: string }>()).redirectTo
}

it('the provider listens to this machine alone, and is found again at the next start', async () => {
  const { visitor: sam } = await signedIn('sam')
  const before = await (await sam.fetch('GET', TENANT)).json<TenantRecord>()
  expect(new URL(before.policy.console.issuer).hostname).toBe('127.0.0.1')
  await service.stop()
  await expect(fetch(before.policy.console.issuer)).rejects.toThrow()
  await service.start({ port: service.port })
  const { visitor: again } = await signedIn('sam')
  const after = await (await again.fetch('GET', TENANT)).json<TenantRecord>()
  expect(after.policy.console).toEqual(before.policy.console)
  // The session of before the restart is as good as before.
  expect((await sam.fetch('GET', '/console/session')).status).toBe(200)
})
