import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { operate } from '../../rig/service.ts'

const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`
const MAIL = { url: 'https://hooks.example.com/mail', secret: secretOf(1) }
const PASSWORD = { kind: 'hook', url: 'https://hooks.example.com/passwords', secret: secretOf(2) }

type Policy = { mail: { hook?: object } & object; redeem?: object } & Record<string, unknown>
type Fetched = { id: string; name: string; hosts: string[]; policy: Policy; errors?: { member: string }[] }

const put = (id: string, body: object) => operate('PUT', `/tenants/${id}`, body)

async function newTenantWithHooks() {
  const id = `t-${crypto.randomUUID()}`
  const policy = { mail: { hook: MAIL }, redeem: PASSWORD }
  const created = await put(id, { name: 'Acme', hosts: [`${id}.example.com`], policy })
  expect(created.status).toBe(201)
  return { id, fetched: await (await operate('GET', `/tenants/${id}`)).json<Fetched>() }
}

async function storedPolicy(id: string): Promise<object> {
  const stored = await env.DB.prepare('SELECT policy FROM tenants WHERE id = ?')
    .bind(id)
    .first<string>('policy')
  return JSON.parse(stored ?? '') as object
}

describe('a tenant that is fetched, changed and put', () => {
  it('keeps the secrets of its hooks, which the fetched record does not have', async () => {
    const { id, fetched } = await newTenantWithHooks()
    expect(JSON.stringify(fetched)).not.toContain('whsec_')
    const changed = { ...fetched, name: 'Acme Inc', policy: { ...fetched.policy, csrf: 'always' } }
    const response = await put(id, changed)
    expect(response.status).toBe(200)
    const answer = await response.text()
    expect(answer).not.toContain('whsec_')
    expect(JSON.parse(answer)).toMatchObject({ ...fetched, name: 'Acme Inc', policy: changed.policy })
    const policy = { csrf: 'always', mail: { hook: MAIL }, redeem: PASSWORD }
    expect(await storedPolicy(id)).toMatchObject(policy)
  })

  it('takes a new secret for a hook where one is sent, and drops a hook that is left out', async () => {
    const { id, fetched } = await newTenantWithHooks()
    const { redeem: _, ...rest } = fetched.policy
    const mail = { ...fetched.policy.mail, hook: { ...MAIL, secret: secretOf(3) } }
    expect((await put(id, { ...fetched, policy: { ...rest, mail } })).status).toBe(200)
    expect(await storedPolicy(id)).toMatchObject({ mail: { hook: { secret: secretOf(3) } } })
    expect(await storedPolicy(id)).not.toHaveProperty('redeem')
    expect((await put(id, { ...fetched, policy: { mail: {}, csrf: 'off' } })).status).toBe(200)
    expect(JSON.stringify(await storedPolicy(id))).not.toContain('whsec_')
  })

  it('D4: must bring a secret for a hook under another URL: its receiver is another one', async () => {
    const { id, fetched } = await newTenantWithHooks()
    const elsewhere = 'https://elsewhere.example.com/hook'
    const policy = {
      mail: { hook: { url: elsewhere } },
      redeem: { kind: 'hook', url: elsewhere },
    }
    const refused = await put(id, { ...fetched, policy })
    expect(refused.status).toBe(400)
    const { errors = [] } = await refused.json<Fetched>()
    expect(errors.map(({ member }) => member)).toEqual(['policy.mail.hook.secret', 'policy.redeem.secret'])
    expect(await storedPolicy(id)).toMatchObject({ mail: { hook: MAIL }, redeem: PASSWORD })
  })

  it('E3: gets no secret of another tenant, nor one of a tenant that is gone', async () => {
    const { id, fetched } = await newTenantWithHooks()
    const other = `t-${crypto.randomUUID()}`
    const copy = { name: 'Copy', hosts: [], policy: fetched.policy }
    expect((await put(other, copy)).status).toBe(400)
    expect((await put(other, { ...fetched })).status).toBe(400)
    expect((await operate('DELETE', `/tenants/${id}`)).status).toBe(204)
    expect((await put(id, fetched)).status).toBe(400)
  })

  it('keeps a hook to its own kind: the mail hook’s secret is none of the password hook', async () => {
    const { id, fetched } = await newTenantWithHooks()
    const policy = { mail: {}, redeem: { kind: 'hook', url: MAIL.url } }
    expect((await put(id, { ...fetched, policy })).status).toBe(400)
    const grant = { mail: {}, redeem: { kind: 'grant', url: PASSWORD.url, audience: 'x' } }
    expect((await put(id, { ...fetched, policy: grant })).status).toBe(400)
  })
})
