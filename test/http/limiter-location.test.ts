import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../../src/local.ts'
import { locationHintOf } from '../../src/http/limiter-location.ts'
import { newRequest, newTenant, SEND, sendCall, type Tenant } from '../rig/service.ts'

describe('the place of a limiter', () => {
  it.each([
    ['EU', 'FR', '2.35', 'weur'],
    ['EU', 'PL', '21.01', 'eeur'],
    ['NA', 'US', '-74.00', 'enam'],
    ['NA', 'US', '-122.41', 'wnam'],
    ['SA', 'BR', '-46.63', 'sam'],
    ['AS', 'JP', '139.69', 'apac'],
    ['AS', 'AE', '55.27', 'me'],
    ['AF', 'KE', '36.82', 'afr'],
    ['OC', 'AU', '151.21', 'oc'],
    ['AN', 'AQ', '166.67', 'oc'],
  ] as const)('is near a caller in %s, %s', (continent, country, longitude, hint) => {
    expect(locationHintOf({ continent, country, longitude })).toBe(hint)
  })

  it('is left to the runtime where nothing is known of the caller', () => {
    expect(locationHintOf()).toBeUndefined()
    expect(locationHintOf({ country: 'FR' })).toBeUndefined()
  })

  /** The hints that one request gives the namespace of limiters. */
  async function hintsOf({ host }: Tenant, cf: Partial<IncomingRequestCfProperties>): Promise<unknown[]> {
    const hints: unknown[] = []
    const TENANT_LIMITER = {
      getByName(name: string, options?: DurableObjectNamespaceGetDurableObjectOptions) {
        hints.push(options?.locationHint)
        return env.TENANT_LIMITER.getByName(name, options)
      },
    } as unknown as Env['TENANT_LIMITER']
    const request = new Request(newRequest(`https://${host}${SEND}`, sendCall('jane@example.com')), { cf })
    const context = createExecutionContext()
    expect((await app.fetch(request, { ...env, TENANT_LIMITER }, context)).status).toBe(200)
    await waitOnExecutionContext(context)
    return hints
  }

  it('F3: is what the policy says, else near the first caller', async () => {
    const cf = { continent: 'AS', country: 'JP', longitude: '139.69' } as const
    expect(await hintsOf(await newTenant({ policy: { limits: { location: 'sam' } } }), cf)).toEqual(['sam'])
    expect(await hintsOf(await newTenant(), cf)).toEqual(['apac'])
  })
})
