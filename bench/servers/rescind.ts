import { generateKeyPairSync } from 'node:crypto'
import { bearerToken } from '../../scripts/keys/bearer-token.ts'
import type { TenantKeyFile } from '../../scripts/keys/key-file.ts'
import { NEW_SECRETS, newOperatorKey, publicJwkOf } from '../../scripts/local/local-secrets.ts'
import { startServer, type Server, type ServerOptions, type WorkerConfig } from './server.ts'

/** Keys and secrets of every Rescind of this run, forgotten after it. */

const BASE_URL = 'http://127.0.0.1'
const operatorKey = newOperatorKey(BASE_URL, 'Operator of a benchmark')

export const secrets: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(NEW_SECRETS).map(([name, newSecret]) => [name, newSecret()])),
  OPERATOR_PUBLIC_JWK: publicJwkOf(operatorKey),
}

export const TENANT_ID = 'bench'

/** Limits so high that nothing is refused; the limiter still runs. */
export const NO_LIMITS = {
  admin: { perMinute: 1_000_000, burst: 100_000 },
  validate: { perMinute: 1_000_000, burst: 100_000 },
  send: { perMinute: 1_000_000, burst: 100_000 },
  recipient: { perMinute: 1_000_000, burst: 100_000 },
}

export const POLICY = {
  limits: NO_LIMITS,
  code: { attemptsMax: 10 },
  redeem: { kind: 'grant', audience: 'https://bench.example' },
  notify: { redeemed: false, voided: false, locked: false },
}

/** The bindings of wrangler.toml, as miniflare has them. */
export function bindings(name: string): NonNullable<WorkerConfig['env']> {
  const texts = Object.entries({ ...secrets, BASE_URL })
  return {
    DB: { type: 'd1', id: name },
    TENANT_LIMITER: { type: 'durable-object', worker: name, exportName: 'TenantLimiter' },
    DELIVERIES: { type: 'queue', name: 'rescind-deliveries' },
    FLOOD_SHIELD: { type: 'rate-limit', namespace: '1001', simple: { limit: 1000, period: 10 } },
    EMAIL: { type: 'send-email' },
    ...Object.fromEntries(texts.map(([key, value]) => [key, { type: 'text' as const, value }])),
  }
}

/**
 * Starts a Rescind. Its queue has no consumer unless `config` gives it one, so that what is measured
 * is the request alone.
 */
export function startRescind(
  options: Pick<ServerOptions, 'name' | 'bundle'> & Partial<ServerOptions>,
): Promise<Server> {
  const { name, config = {} } = options
  return startServer({
    ...options,
    config: {
      ...config,
      exports: { TenantLimiter: { type: 'durable-object', storage: 'sqlite' } },
      env: { ...bindings(name), ...config.env },
    },
  })
}

/** Makes the tenant and a key of it by the operator API, and gives a token of that key, good for an hour. */
export async function makeTenant({ url }: Server, policy: object = POLICY): Promise<{ token: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await operate(url, 'PUT', `/tenants/${TENANT_ID}`, { name: 'Bench', hosts: ['127.0.0.1'], policy })
  const added = await operate(url, 'POST', `/tenants/${TENANT_ID}/keys`, {
    publicKey: publicKey.export({ format: 'jwk' }),
    role: 'super-admin',
    description: 'bench',
  })
  const accessKey = String(privateKey.export({ type: 'pkcs1', format: 'pem' }))
  return { token: await bearerToken({ ...(added as TenantKeyFile), accessKey }) }
}

async function operate(url: string, method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/operator/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${await bearerToken(operatorKey)}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify(body),
  })
  if (response.ok) return response.json()
  throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
}
