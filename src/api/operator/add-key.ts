import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { importJWK } from 'jose'
import * as v from 'valibot'
import { newAccessId } from '../../auth/access-id.ts'
import { config } from '../../config.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { insertKey, LIVE_KEYS_MAX } from '../../tenants/api-key-store.ts'
import { PERMISSIONS, type Role } from '../../tenants/role.ts'
import { keyRecord } from './key-record.ts'
import { parseRequest } from './request.ts'
import { requireTenant } from './tenant-record.ts'

const ROLES = Object.keys(PERMISSIONS) as [Role, ...Role[]]

/** RFC 7518 §3.3 asks for 2048 bits; over 4096 a verification costs more than it protects. */
const MODULUS_BITS_MIN = 2048
const MODULUS_BITS_MAX = 4096

const base64url = v.pipe(v.string('must be base64url'), v.regex(/^[\w-]{1,1024}$/, 'must be base64url'))

/** A public RSA key (RFC 7517). The private members are named so that they are refused by name. */
const publicKeySchema = v.pipe(
  v.looseObject(
    {
      kty: v.literal('RSA', 'must be RSA'),
      n: base64url,
      e: v.literal('AQAB', 'must be AQAB (65537)'),
      alg: v.optional(v.literal('RS256', 'must be RS256')),
      use: v.optional(v.literal('sig', 'must be sig')),
      kid: v.optional(
        v.pipe(v.string('must be a string'), v.maxLength(255, 'must be 255 characters at most')),
      ),
    },
    'must be the JWK of a public RSA key',
  ),
  v.check(
    (jwk) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].every((name) => !Object.hasOwn(jwk, name)),
    'holds private members: send the public part only, and make a new key since this one has travelled',
  ),
  v.transform(({ kty, n, e, kid }) => ({ kty, n, e, ...(kid !== undefined && { kid }) })),
)

export const keySchema = v.strictObject(
  {
    publicKey: publicKeySchema,
    role: v.picklist(ROLES, `must be one of: ${ROLES.join(', ')}`),
    description: v.optional(
      v.pipe(v.string('must be a string'), v.regex(/^[^\p{Cc}]{0,255}$/u, 'must be 255 characters at most')),
      '',
    ),
  },
  'must be an object with publicKey, role and description',
)

/** `POST /operator/v1/tenants/{id}/keys`: adds a key, and answers its key file but for the private key. */
export async function addKey(c: Context<OperatorEnv>): Promise<Response> {
  const { publicKey, role, description } = parseRequest(keySchema, await readJson(c))
  await requireModulus(publicKey)
  const tenant = await requireTenant(c)
  const accessId = newAccessId(config(c.env).accessIdKeys)
  const key = { accessId, publicJwk: publicKey, role, description, createdAt: c.get('now') }
  if (!(await insertKey(c.env.DB, tenant.id, key))) {
    throw new HTTPException(409, {
      message: `The tenant has ${LIVE_KEYS_MAX} live keys, which is the most. Revoke one first.`,
    })
  }
  return c.json(keyRecord(c, tenant, key), 201)
}

async function requireModulus(publicKey: { kty: 'RSA'; n: string; e: string }): Promise<void> {
  const key = await importJWK(publicKey, 'RS256').catch(() => undefined)
  const bits =
    key instanceof CryptoKey
      ? (key.algorithm as CryptoKeyKeyAlgorithm & { modulusLength: number }).modulusLength
      : 0
  if (bits < MODULUS_BITS_MIN || bits > MODULUS_BITS_MAX) {
    throw new HTTPException(400, {
      message: `publicKey must have a modulus of ${MODULUS_BITS_MIN} to ${MODULUS_BITS_MAX} bits.`,
    })
  }
}
