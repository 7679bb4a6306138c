import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { JANE, playHook, withHook } from '../../rig/password-hook.ts'
import {
  AUTHENTICATE,
  bytesOf,
  codeForm,
  meter,
  passwordCall,
  REDEEM,
  VALIDATE,
} from '../../rig/presenting.ts'
import { call, type Call, type Tenant } from '../../rig/service.ts'
import { storedCodes } from '../../rig/stored-code.ts'

const SEND = '/api/passwordmanagement/sendPasswordResetCode'
const GRANT = { redeem: { kind: 'grant', audience: 'x' } }
const MINUTE_MS = 60_000

const cookieOf = ({ id }: Tenant) => `Csrf-Token_${id}`
const headerOf = ({ id }: Tenant) => `X-Csrf-Token_${id}`

/** Header and cookie of one token: both, as the policy `always` demands. */
const bothOf = (tenant: Tenant, token: string) => ({
  [headerOf(tenant)]: token,
  Cookie: `${cookieOf(tenant)}=${token}`,
})

const ask = (tenant: Tenant) =>
  call(`https://${tenant.host}/api/passwordmanagement/csrfToken`, { method: 'GET' })

/** A token as it is handed out. */
async function newToken(tenant: Tenant): Promise<string> {
  const response = await ask(tenant)
  expect(response.status).toBe(200)
  return (await response.json<{ csrfToken: string }>()).csrfToken
}

/** Every operation that a CSRF token protects, with a good code. */
const operations = (code: string): [path: string, sent: Call][] => [
  [SEND, codeForm(JANE, code)],
  [VALIDATE, codeForm(JANE, code)],
  [REDEEM, codeForm(JANE, code)],
  [AUTHENTICATE, passwordCall(JANE, code)],
]

const withHeaders = (sent: Call, headers: Record<string, string>): Call => ({
  ...sent,
  headers: { ...sent.headers, ...headers },
})

/** The status of a validate with these headers. */
async function statusWith(tenant: Tenant, code: string, headers: Record<string, string>): Promise<number> {
  return (await tenant.validate(JANE, code, headers)).status
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a token that is asked for', () => {
  it('J6: comes as a cookie that scripts can read, and in the body with the name of its header', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant } = await withHook()
    const response = await ask(tenant)
    expect(response.status).toBe(200)
    const body = await response.json<{ csrfToken: string }>()
    expect(body).toStrictEqual({
      headerName: headerOf(tenant),
      csrfToken: expect.stringMatching(/^TokenID%3D[\da-f-]{36}%2CexpirationTime%3D\d{13}$/),
    })
    expect(body.csrfToken.endsWith(String(Date.now() + 30 * MINUTE_MS))).toBe(true)
    const [pair, ...attributes] = (response.headers.get('Set-Cookie') ?? '').split('; ')
    expect(pair).toBe(`${cookieOf(tenant)}=${body.csrfToken}`)
    expect(attributes.toSorted()).toEqual(['Max-Age=1800', 'Path=/', 'SameSite=Lax', 'Secure'])
    expect(response.headers.get('Cache-Control')).toBe('no-store')
  })

  it('J6: is not handed out by a tenant that uses none', async () => {
    const { tenant } = await withHook({ csrf: 'off' })
    const response = await ask(tenant)
    expect(response.status).toBe(404)
    expect(response.headers.has('Set-Cookie')).toBe(false)
    expect(await response.json()).toMatchObject({ faultcode: 'Client' })
  })
})

describe('a token that is sent', () => {
  it('J6: is taken encoded and decoded, in a header of any case, with its cookie in any form', async () => {
    const { tenant, code } = await withHook({ csrf: 'always' })
    const token = await newToken(tenant)
    const header = headerOf(tenant)
    for (const name of [header, header.toLowerCase(), header.toUpperCase()]) {
      for (const value of [token, decodeURIComponent(token)]) {
        for (const cookie of [token, decodeURIComponent(token)]) {
          const Cookie = `a=b; ${cookieOf(tenant)}=${cookie}; c=d`
          expect(await statusWith(tenant, code, { [name]: value, Cookie })).toBe(200)
        }
      }
    }
  })

  it.each(['with-cookie', 'always'])(
    'J6: must be this tenant’s, unexpired, unchanged and its cookie’s: %s',
    async (csrf) => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const [{ tenant, code }, { tenant: other }] = [await withHook({ csrf }), await withHook()]
      const [token, second, theirs] = [await newToken(tenant), await newToken(tenant), await newToken(other)]
      const header = headerOf(tenant)
      const later = token.replace(/\d{13}$/, (expiresAt) => String(Number(expiresAt) + MINUTE_MS))
      const tampered = token.replace(/(?<=^TokenID%3D)./, (digit) => (digit === '0' ? '1' : '0'))
      const bad: Record<string, string>[] = [
        ...[theirs, later, tampered, 'garbage', '', `${token}, ${token}`].flatMap((value) => [
          { [header]: value },
          bothOf(tenant, value),
        ]),
        { [header]: token, Cookie: `${cookieOf(tenant)}=${second}` },
        { [header]: token, Cookie: `${cookieOf(tenant)}=` },
        { Cookie: `${cookieOf(tenant)}=${token}` },
        { [headerOf(other)]: token, Cookie: `${cookieOf(tenant)}=${token}` },
      ]
      for (const headers of bad) {
        expect([headers, await statusWith(tenant, code, headers)]).toEqual([headers, 401])
      }
      vi.setSystemTime(Date.now() + 30 * MINUTE_MS - 1)
      expect(await statusWith(tenant, await tenant.newCode(JANE), bothOf(tenant, token))).toBe(200)
      vi.setSystemTime(Date.now() + 1)
      expect(await statusWith(tenant, await tenant.newCode(JANE), bothOf(tenant, token))).toBe(401)
    },
  )

  it('J6: outlives a rotation of keys', async () => {
    const { tenant, code } = await withHook({ csrf: 'always' })
    const token = await newToken(tenant)
    const [listed = ''] = env.TRANSIENT_KEYS.split(',')
    const fresh = `fresh:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`
    const sent = withHeaders(codeForm(JANE, code), bothOf(tenant, token))
    const statusOf = async (TRANSIENT_KEYS: string) =>
      (await meter(tenant, VALIDATE, sent, { TRANSIENT_KEYS })).status
    expect(await statusOf(`${fresh},${listed}`)).toBe(200)
    expect(await statusOf(fresh)).toBe(401)
  })
})

describe('when a token is required', () => {
  it('J6: off: never, and one that is sent is not looked at', async () => {
    const { tenant, code } = await withHook({ csrf: 'off' })
    const Cookie = `AtmoAuthToken_${tenant.id}=x; ${cookieOf(tenant)}=y`
    for (const headers of [{}, { Cookie }, { [headerOf(tenant)]: 'garbage' }]) {
      expect(await statusWith(tenant, code, headers)).toBe(200)
    }
  })

  it('J6: with-cookie, the default: when a session or CSRF cookie of any tenant is sent', async () => {
    const { tenant, code } = await withHook()
    for (const headers of [{}, { Cookie: 'theme=dark; MyAtmoAuthToken_x=y; Csrf-Token=z' }]) {
      expect(await statusWith(tenant, code, headers)).toBe(200)
    }
    const token = await newToken(tenant)
    for (const Cookie of [
      `AtmoAuthToken_${tenant.id}=x`,
      'AtmoAuthToken_other=x',
      'a=b; Csrf-Token_other=x',
    ]) {
      expect(await statusWith(tenant, code, { Cookie })).toBe(401)
      expect(await statusWith(tenant, code, { Cookie, [headerOf(tenant)]: token })).toBe(200)
    }
  })

  it('J6: with-cookie: a token in the header alone is enough, since no cookie came with it', async () => {
    const { tenant, code } = await withHook()
    expect(await statusWith(tenant, code, { [headerOf(tenant)]: await newToken(tenant) })).toBe(200)
  })

  it('J6: always: of every request, in the header and in the cookie', async () => {
    const { tenant, code } = await withHook({ csrf: 'always' })
    const token = await newToken(tenant)
    const { Cookie, ...header } = bothOf(tenant, token)
    const ofOther = { Cookie: `Csrf-Token_other=${token}` }
    for (const headers of [{}, header, { Cookie }, { ...header, ...ofOther }] as Record<string, string>[]) {
      expect(await statusWith(tenant, code, headers)).toBe(401)
    }
    expect(await statusWith(tenant, code, { ...header, Cookie })).toBe(200)
  })

  it('J6: every operation needs it, and a refusal spends no quota, attempt, mail or database trip', async () => {
    for (const policy of [GRANT, {}]) {
      const { tenant, code } = await withHook({ csrf: 'always', ...policy })
      const calls = playHook(() => new Response(null, { status: 204 }))
      const token = await newToken(tenant)
      const before = await storedCodes(tenant.id)
      for (const [path, sent] of operations(code)) {
        const { Cookie, ...header } = bothOf(tenant, token)
        for (const headers of [{}, header, { Cookie }, bothOf(tenant, 'garbage')]) {
          const refused = await meter(tenant, path, withHeaders(sent, headers))
          expect(refused).toMatchObject({ status: 401, trips: 0, objects: 0, queued: 0 })
          expect(JSON.parse(refused.body)).toStrictEqual({
            faultcode: 'Client',
            faultstring: 'The CSRF token is missing, invalid or expired.',
          })
        }
      }
      expect(await storedCodes(tenant.id)).toEqual(before)
      expect(calls).toEqual([])
      const statuses: number[] = []
      for (const [path, sent] of operations(code)) {
        statuses.push((await meter(tenant, path, withHeaders(sent, bothOf(tenant, token)))).status)
      }
      expect(statuses).toEqual(policy === GRANT ? [200, 200, 200, 501] : [200, 200, 501, 200])
    }
  })

  it('N1: the refusal is the same for every address and code', async () => {
    const { tenant, code } = await withHook({ csrf: 'always' })
    const answers = new Set<string>()
    for (const [email, presented] of [
      [JANE, code],
      [JANE, 'x'],
      ['nobody@example.com', code],
    ] as const) {
      answers.add(await bytesOf(await call(`https://${tenant.host}${VALIDATE}`, codeForm(email, presented))))
    }
    expect(answers.size).toBe(1)
  })
})
