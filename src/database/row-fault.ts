import { faultName } from '../log.ts'

/**
 * Whether a batch failed for what is in a row, so that it would have passed without that row: a violated
 * constraint, a value of a wrong type or too large (https://sqlite.org/rescode.html).
 */
export function isRowFault(error: unknown): boolean {
  return /SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG)/.test(faultName(error))
}
