import { UserError } from '../user-error.ts'
import { runWrangler } from '../wrangler.ts'
import { STATE } from './home.ts'

/** Brings the local database up to date. */
export async function applyMigrations(): Promise<void> {
  const apply = ['d1', 'migrations', 'apply', 'rescind', '--env', '', '--local', '--persist-to', STATE]
  const { code, output } = await runWrangler(apply)
  if (code !== 0) throw new UserError(`${output}\n\nThe migrations failed; what wrangler said is above.`)
}
