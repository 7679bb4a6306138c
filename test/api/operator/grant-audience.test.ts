import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { operate } from '../../rig/service.ts'

const newId = () => `t-${crypto.randomUUID()}`

function put(id: string, audience: string | undefined, rest: object = {}): Promise<Response> {
  const redeem = audience === undefined ? undefined : { kind: 'grant', audience }
  return operate('PUT', `/tenants/${id}`, {
    name: 'Acme',
    hosts: [`${id}.example.com`],
    policy: { redeem },
    ...rest,
  })
}

const refusal = async (response: Response) => {
  const { detail } = await response.json<{ detail: string }>()
  return `${response.status} ${detail}`
}

const TAKEN = /^409 policy\.redeem\.audience belongs to another tenant: .*\.$/

/** Name, policy and hosts as they are stored. */
async function storedOf(id: string): Promise<unknown> {
  const [tenant, hosts] = await env.DB.batch([
    env.DB.prepare('SELECT name, policy FROM tenants WHERE id = ?').bind(id),
    env.DB.prepare('SELECT hostname FROM tenant_hosts WHERE tenant_id = ?').bind(id),
  ])
  return [tenant?.results, hosts?.results]
}

describe('the audience of grants', () => {
  it('E3: is of one tenant alone: a service of it never takes the grants of another for its own', async () => {
    const [first, second] = [newId(), newId()]
    const audience = `https://${first}`
    expect((await put(first, audience)).status).toBe(201)
    expect(await refusal(await put(second, audience))).toMatch(TAKEN)
    expect(await storedOf(second)).toEqual([[], []])
    expect((await put(second, `${audience}/other`)).status).toBe(201)
    const before = await storedOf(second)
    expect(await refusal(await put(second, audience, { name: 'New', hosts: ['new.example.com'] }))).toMatch(
      TAKEN,
    )
    expect(await storedOf(second)).toEqual(before)
  })

  it('E3: is of one of many tenants that ask for it at once', async () => {
    const ids = Array.from({ length: 10 }, newId)
    const answers = await Promise.all(ids.map((id) => put(id, `https://${ids[0]}`)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array(9).fill(409),
    ])
    const stored = await Promise.all(ids.map(async (id) => JSON.stringify(await storedOf(id)) !== '[[],[]]'))
    expect(stored).toEqual(answers.map(({ status }) => status === 201))
  })

  it('is kept over every change of its tenant, and free once that gives it up', async () => {
    const [first, second] = [newId(), newId()]
    const audience = `https://${first}`
    await put(first, audience)
    expect((await put(first, audience, { name: 'Renamed' })).status).toBe(200)
    expect((await put(first, undefined)).status).toBe(200)
    expect((await put(second, audience)).status).toBe(201)
    expect(await refusal(await put(first, audience))).toMatch(TAKEN)
    expect((await operate('DELETE', `/tenants/${second}`)).status).toBe(204)
    expect((await put(first, audience)).status).toBe(200)
  })

  it('that two tenants of an earlier version share keeps neither from any other change', async () => {
    const [first, second, third] = [newId(), newId(), newId()]
    const audience = `https://${first}`
    await put(first, audience)
    await put(second, undefined)
    await env.DB.prepare('UPDATE tenants SET policy = ? WHERE id = ?')
      .bind(JSON.stringify({ redeem: { kind: 'grant', audience } }), second)
      .run()
    for (const id of [first, second]) {
      expect((await put(id, audience, { name: 'Renamed', hosts: [`new.${id}.example.com`] })).status).toBe(
        200,
      )
      expect(await storedOf(id)).toMatchObject([
        [{ name: 'Renamed' }],
        [{ hostname: `new.${id}.example.com` }],
      ])
    }
    expect(await refusal(await put(third, audience))).toMatch(TAKEN)
    expect((await put(second, `${audience}/own`)).status).toBe(200)
    expect(await refusal(await put(second, audience))).toMatch(TAKEN)
  })
})
