import { runWithArguments, UsageError } from './command-line.ts'
import { accessToken } from './keys/access-token.ts'
import { bearerToken } from './keys/bearer-token.ts'
import { readKeyFile } from './keys/key-file.ts'

/** `npm run --silent token -- KEY_FILE`: prints a bearer token, alone, on standard output. */

const USAGE = `Usage: npm run --silent token -- KEY_FILE

Prints a bearer token, valid for one hour, alone on standard output.

  KEY_FILE   a tenant's key file (for the admin API and the directory), or the operator's (for the
             operator API). \`npm start\` writes .rescind/demo.key and .rescind/operator.key, and
             \`npm run key\` writes those of other tenants. The file of an OAuth client, which
             \`npm run client\` writes, is taken to the service for an access token.

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
    const file = readKeyFile(keyFile)
    process.stdout.write(`${await ('clientId' in file ? accessToken(file) : bearerToken(file))}\n`)
  },
)
