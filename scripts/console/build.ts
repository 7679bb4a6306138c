import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../local/home.ts'

const SOURCE = join(ROOT, 'console')
/** Where the Worker's static assets have the console. */
export const BUILT = join(ROOT, 'public', 'console')
/** What the console was last built from. */
const STAMP = join(ROOT, '.wrangler', 'console.stamp')

/** Builds the console, unless it is built from these very files. */
export async function buildConsole(): Promise<void> {
  const stamp = digestOfSource()
  const isFresh = existsSync(join(BUILT, 'index.html')) && existsSync(STAMP)
  if (isFresh && readFileSync(STAMP, 'utf8') === stamp) return
  const { build } = await import('vite')
  await build({ configFile: join(SOURCE, 'vite.config.ts'), logLevel: 'warn' })
  mkdirSync(dirname(STAMP), { recursive: true })
  writeFileSync(STAMP, stamp)
}

/** Of every file of the console, and of what its libraries are. */
function digestOfSource(): string {
  const hash = createHash('sha256')
  const names = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const path of [...names.toSorted(), join(ROOT, 'package-lock.json')]) {
    hash.update(path.slice(ROOT.length)).update('\0').update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex')
}
