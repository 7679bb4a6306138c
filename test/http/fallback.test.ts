import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/local.ts'
import { inOneWindow, useUp, WINDOW_LIMIT } from '../rig/ratelimit-window.ts'
import type { TenantLimiter } from '../../src/limits/tenant-limiter.ts'
import { newRequest, newTenant, NO_LIMITS, SEND, sendCall, type Call, type Tenant } from '../rig/service.ts'

const VALIDATE =
  '/api/passwordmanagement/validatePasswordResetCode?emailAddress=a@example.com&passwordResetCode=x'

const limiterThat = (answer: () => Promise<never>) =>
  ({ getByName: () => ({ answer }) }) as unknown as Env['TENANT_LIMITER']
const unreachable = () => Promise.reject(Object.assign(new Error(), { name: 'Unreachable' }))

/** One request while the limiter does what `answer` does. */
async function degraded(
  { host }: Tenant,
  { path = VALIDATE, options = {}, answer = unreachable, changes = {} }: Degraded = {},
) {
  const bindings = { ...env, TENANT_LIMITER: limiterThat(answer), LIMITER_DEADLINE_MS: 20, ...changes }
  const context = createExecutionContext()
  const response = await app.fetch(newRequest(`https://${host}${path}`, options), bindings, context)
  await waitOnExecutionContext(context)
  return response
}
type Degraded = { path?: string; options?: Call; answer?: () => Promise<never>; changes?: Partial<Env> }

/** What stands for the way to an object that is far away. */
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const statusOf = async (answer: Promise<Response>) => (await answer).status

afterEach(() => {
  vi.restoreAllMocks()
})

describe('L5: a tenant whose limiter', () => {
  it.each([
    ['is out of reach', unreachable, 'Unreachable'],
    ['does not answer', () => new Promise<never>(() => undefined), 'TimeoutError'],
  ])('%s is let through as far as the fallback allows, and the log says so', async (_, answer, fault) => {
    const { answers, lines } = await inOneWindow(async () => {
      const tenant = await newTenant({ policy: NO_LIMITS })
      const log = vi.spyOn(console, 'log')
      const answers = await Promise.all(
        Array.from({ length: WINDOW_LIMIT + 5 }, () => degraded(tenant, { answer })),
      )
      const lines = log.mock.calls.map(([line]) => String(line))
      log.mockRestore()
      return { answers, lines }
    })
    const refused = answers.filter(({ status }) => status === 429)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(WINDOW_LIMIT)
    expect(refused).toHaveLength(5)
    expect(refused[0]?.headers.get('Retry-After')).toBe('10')
    const events = lines.map((line) => JSON.parse(line) as { limiterDegraded?: string })
    expect(events.filter(({ limiterDegraded }) => limiterDegraded === fault)).toHaveLength(WINDOW_LIMIT + 5)
  })

  it('L2: is out of reach leaves the fallback of another tenant alone', async () => {
    const [loud, quiet] = [await newTenant({ policy: NO_LIMITS }), await newTenant({ policy: NO_LIMITS })]
    const statuses = await inOneWindow(async () => {
      await useUp(env.FALLBACK_LIMITER, `${loud.id} validate`)
      return [await statusOf(degraded(loud)), await statusOf(degraded(quiet))]
    })
    expect(statuses).toEqual([429, 401])
  })

  it('L5: is out of reach lets administrators work on', async () => {
    const tenant = await newTenant({ users: 1 })
    const options = {
      token: await tenant.token(),
      body: { code_generation_mode: 'PASSWORD_RESET', user_emails: tenant.emails },
    }
    const path = '/AdminInterface/restapi/v1/users/voidVerifyCode'
    expect(await statusOf(degraded(tenant, { path, options }))).toBe(200)
  })
})

describe('F3: for mail to one address', () => {
  const send = (tenant: Tenant, address: string, limiter: Partial<Degraded> = {}) =>
    degraded(tenant, { path: SEND, options: sendCall(address), ...limiter })

  it.each([200, 400])('a limiter %i ms away is as strict as one that is near', async (roundTripMs) => {
    const tenant = await newTenant()
    const TENANT_LIMITER = {
      getByName: (name: string) => ({
        async answer(...asked: Parameters<TenantLimiter['answer']>) {
          await later(roundTripMs)
          return env.TENANT_LIMITER.getByName(name).answer(...asked)
        },
      }),
    } as unknown as Env['TENANT_LIMITER']
    const changes = { TENANT_LIMITER, LIMITER_DEADLINE_MS: 150 }
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => send(tenant, 'jane@example.com', { changes })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(59)
  })

  it('N1: a limiter out of reach refuses, registered or not, and says for how long', async () => {
    const tenant = await newTenant({ users: 1 })
    const [email = ''] = tenant.emails
    const answers = [await send(tenant, email), await send(tenant, 'nobody@example.com')]
    expect(answers.map(({ status }) => status)).toEqual([429, 429])
    expect(answers.map(({ headers }) => headers.get('Retry-After'))).toEqual(['60', '60'])
    const [registered, unknown] = await Promise.all(answers.map((answer) => answer.text()))
    expect(registered).toBe(unknown)
  })

  it('a recipient who may have several mails is told to come back when the fallback begins anew', async () => {
    const tenant = await newTenant({ policy: { limits: { recipient: { perMinute: 1, burst: 2 } } } })
    const { status, headers } = await send(tenant, 'jane@example.com')
    expect([status, headers.get('Retry-After')]).toEqual([429, '10'])
  })
})
