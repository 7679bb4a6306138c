import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** The root of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..')

/**
 * Where a local service keeps everything it must not lose: secrets, key files and data. The root of
 * the repository, or RESCIND_HOME, so that several can run side by side.
 */
const HOME = resolve(process.env['RESCIND_HOME'] || ROOT)

export const DEV_VARS = join(HOME, '.dev.vars')
const WRANGLER = join(HOME, '.wrangler')
export const STATE = join(WRANGLER, 'state')
/** What wrangler needs while it runs: the mails that were sent are in it, with their codes. */
export const SCRATCH = join(WRANGLER, 'scratch')
const KEYS = join(HOME, '.rescind')

/** The path of a key file, in a folder that only its owner can enter. */
export function keyPath(name: string): string {
  mkdirSync(KEYS, { recursive: true, mode: 0o700 })
  return join(KEYS, name)
}

/**
 * Keeps the data and the mails of local runs from other users of this machine, also those of earlier runs,
 * and empties the scratch folder: a run that was killed has left its mails there.
 */
export function makePrivate(): void {
  process.umask(0o077)
  mkdirSync(WRANGLER, { recursive: true })
  chmodSync(WRANGLER, 0o700)
  rmSync(SCRATCH, { recursive: true, force: true })
  mkdirSync(SCRATCH)
}

/** A path as it is typed in the repository: relative where that is shorter. */
export function shown(path: string): string {
  const short = relative(ROOT, path)
  return short.startsWith('..') ? path : short
}
