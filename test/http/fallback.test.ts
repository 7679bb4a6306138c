import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/app.ts'
import { inOneWindow, useUp, WINDOW_LIMIT } from '../rig/ratelimit-window.ts'
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

  it.each([0, 1, 2])(
    'is out of reach is held to every bucket of a request, also to number %i',
    async (nth) => {
      const tenant = await newTenant({ policy: NO_LIMITS })
      const keys: string[] = []
      const FALLBACK_LIMITER: RateLimit = {
        limit(options) {
          keys.push(options.key)
          return env.FALLBACK_LIMITER.limit(options)
        },
      }
      const send = (address: string) =>
        statusOf(degraded(tenant, { path: SEND, options: sendCall(address), changes: { FALLBACK_LIMITER } }))
      // It charges the tenant's bucket and the recipient's two.
      expect(await send('jane@example.com')).toBe(200)
      expect(keys).toHaveLength(3)
      const statuses = await inOneWindow(async () => {
        await useUp(env.FALLBACK_LIMITER, keys[nth] ?? '')
        return [await send('jane@example.com'), await send('john@example.com')]
      })
      // A recipient's bucket is nobody else's; the tenant's is everybody's.
      expect(statuses).toEqual([429, nth === 0 ? 429 : 200])
    },
  )
})
