import { bearerToken } from './bearer-token.ts'
import type { OperatorKeyFile } from './key-file.ts'

/** Calls the operator API as the holder of the key file; `path` from after `/operator/v1`. */
export async function operate(
  key: OperatorKeyFile,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return fetch(`${key.baseUrl}/operator/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${await bearerToken(key)}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}
