import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/local.ts'
import { JANE, playHook, withHook } from '../rig/password-hook.ts'
import { AUTHENTICATE, codeForm, passwordCall, REDEEM, VALIDATE } from '../rig/presenting.ts'
import { newRequest, newTenant, NO_LIMITS, type Call, type Tenant } from '../rig/service.ts'

const USERS = ['user1@example.com', 'user2@example.com']
const POLICY = {
  ...NO_LIMITS,
  code: { attemptsMax: 1 },
  // The notice of the code itself would come between.
  notify: { issued: false },
  mail: { from: 'reset@example.com' },
  redeem: { kind: 'grant', audience: 'https://app.example.com' },
}

afterEach(() => vi.restoreAllMocks())

/**
 * What happens to a request and its notice, in order. It stands for the time that the answer takes: in the
 * running Worker, sealing was made to take 400 ms, and no answer to a guess that locks came later for it.
 */
async function stepsOf(tenant: Tenant, path: string, options: Call): Promise<string[]> {
  const steps: string[] = []
  const encrypt = crypto.subtle.encrypt.bind(crypto.subtle)
  const sealing = vi.spyOn(crypto.subtle, 'encrypt').mockImplementation((...args) => {
    steps.push('sealed')
    return encrypt(...args)
  })
  const send = async () => steps.push('queued')
  const context = createExecutionContext()
  const bindings = { ...env, DELIVERIES: { send } as unknown as Queue }
  const response = await app.fetch(newRequest(`https://${tenant.host}${path}`, options), bindings, context)
  steps.push(`answered ${response.status}`)
  await waitOnExecutionContext(context)
  sealing.mockRestore()
  return steps
}

describe('a notice', () => {
  it.each([VALIDATE, REDEEM])('N2: of a guess that locks is made after its answer: %s', async (path) => {
    const tenant = await newTenant({ policy: POLICY })
    for (const user of USERS) {
      await tenant.addUser(user)
      await tenant.newCode(user)
      const steps = await stepsOf(tenant, path, codeForm(user, 'wrong'))
      expect(steps).toEqual(['answered 401', 'sealed', 'queued'])
    }
    expect(await stepsOf(tenant, path, codeForm('nobody@example.com', 'wrong'))).toEqual(['answered 401'])
  })

  it('N2: of a guess that locks is made after its answer, where a hook sets passwords', async () => {
    const { tenant } = await withHook({ code: { attemptsMax: 1 }, notify: { issued: false } })
    playHook(() => new Response(null, { status: 204 }))
    const steps = await stepsOf(tenant, AUTHENTICATE, passwordCall(JANE, 'wrong'))
    expect(steps).toEqual(['answered 401', 'sealed', 'queued'])
  })

  it('of a redeem is made after its answer', async () => {
    const tenant = await newTenant({ policy: POLICY })
    for (const user of USERS) {
      await tenant.addUser(user)
      const steps = await stepsOf(tenant, REDEEM, codeForm(user, await tenant.newCode(user)))
      expect(steps).toEqual(['answered 200', 'sealed', 'queued'])
    }
  })
})
