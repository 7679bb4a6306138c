import { existsSync } from 'node:fs'

/** Where Debian, Ubuntu, Fedora and macOS have it. */
const PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

export const CHROMIUM_ADVICE =
  'No Chromium was found, so that its tests are skipped: run `apt-get install -y chromium`, or set CHROMIUM to its path.'

/** The program of a Chromium on this machine; the variable CHROMIUM names another. */
export function findChromium(): string | undefined {
  return [process.env['CHROMIUM'] ?? '', ...PATHS].find((path) => path !== '' && existsSync(path))
}
