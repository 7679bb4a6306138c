import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  forgetCatalogue,
  keyOfAccessId,
  logoOfTenant,
  tenantOfHost,
  tenantOfId,
} from '../../src/tenants/catalogue.ts'
import { GRANT_PAGES } from '../rig/pages.ts'
import { countingD1 } from '../rig/counting-d1.ts'
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

/** A database that finds nothing, at once. */
const NOTHING_THERE = {
  prepare: () => ({ bind: () => ({ raw: async () => [] }) }),
} as unknown as D1Database

/** The database, which counts its reads, and holds them until they are released. */
function gatedDb() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const gated = { reads: 0, release, db: { prepare } as unknown as D1Database }
  function prepare(query: string) {
    const bind = (...values: unknown[]) => ({
      async raw() {
        gated.reads += 1
        await released
        return env.DB.prepare(query)
          .bind(...values)
          .raw()
      },
    })
    return { bind }
  }
  return gated
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

  it('L2: a flood of invented hosts forgets no tenant, and no host that is not there', async () => {
    const { host } = await newTenant()
    const absent = `${crypto.randomUUID()}.example.com`
    await tenantOfHost(env.DB, host)
    for (let index = 0; index < 1_100; index++) await tenantOfHost(NOTHING_THERE, `${index}.invented.example`)
    await tenantOfHost(NOTHING_THERE, absent)
    const { reads, db } = gatedDb()
    expect(await tenantOfHost(db, host)).toMatchObject({ hosts: [host] })
    expect(await tenantOfHost(db, absent)).toBeUndefined()
    expect(reads).toBe(0)
  })
})

describe('the logo of a tenant', () => {
  const SVG = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
  const logo = `data:image/svg+xml;base64,${btoa(SVG)}`
  const redeem = () => ({ ...GRANT_PAGES.redeem, audience: crypto.randomUUID() })
  const withLogo = () => newTenant({ policy: { redeem: redeem(), pages: { logo, supportText: 'é' } } })

  it('is not kept with the tenant, by whatever name an isolate knows it', async () => {
    const { id, host, keys } = await withLogo()
    const known = await keyOfAccessId(env.DB, keys['help-desk'].accessID)
    for (const tenant of [await tenantOfHost(env.DB, host), await tenantOfId(env.DB, id), known?.tenant]) {
      expect([tenant?.hasLogo, tenant?.policy.pages]).toEqual([true, { supportText: 'é' }])
    }
    const without = await newTenant({ policy: { redeem: redeem(), pages: {} } })
    const off = await newTenant()
    expect((await tenantOfHost(env.DB, without.host))?.hasLogo).toBe(false)
    expect((await tenantOfHost(env.DB, off.host))?.hasLogo).toBe(false)
  })

  it('is read once in 20 seconds, and few are kept', async () => {
    const tenants = [await withLogo(), ...(await Promise.all(Array.from({ length: 64 }, withLogo)))]
    const db = countingD1(env.DB)
    for (const { id } of [tenants[0], tenants[0], ...tenants].flatMap((each) => each ?? [])) {
      expect(Buffer.from((await logoOfTenant(db, id))?.bytes ?? [])).toEqual(Buffer.from(SVG))
    }
    expect(db.trips).toBe(65)
    await logoOfTenant(db, tenants[64]?.id ?? '')
    expect(db.trips).toBe(65)
    // The first one made room for the last.
    await logoOfTenant(db, tenants[0]?.id ?? '')
    expect(db.trips).toBe(66)
    later(20_000)
    await logoOfTenant(db, tenants[0]?.id ?? '')
    expect(db.trips).toBe(67)
  })
})

describe('reads of the catalogue', () => {
  it.each(['there', 'not there'])('L2: requests for one host share one, when it is %s', async (what) => {
    const tenant = await newTenant()
    const host = what === 'there' ? tenant.host : `${crypto.randomUUID()}.example.com`
    const gated = gatedDb()
    const asked = Array.from({ length: 50 }, () => tenantOfHost(gated.db, host))
    gated.release()
    const found = new Set((await Promise.all(asked)).map((each) => each?.id))
    expect([...found]).toEqual([what === 'there' ? tenant.id : undefined])
    expect(gated.reads).toBe(1)
  })

  it('that never end hold nobody: another request reads by itself', async () => {
    const { host, id } = await newTenant()
    const cutOff = gatedDb()
    void tenantOfHost(cutOff.db, host)
    expect(await tenantOfHost(env.DB, host)).toMatchObject({ id })
    cutOff.release()
  })

  it('that fail are not remembered', async () => {
    const { host, id } = await newTenant()
    const broken = {
      prepare: () => {
        throw new Error('D1 is away')
      },
    } as unknown as D1Database
    await expect(tenantOfHost(broken, host)).rejects.toThrow('D1 is away')
    expect(await tenantOfHost(env.DB, host)).toMatchObject({ id })
  })

  it('J5: that began before the operator changed something tell nobody afterwards', async () => {
    const { host, id } = await newTenant()
    const early = gatedDb()
    const before = tenantOfHost(early.db, host)
    forgetCatalogue()
    await env.DB.prepare("UPDATE tenants SET name = 'Renamed' WHERE id = ?").bind(id).run()
    expect(await tenantOfHost(env.DB, host)).toMatchObject({ name: 'Renamed' })
    await env.DB.prepare("UPDATE tenants SET name = 'Old' WHERE id = ?").bind(id).run()
    early.release()
    expect(await before).toMatchObject({ name: 'Old' })
    expect(await tenantOfHost(env.DB, host)).toMatchObject({ name: 'Renamed' })
  })
})
