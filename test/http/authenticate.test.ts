import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BAD_TOKEN, HARMLESS, NO_TOKEN, present, REFUSAL, refusal, voidUrl } from '../rig/forge.ts'
import { adminToken, call, newTenant, operate } from '../rig/service.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('where a token may stand', () => {
  it('J4: a token counts in one Authorization: Bearer header alone, whose scheme has no case; all else is no token', async () => {
    const tenant = await newTenant()
    const token = await tenant.token()
    const url = voidUrl(tenant)
    const ask = (headers: Record<string, string>, to = url) => call(to, { body: HARMLESS, headers })
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect((await ask({ Authorization: `${scheme} ${token}` })).status).toBe(200)
    }
    for (const Authorization of [
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token},Basic eDp5`,
      `Bearer ${token} ${token}`,
      `Bearer${token}`,
      `Bearer "${token}"`,
      `Bearer\t${token}`,
      `Basic ${token}`,
      `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
      `Token ${token}`,
      `JWT ${token}`,
      token,
      'Bearer',
      '',
    ]) {
      expect(await refusal(await ask({ Authorization }), NO_TOKEN), Authorization).toEqual(REFUSAL)
    }
    const twice = new Headers({ 'Content-Type': 'application/json' })
    twice.append('Authorization', `Bearer ${token}`)
    twice.append('Authorization', `Bearer ${token}`)
    expect(await refusal(await ask(Object.fromEntries(twice)), NO_TOKEN)).toEqual(REFUSAL)
    for (const headers of [
      { 'Proxy-Authorization': `Bearer ${token}` },
      { Cookie: `access_token=${token}` },
      { 'X-Access-Token': token },
    ]) {
      expect(await refusal(await ask(headers as Record<string, string>), NO_TOKEN)).toEqual(REFUSAL)
    }
    expect(await refusal(await ask({}, `${url}?access_token=${token}`), NO_TOKEN)).toEqual(REFUSAL)
    const inBody = await call(url, { body: { ...HARMLESS, access_token: token } })
    expect(await refusal(inBody, NO_TOKEN)).toEqual(REFUSAL)
    const inForm = await call(url, {
      body: String(new URLSearchParams({ access_token: token })),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    expect(await refusal(inForm, NO_TOKEN)).toEqual(REFUSAL)
  })

  it('J4: where a token was sent, the 401 says that it is not good, and no more (RFC 6750 §3.1)', async () => {
    const tenant = await newTenant()
    for (const token of ['x', 'a.b.c', await adminToken(tenant.keys['help-desk'], { exp: 1 })]) {
      expect(await refusal(await present(tenant, token), BAD_TOKEN)).toEqual(REFUSAL)
    }
  })
})

describe('the key behind a token', () => {
  it('J5: a revoked key stops within 30 seconds, also where another isolate revoked it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant()
    const key = tenant.keys['help-desk']
    expect((await present(tenant, await tenant.token())).status).toBe(200)
    await env.DB.prepare('UPDATE api_keys SET revoked_at = ? WHERE access_id = ?')
      .bind(Date.now(), key.accessID)
      .run()
    vi.setSystemTime(Date.now() + 30_000)
    expect(await refusal(await present(tenant, await adminToken(key)))).toEqual(REFUSAL)
  })

  it('J5: a key that is used all the time stops within 30 seconds as well', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant()
    const token = await tenant.token()
    expect((await present(tenant, token)).status).toBe(200)
    const sql = 'UPDATE api_keys SET revoked_at = ? WHERE access_id = ?'
    await env.DB.prepare(sql).bind(Date.now(), tenant.keys['help-desk'].accessID).run()
    for (let passedS = 1; passedS < 30; passedS += 1) {
      vi.setSystemTime(Date.now() + 1_000)
      await present(tenant, token)
    }
    vi.setSystemTime(Date.now() + 1_000)
    expect((await present(tenant, token)).status).toBe(401)
  })

  it('J3: a token that was good is refused when its time is over, to the millisecond', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
    const tenant = await newTenant()
    const token = await tenant.token()
    for (const [afterMs, status] of [
      [0, 200],
      [660_000, 200],
      [660_001, 401],
    ] as const) {
      vi.setSystemTime(1_800_000_000_000 + afterMs)
      expect((await present(tenant, token)).status).toBe(status)
    }
  })

  it('J3: a token that was good is refused when its audience is no longer a host of the tenant', async () => {
    const tenant = await newTenant()
    const token = await tenant.token()
    expect((await present(tenant, token)).status).toBe(200)
    const moved = { name: 'A tenant', hosts: [`moved-${tenant.host}`] }
    expect((await operate('PUT', `/tenants/${tenant.id}`, moved)).status).toBe(200)
    expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
  })

  it('J5: a key revoked through this isolate stops at once', async () => {
    const tenant = await newTenant()
    const token = await tenant.token()
    expect((await present(tenant, token)).status).toBe(200)
    const path = `/tenants/${tenant.id}/keys/${tenant.keys['help-desk'].accessID}`
    expect((await operate('DELETE', path)).status).toBe(204)
    expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
    expect((await tenant.scim('GET', '/Users')).status).toBe(200)
  })

  it('a help desk may look users up, and is refused with 403 where they are changed', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('someone@example.com')
    const user = { userName: 'new@example.com' }
    expect((await tenant.scim('GET', `/Users/${id}`, undefined, 'help-desk')).status).toBe(200)
    for (const [method, path, body] of [
      ['POST', '/Users', user],
      ['PATCH', `/Users/${id}`, { active: false }],
      ['PUT', `/Users/${id}`, user],
      ['DELETE', `/Users/${id}`, undefined],
    ] as const) {
      const response = await tenant.scim(method, path, body, 'help-desk')
      expect(response.status).toBe(403)
      expect(response.headers.get('WWW-Authenticate')).toBeNull()
      expect(await response.json()).toMatchObject({
        schemas: [expect.stringMatching(/:Error$/)],
        status: '403',
      })
    }
    const { totalResults } = await (await tenant.scim('GET', '/Users')).json<{ totalResults: number }>()
    expect(totalResults).toBe(1)
  })
})
