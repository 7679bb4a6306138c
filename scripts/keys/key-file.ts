import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { writePrivateFile } from '../private-file.ts'
import { UserError } from '../user-error.ts'

/** What a tenant's administrators hold: the vendor's format, member for member. */
const tenantKeyFileSchema = v.object({
  customerName: v.string(),
  accessID: v.string(),
  /** RSA private key, PKCS#1 in PEM. */
  accessKey: v.string(),
  /** Base URL of the admin API, and audience of its tokens. */
  adminRestApiUrl: v.pipe(v.string(), v.url()),
  description: v.optional(v.string(), ''),
})

/** What the operator of the service holds. */
const operatorKeyFileSchema = v.object({
  description: v.optional(v.string(), ''),
  /** Origin of the service. */
  baseUrl: v.pipe(v.string(), v.url()),
  privateKey: v.object({
    kty: v.literal('EC'),
    crv: v.literal('P-256'),
    x: v.string(),
    y: v.string(),
    d: v.string(),
  }),
})

/** What an OAuth client of a tenant holds. */
const clientFileSchema = v.object({
  clientId: v.string(),
  issuer: v.pipe(v.string(), v.url()),
  tokenEndpoint: v.pipe(v.string(), v.url()),
  scopes: v.array(v.string()),
  /** RSA private key as a JWK. */
  privateKey: v.looseObject({
    kty: v.literal('RSA'),
    n: v.string(),
    e: v.string(),
    d: v.string(),
    kid: v.string(),
  }),
  description: v.optional(v.string(), ''),
})

export type ClientFile = v.InferOutput<typeof clientFileSchema>
export type TenantKeyFile = v.InferOutput<typeof tenantKeyFileSchema>
export type OperatorKeyFile = v.InferOutput<typeof operatorKeyFileSchema>

export type KeyFile = TenantKeyFile | OperatorKeyFile | ClientFile

/**
 * Reads a key file of any kind.
 *
 * @throws {UserError} saying what is wrong with it, never what is in it.
 */
export function readKeyFile(path: string): KeyFile {
  const content = parse(path, readText(path))
  const has = (name: string) => typeof content === 'object' && content !== null && name in content
  const schema = has('clientId')
    ? clientFileSchema
    : has('privateKey')
      ? operatorKeyFileSchema
      : tenantKeyFileSchema
  const result = v.safeParse(schema, content)
  if (result.success) return result.output
  const member = v.getDotPath(result.issues[0])
  throw new UserError(
    [
      `${path} is not a key file${member === null ? '' : `: ${member} is missing or malformed`}.`,
      `A tenant's has ${Object.keys(tenantKeyFileSchema.entries).join(', ')};`,
      `the operator's has ${Object.keys(operatorKeyFileSchema.entries).join(', ')};`,
      `an OAuth client's has ${Object.keys(clientFileSchema.entries).join(', ')}.`,
    ].join('\n'),
  )
}

/** @throws {UserError} also for a tenant's key file. */
export function readOperatorKeyFile(path: string): OperatorKeyFile {
  const file = readKeyFile(path)
  if ('baseUrl' in file) return file
  throw new UserError(`${path} is a tenant's key file where the operator's is needed.`)
}

/** @throws {UserError} also for the operator's key file. */
export function readTenantKeyFile(path: string): TenantKeyFile {
  const file = readKeyFile(path)
  if ('accessKey' in file) return file
  throw new UserError(`${path} is the operator's key file where a tenant's is needed.`)
}

export function writeKeyFile(path: string, file: KeyFile): void {
  writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UserError(unreadable(path, code), { cause: error })
  }
}

function unreadable(path: string, code: string | undefined): string {
  if (code === 'EISDIR') return `${path} is a folder, where a key file should be.`
  if (code !== 'ENOENT') return `${path} cannot be read (${code}).`
  return `There is no key file ${path}. \`npm start\` writes .rescind/demo.key and .rescind/operator.key.`
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without the parser's message, which quotes the text.
    throw new UserError(`${path} is not a key file: it is not JSON.`)
  }
}
