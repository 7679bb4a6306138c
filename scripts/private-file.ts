import { chmodSync, renameSync, writeFileSync } from 'node:fs'

/** Writes a file that only its owner can read: whole or not at all, whatever happens meanwhile. */
export function writePrivateFile(path: string, text: string): void {
  const partial = `${path}.${process.pid}.tmp`
  writeFileSync(partial, text, { mode: 0o600 })
  chmodSync(partial, 0o600)
  renameSync(partial, path)
}
