/**
 * The words and numbers of both logs. The vendor has not published those of codes, so that these are our own: five
 * digits from 90001 for administrators and from 91001 for users, where the vendor has none.
 */

type Activity = { key: string; code: number; words: string }

/** Of the action of an administrator, and of what the code was for where that matters. */
export const ADMIN_ACTIVITIES: Readonly<Record<string, Activity>> = {
  'generate PASSWORD_RESET': {
    key: 'GENERATE_PASSWORD_RESET_CODE',
    code: 90001,
    words: 'generated a password reset code',
  },
  'generate ENROLLMENT': {
    key: 'GENERATE_ENROLLMENT_CODE',
    code: 90002,
    words: 'generated an enrollment code',
  },
  'void PASSWORD_RESET': {
    key: 'VOID_PASSWORD_RESET_CODE',
    code: 90003,
    words: 'voided the password reset code',
  },
  'void ENROLLMENT': { key: 'VOID_ENROLLMENT_CODE', code: 90004, words: 'voided the enrollment code' },
  'void.all': { key: 'VOID_ALL_CODES', code: 90005, words: 'voided all codes' },
  'void.some': { key: 'VOID_CODES', code: 90006, words: 'voided the codes of a time or of an issuer' },
  'key.quarantine': { key: 'QUARANTINE_KEY', code: 90007, words: 'quarantined the key' },
  'user.create': { key: 'CREATE_USER', code: 90011, words: 'added the user' },
  'user.update': { key: 'UPDATE_USER', code: 90012, words: 'changed the user' },
  'user.address': { key: 'CHANGE_USER_ADDRESS', code: 90013, words: 'changed the address of the user' },
  'user.disable': { key: 'DISABLE_USER', code: 90014, words: 'disabled the user' },
  'user.delete': { key: 'DELETE_USER', code: 90015, words: 'deleted the user' },
  'user.mark-deleted': { key: 'MARK_USER_DELETED', code: 90016, words: 'marked the user as deleted' },
  'user.restore': { key: 'RESTORE_USER', code: 90017, words: 'restored the user' },
  'user.high-risk.add': {
    key: 'ADD_HIGH_RISK_USER',
    code: 90018,
    words: 'put the user on the list of high risk',
  },
  'user.high-risk.remove': {
    key: 'REMOVE_HIGH_RISK_USER',
    code: 90019,
    words: 'took the user off the list of high risk',
  },
  'user.challenges.set': {
    key: 'SET_CHALLENGE_ANSWERS',
    code: 90020,
    words: 'set the answers to challenge questions of the user',
  },
  'user.challenges.remove': {
    key: 'REMOVE_CHALLENGE_ANSWERS',
    code: 90021,
    words: 'removed the answers to challenge questions of the user',
  },
  'user.enable': { key: 'ENABLE_USER', code: 90022, words: 'enabled the user' },
  'user.unfreeze': {
    key: 'UNFREEZE_USER',
    code: 90023,
    words: 'let codes be generated for the user again',
  },
  'approval.approve': { key: 'APPROVE_CODE', code: 90024, words: 'approved a code' },
  'approval.decline': { key: 'DECLINE_CODE', code: 90025, words: 'declined a code' },
  'approval.expire': { key: 'EXPIRE_APPROVAL', code: 90026, words: 'ended a request for a code' },
  'break-glass': { key: 'BREAK_GLASS', code: 90027, words: 'passed a rule of the desk' },
  'tenant.under_attack': {
    key: 'TENANT_UNDER_ATTACK',
    code: 90031,
    words: 'found codes tried on many users',
  },
  'webhook.disabled': { key: 'WEBHOOK_DISABLED', code: 90032, words: 'disabled the webhook' },
}

/** Results of an administrator's action that are a success; all others name why it was none. */
export const SUCCESSES = new Set(['issued', 'voided', 'done', 'begun', 'ended'])

type Description = { code: number; level: 'INFO' | 'WARN' | 'ERROR'; words: string }

/** Of what happened to a user's code. */
export const USER_ACTIVITIES: Readonly<Record<string, Description>> = {
  sent: { code: 91001, level: 'INFO', words: 'Code on its way' },
  delivered: { code: 91002, level: 'INFO', words: 'Code mailed' },
  'delivery-failed': { code: 91003, level: 'ERROR', words: 'Code not mailed' },
  validated: { code: 91004, level: 'INFO', words: 'Code checked and found right' },
  refused: { code: 91005, level: 'WARN', words: 'Code refused' },
  redeemed: { code: 91006, level: 'INFO', words: 'Code redeemed' },
  'redeem-failed': { code: 91007, level: 'ERROR', words: 'Code not redeemed: the password hook failed' },
  locked: { code: 91008, level: 'WARN', words: 'Code locked' },
  asked: { code: 91009, level: 'INFO', words: 'Code found right, and a challenge question asked' },
  reported: { code: 91010, level: 'WARN', words: 'Code reported by the user as not asked for' },
}
