import { env } from 'cloudflare:workers'
import type { CodeMode } from '../../src/codes/code.ts'

/** A row of `reset_codes` as D1 holds it, for what no answer may tell. */
export type StoredCode = {
  user_id: string
  code_id: string
  digest: string
  pepper_id: string
  issued_at: number
  expires_at: number
  attempts: number
  failures: number
  ended_at: number | null
  ended_as: string | null
  origin: string | null
}

/** The stored code of the user with this address, if one was ever issued. */
export function storedCode(
  tenantId: string,
  email: string,
  mode: CodeMode = 'PASSWORD_RESET',
): Promise<StoredCode | null> {
  return env.DB.prepare(
    `SELECT reset_codes.* FROM reset_codes JOIN users ON users.id = user_id
     WHERE users.tenant_id = ? AND email_key = ? AND mode = ?`,
  )
    .bind(tenantId, email, mode)
    .first<StoredCode>()
}

/** Every stored code of a tenant's users, in a fixed order: to show that nothing changed. */
export async function storedCodes(tenantId: string): Promise<StoredCode[]> {
  const { results } = await env.DB.prepare(
    "SELECT * FROM reset_codes WHERE tenant_id = ? AND user_id NOT LIKE 'nobody:%' ORDER BY user_id, mode",
  )
    .bind(tenantId)
    .all<StoredCode>()
  return results
}

/** Of an entry of an issue whose tenant's desk has no rules. */
export const NO_RULES = {
  rules: { fourEyes: 'nobody', needsVerification: false },
  glass: undefined,
  waiting: undefined,
} as const
