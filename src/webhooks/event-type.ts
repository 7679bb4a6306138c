/**
 * What a webhook is told of, by the action of the event in either log. The order is that of the documentation. A code
 * of an administrator is issued by `generate`, any other one when it is sent.
 */
const TYPE_OF_ACTION = {
  generate: 'code.issued',
  sent: 'code.issued',
  void: 'code.voided',
  redeemed: 'code.redeemed',
  locked: 'code.locked',
  'delivery-failed': 'code.delivery_failed',
  'user.create': 'user.created',
  'user.disable': 'user.disabled',
  'user.enable': 'user.enabled',
  'user.delete': 'user.deleted',
  'user.mark-deleted': 'user.deleted',
  'user.restore': 'user.restored',
  'user.address': 'user.address_changed',
  reported: 'user.reported',
  'tenant.under_attack': 'tenant.under_attack',
  'void.all': 'tenant.codes_voided',
  'void.some': 'tenant.codes_voided',
  'key.quarantine': 'key.quarantined',
  'webhook.disabled': 'webhook.disabled',
} as const

export type EventType = (typeof TYPE_OF_ACTION)[keyof typeof TYPE_OF_ACTION]

export const EVENT_TYPES = [...new Set(Object.values(TYPE_OF_ACTION))] as [EventType, ...EventType[]]

/** The two logs of events, each with numbers of its own. */
export type Log = 'admin' | 'user'

const TYPE = `'${JSON.stringify(TYPE_OF_ACTION)}' ->> e.action`

/** Results of an administrator's action that has changed nothing are not among these. */
const DONE = "'issued', 'voided', 'done', 'begun', 'ended', 'failing', 'gone'"

/** The type of the event in the row `e` of a log; NULL for what no webhook is told of. */
export const TYPE_IN: Readonly<Record<Log, string>> = {
  admin: `iif(e.result IN (${DONE}), ${TYPE}, NULL)`,
  // The event of a code that an administrator issued has the code's id. What is about nobody is told to nobody.
  user: `iif(e.user_id IS NULL OR e.action = 'sent' AND EXISTS (SELECT 1 FROM admin_events a
 WHERE a.tenant_id = e.tenant_id AND a.id = substr(e.id, 6)), NULL, ${TYPE})`,
}
