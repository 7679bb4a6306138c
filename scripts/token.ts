import { runWithArguments, UsageError } from './command-line.ts'
import { bearerToken } from './keys/bearer-token.ts'
import { readKeyFile } from './keys/key-file.ts'

/** `npm run --silent token -- KEY_FILE`: prints a bearer token, alone, on standard output. */

const USAGE = `Usage: npm run --silent token -- KEY_FILE

Prints a bearer token, valid for one hour, alone on standard output.

  KEY_FILE   a tenant's key file (for the admin API and the directory), or the operator's (for the
             operator API). \`npm start\` writes .rescind/demo.key and .rescind/operator.key, and
             \`npm run key\` writes those of other tenants.

Example:
  TOKEN=$(npm run --silent token -- .rescind/demo.key)`

await runWithArguments(
  USAGE,
  {},
  ({ positionals: [keyFile, ...others] }) => {
    if (keyFile === undefined || others.length > 0) throw new UsageError('Name one key file.')
    return keyFile
  },
  async (keyFile) => {
    process.stdout.write(`${await bearerToken(readKeyFile(keyFile))}\n`)
  },
)
