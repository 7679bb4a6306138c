import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_readConfig as readConfig } from 'wrangler'
import { keyPath, ROOT, shown } from './local/home.ts'
import { NEW_SECRETS, newOperatorKey, publicJwkOf } from './local/local-secrets.ts'
import { writeKeyFile } from './keys/key-file.ts'
import { writePrivateFile } from './private-file.ts'
import { runCommand, UserError } from './user-error.ts'

/** `npm run secrets [-- BASE_URL]`: makes the secrets of production, once. */
await runCommand(async function secrets() {
  const configured = productionBaseUrl()
  const baseUrl = requireOrigin(process.argv[2], configured)
  const secretsPath = keyPath('production.secrets.json')
  const operatorPath = keyPath('production-operator.key')
  for (const path of [secretsPath, operatorPath]) {
    // New peppers would end every live code, and a new operator key would lock the operator out.
    if (existsSync(path)) {
      throw new UserError(`${shown(path)} is there already, and is never overwritten. Move it away first.`)
    }
  }
  const operatorKey = newOperatorKey(baseUrl, `Operator of ${baseUrl}`)
  const content = {
    ...Object.fromEntries(Object.entries(NEW_SECRETS).map(([name, newSecret]) => [name, newSecret()])),
    OPERATOR_PUBLIC_JWK: publicJwkOf(operatorKey),
  }
  writeKeyFile(operatorPath, operatorKey)
  writePrivateFile(secretsPath, `${JSON.stringify(content, null, 2)}\n`)
  console.log(nextSteps(baseUrl, shown(secretsPath), shown(operatorPath)))
  if (configured !== baseUrl) console.error(`\n${drift(baseUrl, configured)}`)
})

function drift(baseUrl: string, configured: string): string {
  return [
    `Warning: BASE_URL of production in wrangler.toml is ${configured}, and not ${baseUrl}.`,
    'As it is, the service would refuse every token of the operator key that was just written.',
    `Set it for every Worker, and the patterns of their routes, before you deploy: BASE_URL = "${baseUrl}"`,
  ].join('\n')
}

function nextSteps(baseUrl: string, secretsPath: string, operatorPath: string): string {
  return `Wrote ${secretsPath} and ${operatorPath} for ${baseUrl}.

The first deploy takes the secrets along; later ones are \`npm run deploy\`:

  npx wrangler d1 create rescind      # then put database_id into wrangler.toml
  npx wrangler queues create rescind-deliveries
  npx wrangler queues create rescind-slow-deliveries
  npx wrangler queues create rescind-dead-letters
  npx wrangler queues create rescind-webhooks
  npx wrangler queues create rescind-slow-webhooks
  npx wrangler queues create rescind-jobs
  npx wrangler d1 migrations apply rescind --remote --env production
  npx wrangler deploy --env production --secrets-file ${secretsPath}
  npx wrangler deploy --env production-control --secrets-file ${secretsPath}
  npx wrangler deploy --env production-background --secrets-file ${secretsPath}

Then move both files to where your other secrets are kept, off this machine: the peppers are needed
to rotate them, the operator key to make tenants and keys:

  npm run --silent token -- ${operatorPath}`
}

/** BASE_URL of production, as wrangler.toml has it. */
function productionBaseUrl(): string {
  const config = readConfig(
    { config: join(ROOT, 'wrangler.toml'), env: 'production' },
    { hideWarnings: true },
  )
  return String(config.vars['BASE_URL'])
}

/** @throws {UserError} without a URL that production can be reached by. */
function requireOrigin(argument: string | undefined, configured: string): string {
  const text = argument ?? configured
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.href !== `${url.origin}/`) {
    throw new UserError(`The base URL must be an origin such as https://reset.acme.com, not "${text}".`)
  }
  if (argument === undefined && url.hostname.endsWith('example.com')) {
    throw new UserError(
      'BASE_URL of production in wrangler.toml is still the example. Set it and the routes for every Worker, or pass the URL: npm run secrets -- https://reset.acme.com',
    )
  }
  return url.origin
}
