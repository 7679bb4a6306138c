import { createHash } from 'node:crypto'
import { exportJWK, SignJWT, type JWTPayload } from 'jose'
import { vi } from 'vitest'

/** A tenant's OpenID provider, played in place of `fetch`: strict in what it takes, and it can be told to lie. */

export const ISSUER = 'https://id.example.com'
export const CLIENT_ID = 'rescind-console'
export const CLIENT_SECRET = 'a client secret: 100% +/ of it'

export const CONSOLE_POLICY = {
  issuer: ISSUER,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  roleClaim: 'groups',
  roles: { 'desk-group': 'help-desk', 'admin-group': 'super-admin' },
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}
const newPair = async () => (await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])) as CryptoKeyPair
const [pair, strangers] = await Promise.all([newPair(), newPair()])

export type Person = {
  sub: string
  name?: string
  email?: string
  groups?: unknown
  [claim: string]: unknown
}

export const HELEN: Person = {
  sub: 'helen',
  name: 'Helen Desk',
  email: 'helen@example.com',
  groups: ['everybody', 'desk-group'],
}
export const SAM: Person = {
  sub: 'sam',
  name: 'Sam Admin',
  email: 'sam@example.com',
  groups: ['admin-group', 'desk-group'],
}

type Grant = { person: Person; nonce: string; challenge: string; redirectUri: string }

/** How an answer is to differ from a good one. */
export type Lies = {
  /** Claims of the ID token, added or changed; `undefined` takes one away. */
  idToken?: Record<string, unknown>
  header?: Record<string, unknown>
  isSignedByStranger?: boolean
  /** Members of the metadata. */
  metadata?: Record<string, unknown>
  /** What user info says, where it is to say anything. */
  userInfo?: Record<string, unknown>
  /** Answers a call, before the provider does. */
  answer?: (url: URL, request: Request) => Response | Promise<Response> | undefined
}

export class OpenIdProvider {
  readonly calls: string[] = []
  readonly #grants = new Map<string, Grant>()
  readonly #lies: Lies

  /** Answers every `fetch` to its issuer from now on. */
  constructor(lies: Lies = {}) {
    this.#lies = lies
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const request = new Request(input, init)
      const url = new URL(request.url)
      this.calls.push(`${request.method} ${url.origin}${url.pathname}`)
      return (await lies.answer?.(url, request)) ?? this.#answer(url, request)
    })
  }

  /** What a browser comes back with, once its person has signed in behind this URL. */
  signIn(authorizeUrl: string, person: Person): URLSearchParams {
    const asked = new URL(authorizeUrl).searchParams
    const code = crypto.randomUUID()
    this.#grants.set(code, {
      person,
      nonce: asked.get('nonce') ?? '',
      challenge: asked.get('code_challenge') ?? '',
      redirectUri: asked.get('redirect_uri') ?? '',
    })
    return new URLSearchParams({ code, state: asked.get('state') ?? '', iss: ISSUER })
  }

  /** A token that the provider has signed. */
  sign(claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
    return signer(this.#lies)(claims, header)
  }

  async #answer({ origin, pathname }: URL, request: Request): Promise<Response> {
    if (origin !== ISSUER) return new Response(null, { status: 404 })
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return Response.json({ ...METADATA, ...this.#lies.metadata })
      case '/jwks':
        return Response.json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] }) // oxfmt-ignore
      case '/token':
        return this.#tokens(request)
      case '/userinfo':
        return Response.json(this.#lies.userInfo ?? {})
      default:
        return new Response(null, { status: 404 })
    }
  }

  async #tokens(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text())
    const grant = this.#grants.get(form.get('code') ?? '')
    // A code is good once.
    this.#grants.delete(form.get('code') ?? '')
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const [, basic = ''] = /^Basic (.+)$/.exec(request.headers.get('Authorization') ?? '') ?? []
    const [id = '', secret = ''] = atob(basic).split(':').map(formDecoded)
    const isGood =
      request.method === 'POST' &&
      id === CLIENT_ID &&
      secret === CLIENT_SECRET &&
      form.get('grant_type') === 'authorization_code' &&
      form.get('redirect_uri') === grant?.redirectUri &&
      verifier === grant.challenge
    if (!isGood) return Response.json({ error: 'invalid_grant' }, { status: 400 })
    const nowS = Math.floor(Date.now() / 1000)
    const claims = {
      iss: ISSUER,
      aud: CLIENT_ID,
      iat: nowS,
      exp: nowS + 300,
      auth_time: nowS - 5,
      nonce: grant.nonce,
      sid: `session-of-${grant.person.sub}`,
      ...grant.person,
      ...this.#lies.idToken,
    }
    const idToken = await this.sign(claims, this.#lies.header)
    return Response.json({ access_token: 'an-access-token', token_type: 'Bearer', id_token: idToken })
  }
}

/** Signs as the provider does, or as a stranger. */
export function signer({ isSignedByStranger = false }: Pick<Lies, 'isSignedByStranger'> = {}) {
  const key = isSignedByStranger ? strangers.privateKey : pair.privateKey
  return (claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(key)
}

const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  userinfo_endpoint: `${ISSUER}/userinfo`,
  jwks_uri: `${ISSUER}/jwks`,
  end_session_endpoint: `${ISSUER}/logout`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid', 'profile', 'email', 'groups'],
  authorization_response_iss_parameter_supported: true,
  backchannel_logout_supported: true,
}

/** RFC 6749 §2.3.1: the id and the secret are encoded as in a form before they are joined. */
function formDecoded(text: string): string {
  return new URLSearchParams(`x=${text}`).get('x') ?? ''
}
