import { drawCode } from '../codes/code.ts'
import { canonicalEmailAddress, withoutSubAddress } from '../codes/email-address.ts'
import { config } from '../config.ts'
import { hmac } from '../crypto/keyring.ts'
import { queueDeliveries } from '../delivery/outbox.ts'
import type { Demand } from '../limits/tenant-buckets.ts'
import type { ReadContext, VisitorEnv } from './app-env.ts'
import { admitVisitor } from './client-limits.ts'
import { outboxOf } from './context.ts'

/** How many times the burst of a recipient's bucket its hourly bucket holds, which refills over an hour. */
const HOURLY_FACTOR = 5

/**
 * Has a code made and mailed. Who the address belongs to, and whether to anybody, is looked up when the message
 * is handled, not here: the request does the same work for every address (N2).
 *
 * @returns the id of the code that will be issued if there is a user.
 * @throws {Limited} 429.
 */
export async function askForCode(c: ReadContext<VisitorEnv>, emailAddress: string): Promise<string> {
  const tenant = c.get('tenant')
  const emailKey = canonicalEmailAddress(emailAddress) ?? ''
  await admitVisitor(c, demandsOf(c, emailKey || emailAddress))
  const codeId = crypto.randomUUID()
  await queueDeliveries(outboxOf(c), [
    {
      kind: 'asked-code',
      tenantId: tenant.id,
      emailKey,
      codeId,
      code: drawCode(tenant.policy.code),
      requestedAt: c.get('now'),
      network: c.get('client').network,
    },
  ])
  return codeId
}

/**
 * The tenant's bucket and the recipient's two, beside the client's. The recipient's keys are hashes, so that they name nobody, and
 * sub-addresses share them, since whoever reads one mailbox gets the mail to all.
 */
function demandsOf(c: ReadContext<VisitorEnv>, recipient: string): Demand[] {
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
