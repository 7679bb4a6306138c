import { type JWK } from 'jose'
import * as v from 'valibot'
import { parseKeyring, type Keyring } from './crypto/keyring.ts'
import { isLoopbackHost } from './network-address.ts'
import { SettingError } from './setting-error.ts'

/** What the code needs, from what the runtime gives: checked once per isolate. */
export type Config = {
  /** Origin of this service, without a trailing slash. */
  baseUrl: string
  /** Verifies operator tokens: ES256 only. */
  operatorPublicJwk: JWK
  /** Keys of the code digests. The newest signs, all verify. */
  peppers: Keyring
  /** Keys of the tags inside access ids. The newest signs, all verify. */
  accessIdKeys: Keyring
  /** Keys of what lives for minutes: CSRF tokens, queued messages, the names of recipients' buckets. */
  transientKeys: Keyring
  /** Private ES256 keys of reset grants. The first signs, the public parts of all are published. */
  resetGrantKeys: readonly [SigningJwk, ...SigningJwk[]]
  /** Private ES256 keys of access tokens. The first signs, all verify. */
  accessTokenKeys: readonly [SigningJwk, ...SigningJwk[]]
  /** How long a request waits for its tenant's limiter before the fallback decides. */
  limiterDeadlineMs: number
  /** Whether this runs on a developer's machine: only then may a hook be plain HTTP to this machine. */
  isLocalRun: boolean
}

/** 32 bytes in base64url. */
const p256Member = v.pipe(v.string(), v.regex(/^[\w-]{43}$/))

const operatorJwkSchema = v.object({
  kty: v.literal('EC'),
  crv: v.literal('P-256'),
  x: p256Member,
  y: p256Member,
})

const signingJwkSchema = v.object({
  ...operatorJwkSchema.entries,
  d: p256Member,
  kid: v.pipe(v.string(), v.minLength(1)),
})

/** A private P-256 key with a name. */
export type SigningJwk = v.InferOutput<typeof signingJwkSchema>

/** The bindings that are text or numbers. */
export type Settings = Pick<
  Env,
  | 'BASE_URL'
  | 'OPERATOR_PUBLIC_JWK'
  | 'PEPPERS'
  | 'ACCESS_ID_KEYS'
  | 'TRANSIENT_KEYS'
  | 'RESET_GRANT_KEYS'
  | 'ACCESS_TOKEN_KEYS'
  | 'LIMITER_DEADLINE_MS'
>

const configOfEnv = new WeakMap<Settings, Config>()

/**
 * The checked configuration of this Worker.
 *
 * @throws {SettingError} naming the setting that is missing or malformed, never its value.
 */
export function config(env: Settings): Config {
  let known = configOfEnv.get(env)
  if (known === undefined) {
    const baseUrl = origin(env.BASE_URL)
    known = {
      baseUrl,
      operatorPublicJwk: operatorJwk(env.OPERATOR_PUBLIC_JWK),
      peppers: parseKeyring('PEPPERS', env.PEPPERS),
      accessIdKeys: parseKeyring('ACCESS_ID_KEYS', env.ACCESS_ID_KEYS),
      transientKeys: parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS),
      resetGrantKeys: signingKeys('RESET_GRANT_KEYS', env.RESET_GRANT_KEYS),
      accessTokenKeys: signingKeys('ACCESS_TOKEN_KEYS', env.ACCESS_TOKEN_KEYS),
      limiterDeadlineMs: milliseconds('LIMITER_DEADLINE_MS', env.LIMITER_DEADLINE_MS),
      isLocalRun: isLoopbackHost(new URL(baseUrl).hostname),
    }
    configOfEnv.set(env, known)
  }
  return known
}

/** The D1 binding of that name, `DB` or `DB_...`, or nothing where the Worker has no such binding. */
export function databaseBinding(env: Env, name: string): D1Database | undefined {
  const isDatabase = /^DB(?:_\w+)?$/.test(name) && Object.hasOwn(env, name)
  return isDatabase ? (env[name as keyof Env] as D1Database) : undefined
}

function origin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || url.pathname !== '/' || url.search !== '') {
    throw new SettingError('BASE_URL', 'must be an origin such as https://reset.example.com')
  }
  return url.origin
}

function milliseconds(setting: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new SettingError(setting, 'must be a whole number of milliseconds')
}

function signingKeys(setting: string, value: string): readonly [SigningJwk, ...SigningJwk[]] {
  try {
    const [first, ...rest] = v.parse(v.array(signingJwkSchema), JSON.parse(value))
    if (first !== undefined) return [first, ...rest]
  } catch {
    // Told below, without the value.
  }
  throw new SettingError(setting, 'must be a JSON list of private P-256 JWKs, each with a kid')
}

function operatorJwk(value: string): JWK {
  try {
    return { ...v.parse(operatorJwkSchema, JSON.parse(value)), alg: 'ES256' }
  } catch {
    throw new SettingError('OPERATOR_PUBLIC_JWK', 'must be the JWK of a public P-256 key')
  }
}
