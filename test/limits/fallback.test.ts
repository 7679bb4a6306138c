import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/app.ts'
import { newRequest, newTenant, NO_LIMITS } from '../rig/service.ts'

const PATH =
  '/api/passwordmanagement/validatePasswordResetCode?emailAddress=a@example.com&passwordResetCode=x'

const limiterThat = (answer: () => Promise<never>) =>
  ({ getByName: () => ({ answer }) }) as unknown as Env['TENANT_LIMITER']

afterEach(() => {
  vi.restoreAllMocks()
})

describe('L5: a tenant whose limiter', () => {
  it.each([
    [
      'is out of reach',
      () => Promise.reject(Object.assign(new Error(), { name: 'Unreachable' })),
      'Unreachable',
    ],
    ['does not answer', () => new Promise<never>(() => undefined), 'TimeoutError'],
  ])('%s is let through as far as the fallback allows, and the log says so', async (_, answer, fault) => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const log = vi.spyOn(console, 'log')
    const bindings = { ...env, TENANT_LIMITER: limiterThat(answer), LIMITER_DEADLINE_MS: 20 }
    const answers = await Promise.all(
      Array.from({ length: 120 }, async () => {
        const context = createExecutionContext()
        const response = await app.fetch(newRequest(`https://${tenant.host}${PATH}`, {}), bindings, context)
        await waitOnExecutionContext(context)
        return response
      }),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(100)
    expect(refused).toHaveLength(20)
    expect(refused[0]?.headers.get('Retry-After')).toBe('10')
    const events = log.mock.calls.map(([line]) => JSON.parse(String(line)) as { limiterDegraded?: string })
    expect(events.filter(({ limiterDegraded }) => limiterDegraded === fault)).toHaveLength(120)
  })
})
