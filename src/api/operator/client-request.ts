import * as v from 'valibot'
import { importJWK, type JWK } from 'jose'
import { HTTPException } from 'hono/http-exception'
import { SCOPES, type Scope } from '../../tenants/scope.ts'
import { parseRequest } from './request.ts'

const KEYS_MAX = 10
const SCOPE_NAMES = Object.keys(SCOPES) as [Scope, ...Scope[]]
const MODULUS_BITS = { min: 2048, max: 4096 }

/** Members that only a private or a symmetric key has (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const base64url = v.pipe(v.string('must be base64url'), v.regex(/^[\w-]{1,1024}$/, 'must be base64url'))
const kid = v.pipe(
  v.string('is needed, as a string: it tells which key signed'),
  v.nonEmpty(),
  v.maxLength(255),
)

const publicJwkSchema = v.pipe(
  v.custom<Record<string, unknown>>(
    (jwk) =>
      typeof jwk === 'object' && jwk !== null && PRIVATE_MEMBERS.every((name) => !Object.hasOwn(jwk, name)),
    'must be a public JWK without private members: a private key that has travelled must be made anew',
  ),
  v.check(isForSignatures, 'must be for signatures: use "sig" and alg RS256, ES256 or EdDSA, or neither'),
  v.variant(
    'kty',
    [
      v.object({ kty: v.literal('RSA'), n: base64url, e: v.literal('AQAB'), kid }),
      v.object({
        kty: v.literal('EC'),
        crv: v.literal('P-256', 'must be P-256'),
        x: base64url,
        y: base64url,
        kid,
      }),
      v.object({ kty: v.literal('OKP'), crv: v.literal('Ed25519', 'must be Ed25519'), x: base64url, kid }),
    ],
    'must be an RSA key, an EC key (P-256) or an OKP key (Ed25519)',
  ),
)

const clientSchema = v.strictObject(
  {
    jwks: v.strictObject(
      {
        keys: v.pipe(
          v.array(publicJwkSchema, 'must be a list of JWKs'),
          v.minLength(1, 'must hold a key'),
          v.maxLength(KEYS_MAX, `must hold at most ${KEYS_MAX} keys`),
          v.check((keys) => new Set(keys.map((key) => key.kid)).size === keys.length, 'must differ in kid'),
        ),
      },
      'must be {"keys": [...]}',
    ),
    scopes: v.pipe(
      v.array(
        v.picklist(SCOPE_NAMES, `must be one of: ${SCOPE_NAMES.join(', ')}`),
        'must be a list of scopes',
      ),
      v.minLength(1, 'must hold a scope'),
      v.transform((scopes) => [...new Set(scopes)]),
    ),
    description: v.optional(
      v.pipe(v.string('must be a string'), v.regex(/^[^\p{Cc}]{0,255}$/u, 'must be 255 characters at most')),
      '',
    ),
  },
  'must be an object with jwks, scopes and description',
)

/** JWS algorithm of each kind of key; a key is used for no other. */
const ALGORITHMS = { RSA: 'RS256', EC: 'ES256', OKP: 'EdDSA' } as const

/** Whether a key says of itself nothing else than what it is to be used for here (RFC 7517 §4.2 to §4.4). */
function isForSignatures({
  kty,
  use = 'sig',
  alg,
  key_ops: operations = ['verify'],
}: Record<string, unknown>) {
  const ownAlg = Object.entries(ALGORITHMS).find(([type]) => type === kty)?.[1]
  return use === 'sig' && (alg ?? ownAlg) === ownAlg && [operations].flat().includes('verify')
}

/**
 * A client as the operator sends it.
 *
 * @throws {HTTPException} 400 naming every member that is wrong, or a key that is none.
 */
export async function readClient(body: unknown) {
  const { jwks, scopes, description } = parseRequest(clientSchema, body)
  const keys = jwks.keys.map((key) => ({ ...key, alg: ALGORITHMS[key.kty], use: 'sig' }))
  for (const key of keys) await requireGoodKey(key)
  return { jwks: { keys }, scopes, description }
}

/** RFC 7518 §3.3 asks for 2048 bits; over 4096 a verification costs more than it protects. */
async function requireGoodKey(jwk: JWK): Promise<void> {
  const key = await importJWK(jwk).catch(() => undefined)
  const { modulusLength } = (key instanceof CryptoKey ? key.algorithm : {}) as { modulusLength?: number }
  const isGood =
    key !== undefined &&
    (modulusLength === undefined || (modulusLength >= MODULUS_BITS.min && modulusLength <= MODULUS_BITS.max))
  if (isGood) return
  throw new HTTPException(400, {
    message: `jwks.keys holds a key that is no point of its curve, or whose modulus is not of ${MODULUS_BITS.min} to ${MODULUS_BITS.max} bits.`,
  })
}
