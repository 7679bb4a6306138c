import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { readOperatorKeyFile, writeKeyFile, type OperatorKeyFile } from '../keys/key-file.ts'
import { writePrivateFile } from '../private-file.ts'
import { UserError } from '../user-error.ts'
import { DEV_VARS, keyPath, shown } from './home.ts'

/** A new value for every secret but the operator's, by its name. */
export const NEW_SECRETS: Readonly<Record<string, () => string>> = {
  PEPPERS: newKeyring,
  ACCESS_ID_KEYS: newKeyring,
  TRANSIENT_KEYS: newKeyring,
  RESET_GRANT_KEYS: newResetGrantKeys,
}

/** A keyring of one key: `id:base64url`. */
function newKeyring(): string {
  return `k1:${randomBytes(32).toString('base64url')}`
}

/** A list of one private key (P-256), named by the day it was made. */
function newResetGrantKeys(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = `grant-${new Date().toISOString().slice(0, 10)}`
  return JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid }])
}

/** A new operator's key pair (P-256), as its key file. */
export function newOperatorKey(baseUrl: string, description: string): OperatorKeyFile {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' })
  return { description, baseUrl, privateKey: jwk as OperatorKeyFile['privateKey'] }
}

/** OPERATOR_PUBLIC_JWK for an operator's key file. */
export function publicJwkOf({ privateKey }: OperatorKeyFile): string {
  const key = createPublicKey({ key: privateKey, format: 'jwk' })
  return JSON.stringify(key.export({ format: 'jwk' }))
}

/**
 * Makes the secrets of a local service complete: what is missing is generated, what is there stays.
 * The operator's key file decides over its public half, so losing either of the two is mended.
 */
export function ensureLocalSecrets(baseUrl: string): OperatorKeyFile {
  const operatorKey = ensureOperatorKey(baseUrl)
  const before = existsSync(DEV_VARS) ? readFileSync(DEV_VARS, 'utf8') : ''
  refuseBaseUrl(before)
  const kept = before === '' ? '# Secrets of the local service, made by `npm start`.\n' : before
  const complete = Object.entries(NEW_SECRETS).reduce(
    (text, [name, newSecret]) => (hasVariable(text, name) ? text : setVariable(text, name, newSecret())),
    kept,
  )
  const after = setVariable(complete, 'OPERATOR_PUBLIC_JWK', publicJwkOf(operatorKey))
  if (after !== before) {
    writePrivateFile(DEV_VARS, after)
    console.log(`  wrote ${shown(DEV_VARS)}`)
  }
  return operatorKey
}

function ensureOperatorKey(baseUrl: string): OperatorKeyFile {
  const path = keyPath('operator.key')
  const known = existsSync(path) ? readOperatorKeyFile(path) : undefined
  if (known?.baseUrl === baseUrl) return known
  const file = known ? { ...known, baseUrl } : newOperatorKey(baseUrl, 'Operator of the local service')
  writeKeyFile(path, file)
  console.log(`  wrote ${shown(path)}`)
  return file
}

/** The base URL follows PORT, and wrangler lets this file win: the two would drift apart. */
function refuseBaseUrl(devVars: string): void {
  if (!hasVariable(devVars, 'BASE_URL')) return
  throw new UserError(
    `${shown(DEV_VARS)} sets BASE_URL, which \`npm start\` derives from PORT. Remove that line.`,
  )
}

function lineOf(name: string): RegExp {
  return new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=.*$`, 'm')
}

function hasVariable(text: string, name: string): boolean {
  return lineOf(name).test(text)
}

function setVariable(text: string, name: string, value: string): string {
  // Single quotes, since dotenv would take JSON's own for its delimiters.
  const line = `${name}='${value}'`
  if (hasVariable(text, name)) return text.replace(lineOf(name), () => line)
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}
