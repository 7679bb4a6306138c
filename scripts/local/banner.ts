import { keyPath, shown } from './home.ts'

/** What to try first, ready to paste into a second terminal. */
export function banner(baseUrl: string, adminRestApiUrl: string): string {
  return `
Rescind runs on ${baseUrl}. Ctrl-C stops it; a new start keeps everything.
Paste into another terminal, in this folder:

  # take a token of the demo tenant, valid for an hour
  TOKEN=$(npm run --silent token -- ${shown(keyPath('demo.key'))})

  # generate codes for two users
  CODES=$(curl -s ${adminRestApiUrl}/v1/users/generateVerifyCode/resetPassword \\
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '[{"email": "jane.saoirse@example.com"}, {"email": "user1@example.com"}]'); echo "$CODES"

  # validate the first
  CODE=$(echo "$CODES" | grep -o '"verify_code":"[^"]*' | head -1 | cut -d'"' -f4)
  curl -s ${baseUrl}/api/passwordmanagement/validatePasswordResetCode \\
    -d emailAddress=jane.saoirse@example.com -d "passwordResetCode=$CODE"; echo

  # void both in one call
  curl -s ${adminRestApiUrl}/v1/users/voidVerifyCode \\
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"code_generation_mode": "PASSWORD_RESET",
         "user_emails": ["jane.saoirse@example.com", "user1@example.com"]}'; echo

  # list the tenants, as the operator
  curl -s ${baseUrl}/operator/v1/tenants \\
    -H "Authorization: Bearer $(npm run --silent token -- ${shown(keyPath('operator.key'))})"; echo

Below, one line per request: all that is logged of it.
`
}
