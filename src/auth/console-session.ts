import { waitUntil } from 'cloudflare:workers'
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config.ts'
import { isTaggedUuid, newTaggedUuid } from '../crypto/tagged-uuid.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { sessionOfId } from '../tenants/catalogue.ts'
import { identityProvider, roleOfValue } from '../tenants/console-policy.ts'
import {
  IDLE_MAX_MS,
  touchSession,
  type ConsoleSession,
  type findSession,
} from '../tenants/console-session-store.ts'
import type { Role } from '../tenants/role.ts'
import type { Tenant } from '../tenants/tenant.ts'

/** Sessions of people in the console: a random token in a cookie of one host. */

const CONTEXT = ['console-session']
/** An id that proves its origin, and 256 random bits. */
const FORM = /^([\da-f-]{36})_[\w-]{43}$/
const SECRET_BYTES = 32
/** How often a use is written down: a session is idle to the minute. */
const TOUCHED_EVERY_MS = 60_000

/** A person's live session: whose it is, and what that person may do by the policy of this moment. */
export type KnownSession = { session: ConsoleSession; tenant: Tenant; role: Role }

/** A new token, and what is stored of it. */
export function newSessionToken(keys: Keyring): { token: string; id: string; digest: string } {
  const id = newTaggedUuid(keys, CONTEXT)
  const token = `${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { token, id, digest: digestOf(token) }
}

/**
 * The session of a cookie, if it is live, of the tenant of this host, and its person still has a role. An invented
 * token costs no read of the database.
 *
 * @param read how the record is found: as this isolate knows it, or anew.
 */
export async function verifySession(
  db: D1Database,
  { accessIdKeys }: Pick<Config, 'accessIdKeys'>,
  token: string,
  { hostname, now }: { hostname: string; now: number },
  read: typeof findSession = sessionOfId,
): Promise<KnownSession | undefined> {
  const [, id = ''] = FORM.exec(token) ?? []
  if (!isTaggedUuid(accessIdKeys, CONTEXT, id)) return undefined
  const known = await read(db, id)
  if (known === undefined || !isSame(digestOf(token), known.session.digest)) return undefined
  const { session, tenant } = known
  const isLive = session.expiresAt > now && session.lastSeenAt > now - IDLE_MAX_MS
  const role = isLive && tenant.hosts.includes(hostname) ? roleOf(session, tenant) : undefined
  if (role === undefined) return undefined
  if (now - session.lastSeenAt >= TOUCHED_EVERY_MS) {
    // Noted here first, so that the requests of the next minute do not write it too.
    session.lastSeenAt = now
    waitUntil(touchSession(db, tenant.id, { id, now }).catch(() => undefined))
  }
  return { session, tenant, role }
}

/** What the person may do: nothing once the policy names another provider, or another value of the claim. */
function roleOf({ issuer, roleValue }: ConsoleSession, { policy }: Tenant): Role | undefined {
  const { console } = policy
  if (console === undefined || identityProvider(console).issuer !== issuer) return undefined
  return roleOfValue(console, roleValue)
}

/** What a script of the console shows that it has read from this origin: nobody else can work it out. */
export function csrfTokenOf(token: string): string {
  return createHmac('sha256', token).update('console-csrf').digest('base64url')
}

export function isCsrfTokenOf(token: string, value: string): boolean {
  return isSame(value, csrfTokenOf(token))
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Unsalted: 256 random bits are not guessed. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
