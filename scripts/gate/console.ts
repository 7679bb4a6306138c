import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { BUILT } from '../console/build.ts'
import { oneResult, type Step } from './step.ts'

/** Compressed JavaScript that the console's first page loads: what a telephone waits for. */
const SCRIPT_GZIP_KIB_MAX = 250

/** What its Content-Security-Policy would refuse, and what would be a second origin. */
const FOREIGN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a script in the page', /<script(?![^>]*\ssrc=)/i],
  ['a style in the page', /<style|\sstyle=/i],
  ['a handler in the page', /\son[a-z]+=/i],
  ['a file of another origin', /(?:src|href)="(?!\/console\/)/i],
]

/** The console is small enough at first, and its page has nothing that its Content-Security-Policy refuses. */
export const consoleSize: Step = {
  name: 'what the console loads first',
  async run() {
    const page = readFileSync(join(BUILT, 'index.html'), 'utf8')
    const scripts = [...page.matchAll(/(?:src|href)="\/console\/([^"]+\.js)"/g)].map(([, path]) => path ?? '')
    const bytes = scripts.map((path) => gzipSync(readFileSync(join(BUILT, path))).length)
    const gzipKib = bytes.reduce((sum, length) => sum + length, 0) / 1024
    const found = FOREIGN.filter(([, pattern]) => pattern.test(page)).map(([what]) => what)
    const report = [
      `${gzipKib.toFixed(1)} KiB gzip of JavaScript, at most ${SCRIPT_GZIP_KIB_MAX}`,
      ...found.map((what) => `the page has ${what}`),
    ]
    const isGood = scripts.length > 0 && gzipKib <= SCRIPT_GZIP_KIB_MAX && found.length === 0
    return oneResult(isGood, report.join('\n'))
  },
}
