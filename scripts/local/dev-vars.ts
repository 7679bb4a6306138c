import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { config } from '../../src/config.ts'
import { SettingError } from '../../src/setting-error.ts'
import { UserError } from '../user-error.ts'
import { DEV_VARS, shown } from './home.ts'

/** `.dev.vars`: the secrets of a local service, one `NAME='value'` in a line, as wrangler reads them. */

const LINE = /^\s*(?:export\s+)?[\w.-]+\s*=\s*(?:'[^']*'|"[^"]*"|`[^`]*`|[^'"`\s][^'"`]*)?\s*(?:#.*)?$/
const BLANK = /^\s*(?:#.*)?$/

/** Settings that a text in `.dev.vars` would override wrongly, and where they are set. */
const ELSEWHERE = {
  BASE_URL: '`npm start` derives it from PORT',
  LIMITER_DEADLINE_MS: 'it is a number, and set in wrangler.toml',
}

/** What is lost when a secret is made anew. */
const COST: Readonly<Record<string, string>> = {
  PEPPERS: 'which ends every live code',
  ACCESS_ID_KEYS: 'which ends every API key but that of the demo tenant',
  TRANSIENT_KEYS: 'which drops the mails that wait to be sent',
  RESET_GRANT_KEYS: 'which ends the reset grants given out so far',
  ACCESS_TOKEN_KEYS: 'which ends the access tokens given out so far',
}

/**
 * The text of the file, empty where there is none.
 *
 * @throws {UserError} when it cannot be read, or a line of it is cut off: a name that goes unnoticed would
 * be given a new value, and codes and keys would end with the old one.
 */
export function readDevVars(): string {
  const text = readIfThere()
  const lines = text.split(/\r?\n/)
  const broken = lines.findIndex((line) => !BLANK.test(line) && !LINE.test(line))
  if (broken === -1) {
    for (const [name, reason] of Object.entries(ELSEWHERE)) {
      if (!hasVariable(text, name)) continue
      throw new UserError(
        `${shown(DEV_VARS)} sets ${name}, which has no place there: ${reason}. Remove that line.`,
      )
    }
    return text
  }
  const [, name] = /^\s*(?:export\s+)?([A-Z][A-Z_]+)/.exec(lines[broken] ?? '') ?? []
  const which = name === undefined ? '' : `, ${name},`
  throw new UserError(
    `Line ${broken + 1} of ${shown(DEV_VARS)}${which} is no whole NAME='value'. Put it right, or remove it to have a missing secret made anew.`,
  )
}

/**
 * Reads the settings as the Worker will, with the Worker's own code.
 *
 * @throws {UserError} naming the one that is malformed, never its value.
 */
export function requireGoodSettings(devVars: string, baseUrl: string): void {
  const vars = parseEnv(devVars)
  const value = (name: string) => vars[name] ?? ''
  try {
    const { resetGrantKeys, accessTokenKeys } = config({
      BASE_URL: baseUrl,
      LIMITER_DEADLINE_MS: 1,
      PEPPERS: value('PEPPERS'),
      ACCESS_ID_KEYS: value('ACCESS_ID_KEYS'),
      TRANSIENT_KEYS: value('TRANSIENT_KEYS'),
      RESET_GRANT_KEYS: value('RESET_GRANT_KEYS'),
      ACCESS_TOKEN_KEYS: value('ACCESS_TOKEN_KEYS'),
      OPERATOR_PUBLIC_JWK: value('OPERATOR_PUBLIC_JWK'),
    })
    for (const key of resetGrantKeys) requireOnCurve('RESET_GRANT_KEYS', key)
    for (const key of accessTokenKeys) requireOnCurve('ACCESS_TOKEN_KEYS', key)
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    const { setting, message } = error
    const cost = COST[setting]
    throw new UserError(
      [
        `${shown(DEV_VARS)}: ${message}.`,
        `Put the right value back, or remove the line ${setting}=... to have a new one made${cost === undefined ? '' : `, ${cost}`}.`,
      ].join('\n'),
    )
  }
}

/** The Worker finds out only when it signs, and then it is too late for the code that was redeemed. */
function requireOnCurve(setting: string, key: object): void {
  try {
    createPrivateKey({ key: { ...key }, format: 'jwk' })
  } catch {
    throw new SettingError(setting, 'holds a key that is no point of P-256')
  }
}

export function hasVariable(text: string, name: string): boolean {
  return lineOf(name).test(text)
}

/** The text with the variable in it, in its old place where it had one. */
export function setVariable(text: string, name: string, value: string): string {
  // Single quotes, since dotenv would take JSON's own for its delimiters.
  const line = `${name}='${value}'`
  if (hasVariable(text, name)) return text.replace(lineOf(name), () => line)
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}

function lineOf(name: string): RegExp {
  return new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=.*$`, 'm')
}

function readIfThere(): string {
  try {
    return readFileSync(DEV_VARS, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return ''
    const what = code === 'EISDIR' ? 'is a folder, where a file should be' : `cannot be read (${code})`
    throw new UserError(`${shown(DEV_VARS)} ${what}. Move it away, or put it right, and start again.`, {
      cause: error,
    })
  }
}
