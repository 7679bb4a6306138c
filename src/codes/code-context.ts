import type { Keyring } from '../crypto/keyring.ts'
import type { TenantScope } from '../database/scope.ts'
import type { Question } from '../tenants/challenge-policy.ts'
import type { Policy } from '../tenants/policy.ts'
import type { CodeMode } from './code.ts'
import type { CodeScope } from './code-store.ts'

/** What the rules of codes work with: one tenant at one instant. */
export type CodeContext = TenantScope & {
  policy: Policy['code']
  /** Keys of the code digests, newest first. */
  peppers: Keyring
}

/** The same, for what a visitor of the password API asks for. */
export type VisitorContext = CodeContext & {
  /** The hash of the visitor's network, see audit/network-hash.ts; null where their address is unknown. */
  network: string | null
  /** The same where the visitor is one client, whose wrong codes are counted by themselves; null for many. */
  client: string | null
  /** What the tenant asks whoever presents a right code and has answers; none where it asks nothing. */
  questions: readonly Question[]
}

/** What the statements about codes of one mode are bound to. */
export function codeScope({ db, tenantId, now, policy }: CodeContext, mode: CodeMode): CodeScope {
  const { attemptsMax, failuresMax } = policy
  return { db, tenantId, now, mode, attemptsMax, failuresMax }
}
