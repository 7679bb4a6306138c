import { chmodSync, closeSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { UserError } from './user-error.ts'

/** Writes a file that only its owner can read: whole or not at all, whatever happens meanwhile. */
export function writePrivateFile(path: string, text: string): void {
  const partial = `${path}.${process.pid}.tmp`
  writeFileSync(partial, text, { mode: 0o600 })
  chmodSync(partial, 0o600)
  renameSync(partial, path)
}

/**
 * Takes a name for a file that is written later.
 *
 * @throws {UserError} when the file is there, or cannot be.
 */
export function reservePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const problem = code === 'ENOENT' ? 'its folder is not there' : String(code)
    throw new UserError(`${path} cannot be written (${problem}).`, { cause: error })
  }
}
