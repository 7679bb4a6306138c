import type { Context } from 'hono'
import type { VisitorEnv } from '../../http/app-env.ts'
import { outboxOf } from '../../http/context.ts'
import { config } from '../../config.ts'
import { drawCode } from '../../codes/code.ts'
import { canonicalEmailAddress, withoutSubAddress } from '../../codes/email-address.ts'
import { queueDeliveries } from '../../delivery/outbox.ts'
import { hmac } from '../../crypto/keyring.ts'
import { admitVisitor } from '../../http/client-limits.ts'
import type { Demand } from '../../limits/tenant-buckets.ts'
import { readParameters } from './parameters.ts'

/** How many times the burst of a recipient's bucket its hourly bucket holds, which refills over an hour. */
const HOURLY_FACTOR = 5

/**
 * `POST /api/passwordmanagement/sendPasswordResetCode`: 200 and an empty body. Who the address belongs
 * to, and whether to anybody, is looked up when the message is handled, not here: the request does the
 * same work for every address.
 */
export async function sendPasswordResetCode(c: Context<VisitorEnv>): Promise<Response> {
  const { emailAddress } = await readParameters(c, ['emailAddress'])
  const tenant = c.get('tenant')
  const now = c.get('now')
  const emailKey = canonicalEmailAddress(emailAddress) ?? ''
  await admitVisitor(c, demandsOf(c, emailKey || emailAddress))
  await queueDeliveries(outboxOf(c), [
    {
      kind: 'asked-code',
      tenantId: tenant.id,
      emailKey,
      codeId: crypto.randomUUID(),
      code: drawCode(tenant.policy.code),
      requestedAt: now,
      network: c.get('client').network,
    },
  ])
  return c.body(null, 200)
}

/**
 * The tenant's bucket and the recipient's two, beside the client's. The recipient's keys are hashes, so that they name nobody, and
 * sub-addresses share them, since whoever reads one mailbox gets the mail to all.
 */
function demandsOf(c: Context<VisitorEnv>, recipient: string): Demand[] {
  const { id, policy } = c.get('tenant')
  const { send, recipient: limit } = policy.limits
  const [key] = config(c.env).transientKeys
  const who = hmac(key, ['recipient', id, withoutSubAddress(recipient)]).toString('base64url')
  const hourly = { perMinute: (limit.perMinute * HOURLY_FACTOR) / 60, burst: limit.burst * HOURLY_FACTOR }
  return [
    { bucket: 'send', key: 'send', ...send, cost: 1 },
    { bucket: 'recipient', key: `recipient:${who}`, ...limit, cost: 1, protectsPerson: true },
    { bucket: 'recipient-hour', key: `recipient-hour:${who}`, ...hourly, cost: 1, protectsPerson: true },
  ]
}
