import { afterEach, describe, expect, it, vi } from 'vitest'
import { CONSOLE_POLICY, ISSUER, OpenIdProvider, type Lies } from '../../rig/open-id-provider.ts'
import { heading, visible, visit, type Answer } from '../../rig/pages.ts'
import { newTenant, NO_LIMITS, operate, type Tenant } from '../../rig/service.ts'
import { whatHappened } from '../../rig/user-events.ts'
import {
  deskEvents,
  digitsOf,
  pathOf,
  storedVerifications,
  verified,
  verify,
  type Shown,
} from '../../rig/verifying.ts'

const JANE = { sub: 'jane-1', email: 'jane@example.com', email_verified: true }
const JOHN = { sub: 'john-1', email: 'john@example.com', email_verified: true }

const cookieOf = ({ headers }: Pick<Answer, 'headers'>) =>
  headers.getSetCookie().find((each) => each.startsWith('__Host-rescind-verify=')) ?? ''

/** A tenant whose callers sign in, and a verification of Jane that has begun. */
async function begun({ verification = {}, policy = {} }: { verification?: object; policy?: object } = {}) {
  const tenant = await newTenant({
    policy: {
      ...NO_LIMITS,
      console: CONSOLE_POLICY,
      desk: { verification: { by: 'sign-in', ...verification } },
      ...policy,
    },
  })
  const userId = await tenant.addUser('jane@example.com', { externalId: 'jane-1', userName: 'JaneDoe' })
  const started = await verified(tenant, userId, 'start')
  return { tenant, userId, started, path: pathOf(started) }
}

type Options = {
  lies?: Lies
  cookie?: string
  person?: typeof JANE
  answer?: (answer: URLSearchParams) => void
}

/** A caller's way from the page to the provider and back. */
async function signIn(tenant: Tenant, path: string, options: Options = {}) {
  const { lies = {}, person = JANE, answer: change } = options
  const provider = new OpenIdProvider(lies)
  const sent = await visit(tenant, `${path}/sign-in`, { form: {} })
  const url = /^0; url=(.*)$/.exec(sent.headers.get('Refresh') ?? '')?.[1] ?? ''
  const answer = provider.signIn(url || 'https://id.example.com/', person)
  change?.(answer)
  const back = `/v/sign-in/done?${String(answer)}`
  const Cookie = options.cookie ?? cookieOf(sent).split(';', 1)[0] ?? ''
  return { sent, url, back, Cookie, provider, done: await visit(tenant, back, { headers: { Cookie } }) }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a caller who signs in', () => {
  it('S2: anew, as the user, is shown the digits, which verify them', async () => {
    const { tenant, userId, path } = await begun()
    const first = await visit(tenant, path)
    expect(visible(first)).toContain('Sign in with your account at A tenant to show that it is you.')
    expect(first.html).not.toMatch(/jane|test/i)
    expect((await visit(tenant, `${path}/send`, { form: {} })).messages).toEqual([])
    const { sent, url, done } = await signIn(tenant, path)
    const asked = Object.fromEntries(new URL(url).searchParams)
    expect(asked).toMatchObject({
      redirect_uri: `https://${tenant.host}/v/sign-in/done`,
      prompt: 'login',
      max_age: '0',
      response_type: 'code',
      code_challenge_method: 'S256',
    })
    expect(sent.html).toContain(`href="${ISSUER}/`)
    expect(cookieOf(sent)).toMatch(
      /^__Host-rescind-verify=\S+; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    expect(heading(done)).toBe('Read these digits to the help desk')
    expect(cookieOf(done)).toContain('Max-Age=0')
    const verifyCode = digitsOf(done)
    expect(await verified(tenant, userId, 'code', { verifyCode })).toMatchObject({ verifyStatus: 'VERIFIED' })
    expect(await whatHappened(tenant)).toEqual(expect.arrayContaining(['proved:sign-in', 'verified']))
    expect(await deskEvents(tenant)).toEqual([
      ['verify.start', 'done'],
      ['verify.code', 'done'],
    ])
  })

  it('needs no second address, but a person whom the provider names so', async () => {
    const { tenant, path } = await begun({ verification: { claim: 'sub', is: 'externalId' } })
    const other = await signIn(tenant, path, { person: { ...JOHN, email: JANE.email } })
    expect(digitsOf(other.done)).toBe('')
    expect(digitsOf((await signIn(tenant, path)).done)).toMatch(/^\d{6}$/)
    const named = await begun({ verification: { claim: 'preferred_username', is: 'userName' } })
    const jane = { ...JOHN, preferred_username: 'janedoe' }
    expect(digitsOf((await signIn(named.tenant, named.path, { person: jane })).done)).toMatch(/^\d{6}$/)
    for (const preferred_username of ['JaneDo\u00eb', 'JaneDoe ', '', 'J\u212aaneDoe']) {
      const person = { ...JANE, preferred_username }
      expect(digitsOf((await signIn(named.tenant, named.path, { person })).done)).toBe('')
    }
  })

  const REFUSED: [string, Options][] = [
    ['as somebody else', { person: JOHN }],
    ['with an address that nobody has verified', { person: { ...JANE, email_verified: false } }],
    ['with an address of which nothing is said', { lies: { idToken: { email_verified: undefined } } }],
    ['with several addresses', { lies: { idToken: { email: [JANE.email] } } }],
    ['without an address', { lies: { idToken: { email: undefined } } }],
    ['with a look-alike', { lies: { idToken: { email: 'j\u0430ne@example.com' } } }],
    ['long ago', { lies: { idToken: { auth_time: Math.floor(Date.now() / 1000) - 3600 } } }],
    ['at a time that is not said', { lies: { idToken: { auth_time: undefined } } }],
    ['with the nonce of another', { lies: { idToken: { nonce: 'another' } } }],
    ['for another client', { lies: { idToken: { aud: 'another' } } }],
    ['at another issuer', { lies: { idToken: { iss: 'https://evil.example.com' } } }],
    ['with a token of a stranger', { lies: { isSignedByStranger: true } }],
    ['with a state of another', { answer: (answer) => answer.set('state', 'another') }],
    ['with no code', { answer: (answer) => answer.delete('code') }],
    ['and is denied', { answer: (answer) => (answer.delete('code'), answer.set('error', 'access_denied')) }],
  ]

  it('is shown no digits but as the user and anew, and never told why', async () => {
    const texts = new Set<string>()
    for (const [how, options] of REFUSED) {
      const { tenant, path, userId } = await begun()
      const { done } = await signIn(tenant, path, options)
      expect([how, done.status, digitsOf(done)]).toEqual([how, 422, ''])
      texts.add(done.html.replaceAll(/\/v\/[\w-]+/g, '/v/'))
      expect(await verified(tenant, userId, 'status')).toMatchObject({ verifyStatus: 'PENDING' })
    }
    expect(texts.size).toBe(1)
    expect([...texts][0]).toContain('This sign-in does not show that it is you.')
  })

  it.each([
    [{ acrValues: 'phr phrh' }, { acr: 'phr' }, true],
    [{ acrValues: 'phr phrh' }, { acr: 'pwd' }, false],
    [{ acrValues: 'phr phrh' }, {}, false],
    [{}, {}, true],
  ])('as strongly as the policy asks: %j %j', async (verification, claims, isShown) => {
    const { tenant, path } = await begun({ verification })
    const { url, done } = await signIn(tenant, path, { lies: { idToken: claims } })
    expect(new URL(url).searchParams.get('acr_values')).toBe(Object.values(verification)[0] ?? null)
    expect(digitsOf(done) !== '').toBe(isShown)
  })

  it('in another browser shows a stranger nothing, nor twice in the same', async () => {
    const { tenant, path } = await begun()
    const { done: foreign, back, sent } = await signIn(tenant, path, { cookie: '' })
    expect([foreign.status, digitsOf(foreign)]).toEqual([404, ''])
    const Cookie = cookieOf(sent).split(';', 1)[0] ?? ''
    expect(digitsOf(await visit(tenant, back, { headers: { Cookie } }))).toMatch(/^\d{6}$/)
    expect(digitsOf(await visit(tenant, back, { headers: { Cookie } }))).toBe('')
    const forged = `${Cookie.slice(0, -3)}abc`
    expect((await visit(tenant, back, { headers: { Cookie: forged } })).status).toBe(404)
    // Nor for the verification of another tenant, although the provider is the same.
    const other = await begun()
    expect((await visit(other.tenant, back, { headers: { Cookie } })).status).toBe(404)
  })

  it('as somebody else counts: five times end the verification', async () => {
    const { tenant, path, userId } = await begun()
    const statuses = []
    for (const _ of [1, 2, 3, 4, 5]) statuses.push((await signIn(tenant, path, { person: JOHN })).done.status)
    expect(statuses).toEqual([422, 422, 422, 422, 404])
    expect(await verified(tenant, userId, 'status')).toMatchObject({
      verifyStatus: 'FAILED',
      status: 'ENDED',
    })
    expect((await whatHappened(tenant)).filter((what) => what === 'proof-refused:sign-in')).toHaveLength(5)
  })

  it('is told to try again where the provider is out of reach, and nothing is counted', async () => {
    const { tenant, path } = await begun({
      policy: { console: { ...CONSOLE_POLICY, issuer: 'https://gone.example.com' } },
    })
    const { calls } = new OpenIdProvider()
    const sent = await visit(tenant, `${path}/sign-in`, { form: {} })
    expect([sent.status, sent.headers.get('Refresh'), cookieOf(sent)]).toEqual([422, null, ''])
    expect(calls).toEqual(['GET https://gone.example.com/.well-known/openid-configuration'])
    expect(await storedVerifications(tenant)).toMatchObject([{ proof_failures: 0, status: 'pending' }])
  })

  it('finds the page over when the policy has changed, or the verification has ended meanwhile', async () => {
    const { tenant, path, userId } = await begun()
    await verified(tenant, userId, 'cancel')
    expect((await signIn(tenant, path)).sent.status).toBe(404)
    const by = { by: 'mail' }
    const policy = {
      ...NO_LIMITS,
      mail: { from: 'r@example.com' },
      console: CONSOLE_POLICY,
      desk: { verification: by },
    }
    const again = await begun()
    await operate('PUT', `/tenants/${again.tenant.id}`, {
      name: 'A tenant',
      hosts: [again.tenant.host],
      policy,
    })
    expect((await visit(again.tenant, `${again.path}/sign-in`, { form: {} })).status).toBe(422)
  })
})

it('a tenant without an OpenID provider cannot verify so', async () => {
  const { id, host } = await newTenant()
  for (const [console, verification, status] of [
    [undefined, { by: 'sign-in' }, 400],
    [CONSOLE_POLICY, { by: 'sign-in' }, 200],
    [CONSOLE_POLICY, { by: 'sign-in', is: 'phone' }, 400],
    [CONSOLE_POLICY, { by: 'mail', claim: 'sub' }, 400],
  ] as const) {
    const policy = { mail: { from: 'r@example.com' }, console, desk: { verification } }
    const response = await operate('PUT', `/tenants/${id}`, { name: 'A tenant', hosts: [host], policy })
    expect(response.status).toBe(status)
  }
})

it('the digits of a code and of a sign-in are of one user alike', async () => {
  const { tenant, path, userId } = await begun()
  const other = await tenant.addUser('john@example.com')
  const digits = digitsOf((await signIn(tenant, path)).done)
  await verified(tenant, other, 'start')
  const answer = await (await verify(tenant, other, 'code', { verifyCode: digits })).json<Shown>()
  expect(answer.verifyStatus).toBe('PENDING')
  expect(await verified(tenant, userId, 'code', { verifyCode: digits })).toMatchObject({
    verifyStatus: 'VERIFIED',
  })
})
