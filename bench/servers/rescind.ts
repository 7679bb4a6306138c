import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_readConfig as readConfig, type Unstable_Config } from 'wrangler'
import { bearerToken } from '../../scripts/keys/bearer-token.ts'
import type { TenantKeyFile } from '../../scripts/keys/key-file.ts'
import { ROOT } from '../../scripts/local/home.ts'
import { NEW_SECRETS, newOperatorKey, publicJwkOf } from '../../scripts/local/local-secrets.ts'
import {
  COMPATIBILITY_DATE,
  startServer,
  type Server,
  type ServerOptions,
  type WorkerConfig,
} from './server.ts'

type Binding = NonNullable<WorkerConfig['env']>[string]

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
  void: { perMinute: 1_000_000, burst: 100_000 },
  issue: { perHour: 1_000_000, perDay: 1_000_000 },
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

/** All Workers in one, with the numbers of production. */
function localConfig(): Unstable_Config {
  return readConfig({ config: join(ROOT, 'wrangler.toml') }, { hideWarnings: true })
}

/** The consumers of wrangler.toml, for a Rescind whose queues are consumed. */
export function consumers(): NonNullable<WorkerConfig['triggers']> {
  return (localConfig().queues.consumers ?? []).map((consumer) => ({
    type: 'queue',
    name: consumer.queue,
    maxBatchSize: consumer.max_batch_size ?? 10,
    maxBatchTimeout: consumer.max_batch_timeout ?? 5,
    maxRetries: consumer.max_retries ?? 3,
    ...(consumer.dead_letter_queue !== undefined && { deadLetterQueue: consumer.dead_letter_queue }),
  }))
}

/** The bindings of wrangler.toml, as miniflare has them. */
export function bindings(name: string): NonNullable<WorkerConfig['env']> {
  const { d1_databases, durable_objects, queues, ratelimits, send_email, vars } = localConfig()
  return Object.fromEntries<Binding>([
    ...d1_databases.map(({ binding }) => [binding, { type: 'd1', id: name }] as const),
    ...durable_objects.bindings.map(
      (each) =>
        [each.name, { type: 'durable-object', worker: name, exportName: each.class_name ?? '' }] as const,
    ),
    ...(queues.producers ?? []).map(
      ({ binding, queue }) => [binding, { type: 'queue', name: queue }] as const,
    ),
    ...ratelimits.map(
      (each) =>
        [each.name, { type: 'rate-limit', namespace: each.namespace_id, simple: each.simple }] as const,
    ),
    ['ASSETS', { type: 'worker', worker: 'texts' }] as const,
    ...send_email.map((each) => [each.name, { type: 'send-email' }] as const),
    ...Object.entries({ ...vars, ...secrets, BASE_URL }).map(
      ([key, value]) => [key, { type: 'json', value }] as const,
    ),
  ])
}

/**
 * Starts a Rescind. Its queue has no consumer unless `config` gives it one, so that what is measured
 * is the request alone.
 */
export function startRescind(
  options: Pick<ServerOptions, 'name' | 'bundle'> & Partial<ServerOptions>,
): Promise<Server> {
  const { name, config = {}, others = [] } = options
  return startServer({
    ...options,
    others: [...others, textsWorker()],
    config: {
      ...config,
      exports: { TenantLimiter: { type: 'durable-object', storage: 'sqlite' } },
      env: { ...bindings(name), ...config.env },
    },
  })
}

/**
 * Stands for the static assets: the texts in English. Assets of its own would put miniflare's router in front of
 * the Worker, which is not what is measured.
 */
function textsWorker(): NonNullable<ServerOptions['others']>[number] {
  const english = readFileSync(join(ROOT, 'public/texts/en.json'), 'utf8')
  const contents = `export default { fetch: () => Response.json(${english}) }`
  const modules = { 'texts.js': { type: 'esm' as const, contents } }
  const manifest = { mainModule: 'texts.js', modulesRoot: ROOT, modules }
  return { config: { name: 'texts', compatibilityDate: COMPATIBILITY_DATE, manifest } }
}

/** Makes a tenant and a key of it by the operator API, and gives a token of that key, good for an hour. */
export async function makeTenant(
  { url }: Server,
  policy: object = POLICY,
  { id, host } = { id: TENANT_ID, host: '127.0.0.1' },
): Promise<{ token: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  // An audience is of one tenant alone.
  const redeem = { ...POLICY.redeem, audience: `${POLICY.redeem.audience}/${id}` }
  await operate(url, 'PUT', `/tenants/${id}`, { name: 'Bench', hosts: [host], policy: { ...policy, redeem } })
  const added = await operate(url, 'POST', `/tenants/${id}/keys`, {
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
