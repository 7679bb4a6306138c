import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keyOfAccessId, tenantOfHost, tenantOfId } from '../../src/tenants/catalogue.ts'
import { newTenant } from '../rig/service.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

/** The database, when a read of it takes that long. */
function slowDb(ms: number): D1Database {
  const prepare = (query: string) => {
    later(ms)
    return env.DB.prepare(query)
  }
  return { prepare } as D1Database
}

describe('what an isolate knows of the catalogue', () => {
  it('J5: counts its age from before the read, so that a slow read stretches nothing', async () => {
    const { keys } = await newTenant()
    const { accessID } = keys['help-desk']
    expect(await keyOfAccessId(slowDb(15_000), accessID)).toMatchObject({ key: { accessId: accessID } })
    await env.DB.prepare('UPDATE api_keys SET revoked_at = 1 WHERE access_id = ?').bind(accessID).run()
    later(4_999)
    expect(await keyOfAccessId(env.DB, accessID)).toMatchObject({ key: { accessId: accessID } })
    later(1)
    expect(await keyOfAccessId(env.DB, accessID)).toBeUndefined()
  })

  it.each([
    ['host', tenantOfHost, ({ host }: { host: string }) => host],
    ['id', tenantOfId, ({ id }: { id: string }) => id],
  ])('a tenant by its %s is read again after 20 seconds', async (_, find, nameOf) => {
    const tenant = await newTenant()
    expect(await find(env.DB, nameOf(tenant))).toMatchObject({ name: 'A tenant' })
    await env.DB.prepare("UPDATE tenants SET name = 'Renamed' WHERE id = ?").bind(tenant.id).run()
    later(19_999)
    expect(await find(env.DB, nameOf(tenant))).toMatchObject({ name: 'A tenant' })
    later(1)
    expect(await find(env.DB, nameOf(tenant))).toMatchObject({ name: 'Renamed' })
  })

  it('what is not there is looked for again after 5 seconds, counted from before the read', async () => {
    const { id } = await newTenant()
    const host = `${crypto.randomUUID()}.example.com`
    expect(await tenantOfHost(slowDb(3_000), host)).toBeUndefined()
    // As the operator's change through another isolate: this one is told nothing.
    await env.DB.prepare('INSERT INTO tenant_hosts VALUES (?, ?)').bind(host, id).run()
    later(1_999)
    expect(await tenantOfHost(env.DB, host)).toBeUndefined()
    later(1)
    expect(await tenantOfHost(env.DB, host)).toMatchObject({ id })
  })
})
