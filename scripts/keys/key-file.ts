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

export type TenantKeyFile = v.InferOutput<typeof tenantKeyFileSchema>
export type OperatorKeyFile = v.InferOutput<typeof operatorKeyFileSchema>

/**
 * Reads a key file of either kind.
 *
 * @throws {UserError} saying what is wrong with it, never what is in it.
 */
export function readKeyFile(path: string): TenantKeyFile | OperatorKeyFile {
  const content = parse(path, readText(path))
  const isOperators = typeof content === 'object' && content !== null && 'privateKey' in content
  const schema = isOperators ? operatorKeyFileSchema : tenantKeyFileSchema
  const result = v.safeParse(schema, content)
  if (result.success) return result.output
  const member = v.getDotPath(result.issues[0])
  throw new UserError(
    [
      `${path} is not a key file${member === null ? '' : `: ${member} is missing or malformed`}.`,
      `A tenant's has ${Object.keys(tenantKeyFileSchema.entries).join(', ')};`,
      `the operator's has ${Object.keys(operatorKeyFileSchema.entries).join(', ')}.`,
    ].join('\n'),
  )
}

/** @throws {UserError} also for a tenant's key file. */
export function readOperatorKeyFile(path: string): OperatorKeyFile {
  const file = readKeyFile(path)
  if ('privateKey' in file) return file
  throw new UserError(`${path} is a tenant's key file where the operator's is needed.`)
}

/** @throws {UserError} also for the operator's key file. */
export function readTenantKeyFile(path: string): TenantKeyFile {
  const file = readKeyFile(path)
  if ('accessKey' in file) return file
  throw new UserError(`${path} is the operator's key file where a tenant's is needed.`)
}

export function writeKeyFile(path: string, file: TenantKeyFile | OperatorKeyFile): void {
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
