import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from '../local/home.ts'
import { run } from './command.ts'
import { oneResult, type Step } from './step.ts'

const MIGRATIONS = join(ROOT, 'drizzle')

/** The migrations make exactly the schema: generating one more, in a copy, finds nothing to do. */
export const migrationsDrift: Step = {
  name: 'migrations match the schema',
  async run() {
    const copy = mkdtempSync(join(ROOT, '.wrangler', 'gate-'))
    try {
      cpSync(MIGRATIONS, copy, { recursive: true })
      const out = relative(ROOT, copy)
      const args = ['generate', '--dialect', 'sqlite', '--schema', './src/database/*schema.ts', '--out', out]
      const { code, output } = await run('drizzle-kit', args)
      const isSame = readdirSync(copy).length === readdirSync(MIGRATIONS).length
      const advice = 'The schema has changed: run `npm run migration`.'
      return oneResult(code === 0 && isSame, code === 0 && isSame ? '' : `${output}\n${advice}`)
    } finally {
      rmSync(copy, { recursive: true })
    }
  },
}

/**
 * No migration rebuilds a table: D1 runs migrations in a transaction, where the generated
 * `PRAGMA foreign_keys=OFF` does nothing, and rows have been lost that way.
 */
export const migrationsKeepTables: Step = {
  name: 'migrations drop no table',
  async run() {
    const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'))
    const unsafe = files.filter((name) =>
      /drop\s+table|__new_/i.test(readFileSync(join(MIGRATIONS, name), 'utf8')),
    )
    return oneResult(unsafe.length === 0, unsafe.map((name) => `drizzle/${name} drops a table`).join('\n'))
  },
}

/**
 * Every trigger stands on one line: `wrangler d1 migrations apply --remote` has cut others apart at the
 * semicolons inside (cloudflare/workers-sdk#4998), while a local database takes them.
 */
export const triggersOnOneLine: Step = {
  name: 'migrations have triggers on one line',
  async run() {
    const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'))
    const cut = files.filter((name) =>
      /^CREATE TRIGGER(?!.* BEGIN .*; END;)/im.test(readFileSync(join(MIGRATIONS, name), 'utf8')),
    )
    return oneResult(
      cut.length === 0,
      cut.map((name) => `drizzle/${name} has a trigger on many lines`).join('\n'),
    )
  },
}
