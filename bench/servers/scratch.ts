import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a folder that is removed when this process ends, however it ends. */
export function scratchFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'rescind-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
