import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConsoleVisitor } from './console-visitor.ts'
import { LocalService } from './local-service.ts'

/** The console against the real local OpenID provider, from a fresh clone. */

const service = new LocalService()
beforeAll(() => service.start(), 120_000)
afterAll(() => service.remove(), 30_000)

const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'
const TENANT = '/operator/v1/tenants/demo'

type TenantRecord = { hosts: string[]; policy: { code: object; limits: object; console: { issuer: string } } }

describe('a person of the help desk', () => {
  const helen = new ConsoleVisitor(service.url)

  it('signs in with a click, and lands where they wanted to go', async () => {
    const helen = new ConsoleVisitor(service.url)
    const arrived = await helen.signIn('helen@demo.example', '/console/users')
    expect(new URL(arrived.url).pathname).toBe('/console/users')
    const session = await helen.fetch('GET', '/console/session')
    expect(await session.json()).toMatchObject({
      person: { name: 'Helen Desk', email: 'helen@demo.example' },
      role: 'help-desk',
      tenant: { id: 'demo', name: 'Demo' },
    })
  })
})
