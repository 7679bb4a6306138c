import { parseArgs } from 'node:util'
import { bearerToken } from './keys/bearer-token.ts'
import { readKeyFile } from './keys/key-file.ts'
import { runCommand } from './user-error.ts'

/** `npm run --silent token -- KEY_FILE`: prints a bearer token, alone, on standard output. */

const USAGE = `Usage: npm run --silent token -- KEY_FILE

Prints a bearer token, valid for one hour, alone on standard output.

  KEY_FILE   a tenant's key file (for the admin API and the directory), or the operator's (for the
             operator API). \`npm start\` writes .rescind/demo.key and .rescind/operator.key.

Example:
  TOKEN=$(npm run --silent token -- .rescind/demo.key)`

const { keyFile, isHelp } = readArguments()
if (isHelp) {
  console.log(USAGE)
} else if (keyFile === undefined) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  await runCommand(async () => {
    process.stdout.write(`${await bearerToken(readKeyFile(keyFile))}\n`)
  })
}

function readArguments(): { keyFile?: string | undefined; isHelp: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h', default: false } },
    })
    const [keyFile, ...others] = positionals
    return { isHelp: values.help, keyFile: others.length === 0 ? keyFile : undefined }
  } catch {
    return { isHelp: false }
  }
}
