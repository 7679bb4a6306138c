import { keyPath, shown } from './home.ts'
import { INBOX_PATH } from './inbox.ts'

/**
 * What to try first. The indented lines can be pasted at once or one by one, into bash and zsh: no
 * comments, since zsh runs them, and every answer ends its line.
 */
export function banner(baseUrl: string): string {
  const passwordApi = '$BASE/api/passwordmanagement'
  const adminApi = '$BASE/AdminInterface/restapi/v1/users'
  const json = `-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'`
  const jane = 'emailAddress=jane.saoirse@example.com'
  return `
Rescind runs on ${baseUrl}, and shows its mails on ${baseUrl}${INBOX_PATH}.
A user resets a password on ${baseUrl}/reset, such as jane.saoirse@example.com.
The help desk works on ${baseUrl}/console, where anybody on this machine may be one of its people.
The API reference is on ${baseUrl}/docs.
Ctrl-C stops it; a new start keeps everything but the mails.

Paste into another terminal, in this folder. A user asks for a code, and redeems the one in the mail:

  BASE=${baseUrl}
  curl -sw '\\n' ${passwordApi}/sendPasswordResetCode -d ${jane}
  sleep 1
  CODE=$(curl -s $BASE${INBOX_PATH}.json | grep -oE '[0-9A-Z]{4}-[0-9A-Z]{4}' | head -1)
  curl -sw '\\n' ${passwordApi}/validatePasswordResetCode -d ${jane} -d passwordResetCode=$CODE
  curl -sw '\\n' ${passwordApi}/redeemPasswordResetCode -d ${jane} -d passwordResetCode=$CODE

The help desk generates codes for two users, and voids both in one call:

  TOKEN=$(npm run --silent token -- ${shown(keyPath('demo.key'))})
  curl -sw '\\n' ${adminApi}/generateVerifyCode/resetPassword ${json} \\
    -d '[{"email": "user1@example.com"}, {"email": "user2@example.com"}]'
  curl -sw '\\n' ${adminApi}/voidVerifyCode ${json} \\
    -d '{"code_generation_mode": "PASSWORD_RESET", "user_emails": ["user1@example.com", "user2@example.com"]}'

A tenant of your own: npm run tenant -- --help

Below, one line per request: all that is logged of it.
`
}
