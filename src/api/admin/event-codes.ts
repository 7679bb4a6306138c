/**
 * The words and numbers of both logs. The vendor has not published those of codes, so that these are our own: five
 * digits from 90001 for administrators and from 91001 for users, where the vendor has none.
 */

type Activity = {
  key: string
  code: number
  words: string
  /** Whether the target is what it was done to, and not whom it was done for. */
  isAboutTarget?: true
}

const ofTenant = (key: string, code: number, words: string): Activity => ({
  key,
  code,
  words,
  isAboutTarget: true,
})

/** Of what people do in the console beside codes and users. */
const CONSOLE_ACTIVITIES: Readonly<Record<string, Activity>> = {
  'console.sign-in': ofTenant('CONSOLE_SIGN_IN', 90061, 'signed in to the console'),
  'console.sign-out': ofTenant('CONSOLE_SIGN_OUT', 90062, 'signed out of the console'),
  'console.end-session': ofTenant('CONSOLE_END_SESSION', 90063, 'ended a session in the console'),
  'tenant.update': ofTenant('UPDATE_TENANT', 90064, 'changed the tenant'),
  'key.add': ofTenant('ADD_API_KEY', 90065, 'added an API key'),
  'key.revoke': ofTenant('REVOKE_API_KEY', 90066, 'revoked an API key'),
  'client.add': ofTenant('ADD_OAUTH_CLIENT', 90067, 'added an OAuth client'),
  'client.update': ofTenant('UPDATE_OAUTH_CLIENT', 90068, 'changed an OAuth client'),
  'client.delete': ofTenant('DELETE_OAUTH_CLIENT', 90069, 'deleted an OAuth client'),
  'scim-token.add': ofTenant('ADD_SCIM_TOKEN', 90070, 'made a SCIM token'),
  'scim-token.delete': ofTenant('DELETE_SCIM_TOKEN', 90071, 'deleted a SCIM token'),
  'webhook.add': ofTenant('ADD_WEBHOOK', 90072, 'added a webhook'),
  'webhook.update': ofTenant('UPDATE_WEBHOOK', 90073, 'changed a webhook'),
  'webhook.delete': ofTenant('DELETE_WEBHOOK', 90074, 'deleted a webhook'),
  'webhook.secret': ofTenant('REPLACE_WEBHOOK_SECRET', 90075, 'replaced the secret of a webhook'),
  'webhook.replay': ofTenant('REPLAY_WEBHOOK', 90076, 'had a webhook told again'),
}

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
  'verify.start': { key: 'START_LIVE_VERIFY', code: 90041, words: 'began to verify the user' },
  'verify.code': { key: 'VERIFY_LIVE_VERIFY_CODE', code: 90042, words: 'entered the digits of the user' },
  'verify.cancel': { key: 'CANCEL_LIVE_VERIFY', code: 90043, words: 'canceled the verification of the user' },
  'tenant.under_attack': {
    key: 'TENANT_UNDER_ATTACK',
    code: 90031,
    words: 'found codes tried on many users',
  },

  'webhook.disabled': { key: 'WEBHOOK_DISABLED', code: 90032, words: 'disabled the webhook' },
  ...CONSOLE_ACTIVITIES,
}

/** Results of an administrator's action that are a success; all others name why it was none. */
export const SUCCESSES = new Set(['issued', 'voided', 'done', 'begun', 'ended', 'asked'])

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
  'proof-sent': { code: 91021, level: 'INFO', words: 'Code to show who the caller is on its way' },
  proved: { code: 91022, level: 'INFO', words: 'Caller showed who they are' },
  'proof-refused': { code: 91023, level: 'WARN', words: 'Caller did not show who they are' },
  verified: { code: 91024, level: 'INFO', words: 'Caller verified by the help desk' },
}
