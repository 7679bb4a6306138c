import { createMiddleware } from 'hono/factory'
import { networkHash } from '../audit/network-hash.ts'
import { verifyClientToken } from '../auth/client-token.ts'
import { config } from '../config.ts'
import { isInNetworks, isPrivateAddress } from '../network-address.ts'
import type { ReadContext, TenantEnv, VisitorEnv } from './app-env.ts'

/** In which a tenant's own backend names the end user for whom it calls: a token, see auth/client-token.ts. */
const CLIENT_HEADER = 'X-Rescind-Client'

/**
 * Sets whom a visitor's request comes from: the end user whom one of the tenant's keys vouches for, or else whoever
 * has connected. A bad word of a backend is as none, and is in the log.
 */
export function identifyClient() {
  return createMiddleware<VisitorEnv>(async function identifyClient(c, next) {
    const { id, policy } = c.get('tenant')
    const named = await namedAddress(c)
    const address = named ?? c.req.header('CF-Connecting-IP') ?? ''
    const network = networkHash(config(c.env).transientKeys, id, address)
    const isExempt =
      // What cannot come from the internet is this machine's own, as for the flood shield.
      isPrivateAddress(address) ||
      (named === undefined && isInNetworks(address, policy.limits.trustedClients))
    c.set('client', { network, isLimited: network !== null && !isExempt })
    await next()
  })
}

async function namedAddress(c: ReadContext<TenantEnv>): Promise<string | undefined> {
  const token = c.req.header(CLIENT_HEADER)
  if (token === undefined) return undefined
  const address = await verifyClientToken(c.env.DB, config(c.env), token, {
    tenantId: c.get('tenant').id,
    audience: new URL('/api', c.req.url).href,
    now: c.get('now'),
  })
  c.get('log').clientNamed = address !== undefined
  return address
}
