import { readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runWrangler } from '../../scripts/wrangler.ts'
import { scratchFolder } from './scratch.ts'

/** Bundles a Worker as a deploy would, without uploading it, and says in which folder it is. */
export async function bundleWorker(args: readonly string[]): Promise<{ folder: string; gzipKib: number }> {
  const folder = scratchFolder(tmpdir())
  const { code, output } = await runWrangler(['deploy', '--dry-run', '--outdir', folder, ...args])
  if (code !== 0) throw new Error(`wrangler deploy --dry-run ${args.join(' ')} failed:\n${output}`)
  return { folder, gzipKib: Number(/gzip: ([\d.]+) KiB/.exec(output)?.[1]) }
}

/** The modules of a bundle, the main one first. */
export function readBundle(folder: string) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'))
  const [mainModule, ...others] = names
  if (mainModule === undefined || others.length > 0) throw new Error(`${folder} is not one module`)
  const contents = readFileSync(join(folder, mainModule), 'utf8')
  return { mainModule, modulesRoot: folder, modules: { [mainModule]: { type: 'esm' as const, contents } } }
}
