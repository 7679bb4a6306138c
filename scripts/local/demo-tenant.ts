import { existsSync, renameSync } from 'node:fs'
import { bearerToken, privateKeyOf } from '../keys/bearer-token.ts'
import {
  readTenantKeyFile,
  writeKeyFile,
  type OperatorKeyFile,
  type TenantKeyFile,
} from '../keys/key-file.ts'
import { bodyOf, operate } from '../operator/operator-client.ts'
import { newTenantKey } from '../operator/tenant-key.ts'
import { orAdvise } from '../user-error.ts'
import { GRANT_PATH } from './grant-page.ts'
import { CONSOLE_CLIENT } from './identity-provider.ts'
import { keyPath, shown } from './home.ts'

/**
 * Mails from an address that leads nowhere, has reset pages that hand grants to a page of this run, and a console to
 * which the people of this run's provider sign in, as callers of its help desk do.
 */
const tenantAt = (baseUrl: string, issuer: string) => ({
  name: 'Demo',
  hosts: ['localhost', '127.0.0.1'],
  policy: {
    mail: { from: 'reset@demo.example' },
    redeem: { kind: 'grant', audience: 'https://demo.example', returnUrl: baseUrl + GRANT_PATH },
    pages: { supportUrl: 'https://demo.example/help' },
    console: consoleAt(issuer),
    // A code for a user at high risk waits for a second person, in the place of being refused.
    code: { highRisk: 'allow' },
    // Some of the provider's people are users, who can show the help desk who they are.
    desk: {
      verification: { by: 'sign-in' },
      fourEyes: { users: 'high-risk' },
      alertEmail: 'security@demo.example',
    },
  },
})

const consoleAt = (issuer: string) => ({
  issuer,
  clientId: CONSOLE_CLIENT,
  roleClaim: 'groups',
  roles: { 'help-desk': 'help-desk', 'super-admin': 'super-admin' },
})

const USERS = [
  { userName: 'JaneSaoirse', emails: [{ value: 'jane.saoirse@example.com' }] },
  { userName: 'user1@example.com', emails: [{ value: 'user1@example.com' }] },
  { userName: 'user2@example.com', emails: [{ value: 'user2@example.com' }] },
]

const KEY_DESCRIPTION = 'Super-admin of the local demo tenant'

type DemoTenant = {
  name: string
  hosts: string[]
  adminRestApiUrl: string
  policy: { console?: { issuer?: string; clientId?: string } }
}

/** The port that the local provider had when the tenant was last served; 0 for any. */
export async function providerPort(operatorKey: OperatorKeyFile): Promise<number> {
  const found = await operate(operatorKey, 'GET', '/tenants/demo')
  if (found.status === 404) return 0
  const { policy } = await bodyOf<DemoTenant>(found)
  return isOurs(policy.console) ? Number(new URL(policy.console?.issuer ?? '').port) : 0
}

/** Whether people sign in with the provider of local runs, and not with one that its owner has chosen. */
function isOurs(console: DemoTenant['policy']['console']): boolean {
  return console?.clientId === CONSOLE_CLIENT && console.issuer?.startsWith('http://127.0.0.1:') === true
}

/**
 * Makes the tenant `demo` usable: creates what is missing, and changes nothing that is there but the URL in its key file
 * and the one of the local provider, which follow their ports. A key that is not accepted any more is kept aside.
 */
export async function ensureDemoTenant(
  operatorKey: OperatorKeyFile,
  demoKey: TenantKeyFile | undefined,
  issuer: string,
): Promise<void> {
  const { adminRestApiUrl } = await ensureTenant(operatorKey, issuer)
  const path = keyPath('demo.key')
  const known = demoKey && { ...demoKey, adminRestApiUrl }
  const { baseUrl } = operatorKey
  if (known && (await isAccepted(baseUrl, known))) {
    writeIfMoved(path, known)
    return
  }
  const key = await newTenantKey(operatorKey, 'demo', 'super-admin', KEY_DESCRIPTION)
  // Before the key file, so that a start cut short here is taken up again by the next.
  await ensureUsers(baseUrl, key)
  if (known) setAside(path)
  writeKeyFile(path, key)
  console.log(`  wrote ${shown(path)}`)
}

/**
 * The key file of the demo tenant, if there is one.
 *
 * @throws {UserError} when it holds no key: it may be the only copy, and is not written over.
 */
export function readDemoKey(): TenantKeyFile | undefined {
  const path = keyPath('demo.key')
  if (!existsSync(path)) return undefined
  return orAdvise(
    path,
    () => {
      const file = readTenantKeyFile(path)
      privateKeyOf(file)
      return file
    },
    'Put it back from a copy, or move it away: the next `npm start` makes a new one.',
  )
}

/** Keeps a key that is refused: it was revoked, or the secrets were made anew, which may be a mistake. */
function setAside(path: string): void {
  let number = 1
  while (existsSync(`${path}.refused-${number}`)) number += 1
  const aside = `${path}.refused-${number}`
  renameSync(path, aside)
  console.log(`  the key in ${shown(path)} is not accepted any more, and now in ${shown(aside)}`)
}

async function ensureTenant(operatorKey: OperatorKeyFile, issuer: string): Promise<DemoTenant> {
  const found = await operate(operatorKey, 'GET', '/tenants/demo')
  const put = async (tenant: object) =>
    bodyOf<DemoTenant>(await operate(operatorKey, 'PUT', '/tenants/demo', tenant))
  if (found.status === 404) {
    console.log('  created tenant demo')
    return put(tenantAt(operatorKey.baseUrl, issuer))
  }
  const tenant = await bodyOf<DemoTenant>(found)
  const { console: known } = tenant.policy
  const isToFollow = known === undefined || (isOurs(known) && known.issuer !== issuer)
  if (!isToFollow) return tenant
  return put({ ...tenant, policy: { ...tenant.policy, console: { ...consoleAt(issuer), ...known, issuer } } })
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
