import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { privateKeyOf } from '../keys/bearer-token.ts'
import { readOperatorKeyFile, writeKeyFile, type OperatorKeyFile } from '../keys/key-file.ts'
import { writePrivateFile } from '../private-file.ts'
import { orAdvise } from '../user-error.ts'
import { hasVariable, readDevVars, requireGoodSettings, setVariable } from './dev-vars.ts'
import { DEV_VARS, keyPath, shown, STATE } from './home.ts'

const OPERATOR_KEY = 'operator.key'

/** A new value for every secret but the operator's, by its name. */
export const NEW_SECRETS: Readonly<Record<string, () => string>> = {
  PEPPERS: newKeyring,
  ACCESS_ID_KEYS: newKeyring,
  TRANSIENT_KEYS: newKeyring,
  RESET_GRANT_KEYS: () => newSigningKeys('grant'),
  ACCESS_TOKEN_KEYS: () => newSigningKeys('access'),
}

/** A keyring of one key: `id:base64url`. */
function newKeyring(): string {
  return `k1:${randomBytes(32).toString('base64url')}`
}

/** A list of one private key (P-256), named by the day it was made. */
function newSigningKeys(what: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = `${what}-${new Date().toISOString().slice(0, 10)}`
  return JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid }])
}

/** A new operator's key pair (P-256), as its key file. */
export function newOperatorKey(baseUrl: string, description: string): OperatorKeyFile {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' })
  return { description, baseUrl, privateKey: jwk as OperatorKeyFile['privateKey'] }
}

/**
 * OPERATOR_PUBLIC_JWK for an operator's key file.
 *
 * @throws {UserError} when it holds no key of the curve.
 */
export function publicJwkOf(file: OperatorKeyFile): string {
  return JSON.stringify(createPublicKey(privateKeyOf(file)).export({ format: 'jwk' }))
}

/**
 * Makes the secrets of a local service complete: what is missing is generated, what is there stays, and
 * what is malformed is named. Nothing is written unless all is well then.
 *
 * The operator's key file decides over its public half, since nothing is signed or kept by it.
 */
export function ensureLocalSecrets(baseUrl: string): OperatorKeyFile {
  const isUsed = existsSync(STATE)
  const before = readDevVars()
  const known = readOperatorKey()
  const operatorKey = known ? { ...known, baseUrl } : newOperatorKey(baseUrl, 'Operator of the local service')
  const kept = before === '' ? '# Secrets of the local service, made by `npm start`.\n' : before
  const missing = Object.keys(NEW_SECRETS).filter((name) => !hasVariable(before, name))
  const complete = missing.reduce((text, name) => setVariable(text, name, NEW_SECRETS[name]?.() ?? ''), kept)
  const after = setVariable(complete, 'OPERATOR_PUBLIC_JWK', publicJwkOf(operatorKey))
  requireGoodSettings(after, baseUrl)
  if (known?.baseUrl !== baseUrl) {
    writeKeyFile(keyPath(OPERATOR_KEY), operatorKey)
    const isNew = known === undefined && isUsed
    tell(
      keyPath(OPERATOR_KEY),
      isNew ? 'a new key, since there was none: tokens of the old one are refused' : '',
    )
  }
  if (after !== before) {
    writePrivateFile(DEV_VARS, after)
    const isNew = missing.length > 0 && isUsed
    tell(DEV_VARS, isNew ? `new, since there was none: ${missing.join(', ')}` : '')
  }
  return operatorKey
}

function readOperatorKey(): OperatorKeyFile | undefined {
  const path = keyPath(OPERATOR_KEY)
  if (!existsSync(path)) return undefined
  return orAdvise(
    path,
    () => {
      const file = readOperatorKeyFile(path)
      privateKeyOf(file)
      return file
    },
    'Put it back from a copy, or move it away: the next `npm start` makes a new one. No data is lost by it.',
  )
}

function tell(path: string, note: string): void {
  console.log(`  wrote ${shown(path)}${note === '' ? '' : ` (${note})`}`)
}
