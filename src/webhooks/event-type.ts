/** What a webhook may be told of, in the order in which the documentation lists it. */
export const EVENT_TYPES = [
  'code.issued',
  'code.voided',
  'code.redeemed',
  'code.locked',
  'code.delivery_failed',
  'user.created',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'user.restored',
  'user.address_changed',
  'tenant.under_attack',
  'webhook.disabled',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** The two logs of events, each with numbers of its own. */
export type Log = 'admin' | 'user'

/** The type of the event of an administrator in the row `e`; NULL for what no webhook is told of. */
export const ADMIN_TYPE = `CASE e.action
  WHEN 'generate' THEN iif(e.result = 'issued', 'code.issued', NULL)
  WHEN 'void' THEN iif(e.result = 'voided', 'code.voided', NULL)
  WHEN 'user.create' THEN 'user.created' WHEN 'user.disable' THEN 'user.disabled' WHEN 'user.enable' THEN 'user.enabled'
  WHEN 'user.delete' THEN 'user.deleted' WHEN 'user.mark-deleted' THEN 'user.deleted'
  WHEN 'user.restore' THEN 'user.restored' WHEN 'user.address' THEN 'user.address_changed'
  WHEN 'tenant.under_attack' THEN 'tenant.under_attack' WHEN 'webhook.disabled' THEN 'webhook.disabled' END`

/**
 * The type of the event of a user in the row `e`. A code of an administrator has been issued by an event of theirs,
 * whose id is the code's: only one that its user has asked for is issued when it is sent. What is about nobody is told
 * to nobody.
 */
export const USER_TYPE = `CASE e.action
  WHEN 'sent' THEN iif(EXISTS (SELECT 1 FROM admin_events a WHERE a.tenant_id = e.tenant_id AND a.id = substr(e.id, 6)),
    NULL, 'code.issued')
  WHEN 'redeemed' THEN 'code.redeemed' WHEN 'locked' THEN 'code.locked'
  WHEN 'delivery-failed' THEN iif(e.user_id IS NULL, NULL, 'code.delivery_failed') END`
