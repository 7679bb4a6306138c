import type { Keyring } from '../crypto/keyring.ts'
import { seal } from '../crypto/seal.ts'
import { openSealed } from './reset-link.ts'

/** The link by which a user says that a code was not for them: about one code, and good for nothing else. */
export type ReportState = {
  tenantId: string
  userId: string
  codeId: string
  /** Epoch ms. */
  expiresAt: number
}

/** For how long after a code was made its user can report it: a mail may be read after a weekend. */
export const REPORTABLE_MS = 7 * 24 * 3_600_000

const REPORT = 'report-link'

export function sealReport(keys: Keyring, state: ReportState): Promise<string> {
  return seal(keys, REPORT, state)
}

export function openReport(keys: Keyring, sealed: unknown, tenantId: string, now: number) {
  return openSealed<ReportState>(keys, REPORT, sealed, tenantId, now)
}
