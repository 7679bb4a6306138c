import { importJWK, SignJWT, type JWK } from 'jose'
import { isRecord, isText, must, serviceUrl, text } from './check.ts'
import { parse, RescindError, strangeAnswer } from './errors.ts'
import { importRsaKey } from './rsa-key.ts'
import { attempt, type Transport } from './transport.ts'

/** A key file, as `npm run key` writes it: the vendor's format. */
export type ApiKeyFile = {
  accessID: string
  /** RSA private key in PEM, PKCS#1 or PKCS#8. */
  accessKey: string
  /** Base URL of the admin API, and audience of its tokens. */
  adminRestApiUrl: string
}

/** The file of an OAuth client, as `npm run client` writes it. Its tokens have all that the client may have. */
export type OAuthClientFile = {
  clientId: string
  tokenEndpoint: string
  /** RSA, EC P-256 or Ed25519, with its `kid` and its `alg`. */
  privateKey: JWK & { kid: string; alg: string }
}

/** The service takes an hour at most. A short life is a small loss, and a clock that is slow is still believed. */
const API_TOKEN_LIFE_S = 15 * 60
const ASSERTION_LIFE_S = 5 * 60
/** Of a token that says for whom a backend calls: 5 minutes at most. */
const CLIENT_TOKEN_LIFE_S = 2 * 60
/** How long before its end a token is used no more. */
const MARGIN_MS = 60_000

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

type Sign = (
  claims: Record<string, string>,
  lifeS: number,
  header?: { alg?: string; typ?: string; kid?: string },
) => Promise<string>

export type KeyRing = {
  /** @param refused a token that was not taken, after which another one is made. */
  bearer: (signal: AbortSignal | undefined, refused?: string) => Promise<string>
  /**
   * Says for whom a tenant's own backend calls (the header `X-Rescind-Client`).
   *
   * @throws {TypeError} when the key is none of the tenant's API keys.
   */
  clientToken: (origin: string, clientIp: string) => Promise<string>
}

/**
 * Where the tokens of a key come from. Only what is ready is kept: on Workers, no request may await another's.
 *
 * @throws {TypeError} for what is no key file.
 */
export function newKeyRing(file: ApiKeyFile | OAuthClientFile, transport: Transport): KeyRing {
  checkKeyFile(file)
  let key: Awaited<ReturnType<typeof importJWK>> | undefined
  let token = ''
  let endsAtMs = 0
  const sign: Sign = async (claims, lifeS, { alg = 'RS256', ...header } = {}) => {
    key ??= await importKey(file, alg)
    const nowS = Math.floor(Date.now() / 1000)
    return new SignJWT({ ...claims, iat: nowS, exp: nowS + lifeS })
      .setProtectedHeader({ typ: 'JWT', ...header, alg })
      .sign(key)
  }
  return {
    async bearer(signal, refused) {
      const nowMs = Date.now()
      if (token !== refused && endsAtMs - MARGIN_MS > nowMs) return token
      let lifeS = API_TOKEN_LIFE_S
      if ('clientId' in file) [token, lifeS] = await accessToken(transport, file, sign, signal)
      else token = await sign({ sub: file.accessID, aud: file.adminRestApiUrl }, lifeS)
      endsAtMs = nowMs + lifeS * 1000
      return token
    },
    clientToken(origin, clientIp) {
      must('accessID' in file, 'key', 'an API key for clientIp')
      const claims = { sub: file.accessID, aud: `${origin}/api`, client_ip: clientIp }
      return sign(claims, CLIENT_TOKEN_LIFE_S, { typ: 'rescind-client+jwt' })
    },
  }
}

/** RFC 7523 §2.2: each request proves the client by an assertion of its own. */
async function accessToken(
  transport: Transport,
  { clientId, tokenEndpoint, privateKey }: OAuthClientFile,
  sign: Sign,
  signal: AbortSignal | undefined,
): Promise<[token: string, lifeS: number]> {
  const { alg, kid } = privateKey
  const claims = { iss: clientId, sub: clientId, aud: tokenEndpoint, jti: crypto.randomUUID() }
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await sign(claims, ASSERTION_LIFE_S, { alg, kid }),
  }
  const call = { url: tokenEndpoint, body: new URLSearchParams(form), signal }
  const answer = await attempt(transport, call).catch((error: unknown) => {
    // Whatever becomes of the token, the call that needs it was not made.
    if (error instanceof RescindError) error.effect = 'none'
    throw error
  })
  const { access_token: token, expires_in: lifeS } = parse(answer.text)
  if (!isText(token)) throw strangeAnswer(answer.requestId)
  return [token, Number(lifeS) || ASSERTION_LIFE_S]
}

/** @throws {TypeError} without the reason, which may quote the key. */
async function importKey(file: ApiKeyFile | OAuthClientFile, alg: string) {
  const imported = 'accessKey' in file ? importRsaKey(file.accessKey) : importJWK({ ...file.privateKey }, alg)
  const key = await imported.catch(() => undefined)
  must(key !== undefined, 'key', 'a private key')
  return key
}

function checkKeyFile(file: unknown): void {
  const isClient = isRecord(file) && 'clientId' in file
  const names = isClient ? ['clientId', 'tokenEndpoint'] : ['accessID', 'accessKey', 'adminRestApiUrl']
  checkTexts('key', file, names)
  if (!isClient) return
  serviceUrl('key.tokenEndpoint', file['tokenEndpoint'])
  checkTexts('key.privateKey', file['privateKey'], ['d', 'kid', 'alg'])
}

function checkTexts(name: string, value: unknown, members: readonly string[]): void {
  for (const member of members) text(`${name}.${member}`, isRecord(value) ? value[member] : undefined)
}
