import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { bearerToken } from '../keys/bearer-token.ts'
import {
  readTenantKeyFile,
  writeKeyFile,
  type OperatorKeyFile,
  type TenantKeyFile,
} from '../keys/key-file.ts'
import { operate } from '../keys/operator-client.ts'
import { UserError } from '../user-error.ts'
import { keyPath, shown } from './home.ts'

/** Mails from an address that leads nowhere, and gives grants to a service that is not there: enough to see all of it. */
const TENANT = {
  name: 'Demo',
  hosts: ['localhost', '127.0.0.1'],
  policy: {
    mail: { from: 'reset@demo.example', resetUrl: 'https://demo.example/reset' },
    redeem: { kind: 'grant', audience: 'https://demo.example' },
  },
}

const USERS = [
  { userName: 'JaneSaoirse', emails: [{ value: 'jane.saoirse@example.com' }] },
  { userName: 'user1@example.com', emails: [{ value: 'user1@example.com' }] },
  { userName: 'user2@example.com', emails: [{ value: 'user2@example.com' }] },
]

const KEY_DESCRIPTION = 'Super-admin of the local demo tenant'

/**
 * Makes the tenant `demo` usable: creates what is missing, and changes nothing that is there but the
 * URL in its key file, which follows the port.
 *
 * @returns the path of the tenant's key file.
 */
export async function ensureDemoTenant(operatorKey: OperatorKeyFile): Promise<string> {
  const { adminRestApiUrl } = await ensureTenant(operatorKey)
  const path = keyPath('demo.key')
  const known = existsSync(path) ? { ...readTenantKeyFile(path), adminRestApiUrl } : undefined
  const { baseUrl } = operatorKey
  if (known && (await isAccepted(baseUrl, known))) {
    writeIfMoved(path, known)
    return path
  }
  const key = await newTenantKey(operatorKey)
  // Before the key file, so that a start cut short here is taken up again by the next.
  await ensureUsers(baseUrl, key)
  writeKeyFile(path, key)
  console.log(`  wrote ${shown(path)}`)
  return path
}

async function ensureTenant(operatorKey: OperatorKeyFile): Promise<{ adminRestApiUrl: string }> {
  const found = await operate(operatorKey, 'GET', '/tenants/demo')
  if (found.status !== 404) return bodyOf(found)
  console.log('  created tenant demo')
  return bodyOf(await operate(operatorKey, 'PUT', '/tenants/demo', TENANT))
}

async function newTenantKey(operatorKey: OperatorKeyFile): Promise<TenantKeyFile> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const added = await operate(operatorKey, 'POST', '/tenants/demo/keys', {
    publicKey: publicKey.export({ format: 'jwk' }),
    role: 'super-admin',
    description: KEY_DESCRIPTION,
  })
  const { customerName, accessID, adminRestApiUrl } = await bodyOf<TenantKeyFile>(added)
  const accessKey = String(privateKey.export({ type: 'pkcs1', format: 'pem' }))
  return { customerName, accessID, accessKey, adminRestApiUrl, description: KEY_DESCRIPTION }
}

/** The users of a tenant that has none: one that has some is its owner's business. */
async function ensureUsers(baseUrl: string, key: TenantKeyFile): Promise<void> {
  const { totalResults } = await bodyOf<{ totalResults: number }>(
    await directory(baseUrl, key, 'GET', '?count=0'),
  )
  if (totalResults > 0) return
  for (const user of USERS) await bodyOf(await directory(baseUrl, key, 'POST', '', user))
  console.log(`  added ${USERS.length} users`)
}

/** Whether the service still takes tokens of this key: it may be revoked, or its tenant made anew. */
async function isAccepted(baseUrl: string, key: TenantKeyFile): Promise<boolean> {
  const { status } = await directory(baseUrl, key, 'GET', '?count=0')
  return status !== 401
}

function writeIfMoved(path: string, file: TenantKeyFile): void {
  if (readTenantKeyFile(path).adminRestApiUrl === file.adminRestApiUrl) return
  writeKeyFile(path, file)
  console.log(`  wrote ${shown(path)}`)
}

async function directory(baseUrl: string, key: TenantKeyFile, method: string, path: string, body?: object) {
  return fetch(`${baseUrl}/scim/v2/Users${path}`, {
    method,
    headers: { Authorization: `Bearer ${await bearerToken(key)}`, 'Content-Type': 'application/scim+json' },
    ...(body && { body: JSON.stringify(body) }),
  })
}

async function bodyOf<Body>(response: Response): Promise<Body> {
  if (response.ok) return response.json<Body>()
  throw new UserError(
    `Setting up tenant demo failed: ${new URL(response.url).pathname} answered ${response.status}: ${await response.text()}`,
  )
}
