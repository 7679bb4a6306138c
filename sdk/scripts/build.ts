import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

/** `npm run build -w sdk`: makes dist/, the whole client as one small module, and its types beside it. */

const SDK = resolve(import.meta.dirname, '..')
const DIST = join(SDK, 'dist')

rmSync(DIST, { recursive: true, force: true })
cpSync(join(SDK, '..', 'LICENSE'), join(SDK, 'LICENSE'))
const bundle = await rolldown({
  input: join(SDK, 'src', 'index.ts'),
  external: ['jose'],
  platform: 'neutral',
})
await bundle.write({
  file: join(DIST, 'index.js'),
  format: 'esm',
  minify: true,
  comments: false,
  sourcemap: true,
})
const { status, stdout } = spawnSync('tsc', ['--project', SDK], { encoding: 'utf8' })
process.stdout.write(stdout)
process.exitCode = status ?? 1
