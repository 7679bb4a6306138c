import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT } from '../local/home.ts'
import { run } from './command.ts'
import { oneResult, type Step } from './step.ts'

/** What a page pays for the client of sdk/, without jose. */
const CLIENT_GZIP_BYTES_MAX = 6 * 1024

/** The client can be built, and is small. */
export const clientBuild: Step = {
  name: 'the client can be built',
  async run() {
    const { code, output } = await run('npm', ['run', '--silent', 'build', '--workspace', 'sdk'])
    if (code !== 0) return oneResult(false, output)
    const { length } = gzipSync(readFileSync(join(ROOT, 'sdk', 'dist', 'index.js')), { level: 9 })
    return oneResult(
      length < CLIENT_GZIP_BYTES_MAX,
      `${length} bytes gzip, fewer than ${CLIENT_GZIP_BYTES_MAX}`,
    )
  },
}
