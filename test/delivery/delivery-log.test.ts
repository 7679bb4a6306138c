import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sealMessage } from '../../src/delivery/message.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { ask, DEAD_LETTERS, handle, type Handling } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { newTenant, NO_LIMITS, type Tenant } from '../rig/service.ts'

const USER = 'user1@example.com'

afterEach(() => {
  vi.restoreAllMocks()
})

/** What the handling of a message logged: its outcome, and the reason where there is one. */
async function logged(message: unknown, handling: Handling = {}): Promise<unknown[]> {
  const log = vi.spyOn(console, 'log')
  await handle([message], handling)
  const [event] = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
  log.mockRestore()
  return [event?.['outcome'], event?.['reason']]
}

function newMailedTenant() {
  const hook = newMailHook()
  return newTenant({ policy: { ...NO_LIMITS, ...hook.policy }, users: 1 }).then((tenant) => ({
    hook,
    tenant,
  }))
}

function notice(tenant: Tenant, userId: string): Promise<string> {
  const keys = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
  const ids = { userId, noticeId: crypto.randomUUID() }
  return sealMessage(keys, { kind: 'notice', tenantId: tenant.id, notice: 'voided', requestedAt: 0, ...ids })
}

describe('the event of a delivery says why nothing was sent', () => {
  it('for a tenant without a mailer', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    expect(await logged(await ask(tenant, USER))).toEqual(['rejected', 'no-mailer'])
    expect(await logged(await notice(tenant, 'anybody'))).toEqual(['dropped', 'no-mailer'])
  })

  it('for an address without an account, and a user who is gone', async () => {
    const { tenant } = await newMailedTenant()
    expect(await logged(await ask(tenant, 'nobody@example.com'))).toEqual(['dropped', 'no-account'])
    expect(await logged(await notice(tenant, 'nobody'))).toEqual(['dropped', 'no-account'])
  })

  it('for a code that is not the live one any more', async () => {
    const { tenant } = await newMailedTenant()
    const message = await ask(tenant, USER)
    await tenant.void([USER])
    expect(await logged(message)).toEqual(['dropped', 'voided'])
  })

  it('after every attempt', async () => {
    const { tenant } = await newMailedTenant()
    const dead = await logged(await ask(tenant, USER), { queue: DEAD_LETTERS })
    expect(dead).toEqual(['dropped', 'attempts-exhausted'])
  })

  it.for([
    [200, 'delivered'],
    [410, 'rejected'],
    [500, 'failed'],
  ] as const)('and gives no reason of ours when a hook answers %i: %s', async ([answer, outcome]) => {
    const { hook, tenant } = await newMailedTenant()
    hook.answer = answer
    expect(await logged(await ask(tenant, USER))).toEqual([outcome, undefined])
  })
})
