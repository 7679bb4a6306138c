import { join } from 'node:path'
import { ROOT } from '../../scripts/local/home.ts'
import { run } from '../../scripts/gate/command.ts'

const FOLDER = join(ROOT, 'bench/peers')

/** Installs what Rescind is measured against, in the versions of its own lock file. */
export async function installPeers(): Promise<void> {
  const { code, output } = await run('npm', ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund'])
  if (code !== 0) throw new Error(`the peers could not be installed:\n${output}`)
}
