import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../src/local.ts'
import { handle } from './rig/deliveries.ts'
import { newRequest } from './rig/service.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const MALFORMED = 'S3CRET: neither a keyring, nor a JWK, nor an origin'

/** The last event that was logged. */
function lastEvent(log: { mock: { calls: unknown[][] } }): Record<string, unknown> {
  return JSON.parse(String(log.mock.calls.at(-1)?.[0]))
}

describe('a malformed setting', () => {
  it.for([
    'BASE_URL',
    'OPERATOR_PUBLIC_JWK',
    'PEPPERS',
    'ACCESS_ID_KEYS',
    'TRANSIENT_KEYS',
    'RESET_GRANT_KEYS',
    'LIMITER_DEADLINE_MS',
  ])('D4: is named by the event of the request, and its value told nowhere: %s', async (setting) => {
    const log = vi.spyOn(console, 'log')
    const context = createExecutionContext()
    const request = newRequest('http://localhost:8787/operator/v1/tenants', { method: 'GET', token: 'x.y.z' })
    const response = await app.fetch(request, { ...env, [setting]: MALFORMED }, context)
    await waitOnExecutionContext(context)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(new RegExp(`S3CRET|${setting}`))
    expect(lastEvent(log)).toMatchObject({ step: 'failed', fault: `SettingError ${setting}` })
    expect(log.mock.calls.flat().join('\n')).not.toContain('S3CRET')
  })

  it('is named by the event of a delivery, which is tried again', async () => {
    const log = vi.spyOn(console, 'log')
    const bindings = { TRANSIENT_KEYS: MALFORMED }
    expect(await handle(['a message'], { bindings })).toEqual([10])
    expect(lastEvent(log)).toMatchObject({ outcome: 'failed', fault: 'SettingError TRANSIENT_KEYS' })
    expect(log.mock.calls.flat().join('\n')).not.toContain('S3CRET')
  })
})
