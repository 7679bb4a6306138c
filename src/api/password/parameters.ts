import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { mediaType, parseJson, readText } from '../../http/body.ts'
import { isRecord, ownMember } from '../../record.ts'

/** The parameters of the password API: their name in forms and queries, and in JSON. */
const JSON_NAMES = { emailAddress: 'Email', passwordResetCode: 'PasswordResetCode' } as const

type Name = keyof typeof JSON_NAMES

/** What was sent; an answer to a question as it came, which is only ever in JSON. */
type Parameters = Record<Name, string> & { challenge: unknown }

/**
 * Reads parameters from the query and a form or JSON body: each exactly once, as one string, so that
 * a request never speaks of two people (CVE-2023-7028).
 *
 * @throws {HTTPException} 400 for a parameter missing, repeated, contradictory or of a wrong type,
 *   415 for another kind of body.
 */
export async function readParameters(c: Context, names: readonly Name[]): Promise<Parameters> {
  const query = new URL(c.req.url).searchParams
  const body = await readBody(c)
  const entries = names.map((name) => {
    const inQuery = single(name, query.getAll(name))
    const inBody = single(name, body.valuesOf(name))
    if (inQuery !== undefined && inBody !== undefined && inQuery !== inBody && !body.winsFor(name)) {
      throw new HTTPException(400, { message: `${name} differs between the query and the body.` })
    }
    const value = inBody ?? inQuery
    if (value === undefined || value === '') {
      throw new HTTPException(400, { message: `${name} is required.` })
    }
    return [name, value] as const
  })
  return { ...(Object.fromEntries(entries) as Record<Name, string>), challenge: body.challenge }
}

type Body = {
  valuesOf(name: Name): unknown[]
  /** Whether the body's value is taken where the query has another one. */
  winsFor(name: Name): boolean
  challenge?: unknown
}

async function readBody(c: Context): Promise<Body> {
  const text = await readText(c)
  const type = mediaType(c)
  if (text === '') return { valuesOf: () => [], winsFor: () => false }
  if (type === 'application/x-www-form-urlencoded') {
    const form = new URLSearchParams(text)
    return { valuesOf: (name) => form.getAll(name), winsFor: () => false }
  }
  if (/^application\/(?:[\w.-]+\+)?json$/.test(type)) return jsonBody(parseJson(text))
  throw new HTTPException(415, {
    message: 'Send the parameters as application/x-www-form-urlencoded, as JSON, or in the query.',
  })
}

function jsonBody(value: unknown): Body {
  if (!isRecord(value)) throw new HTTPException(400, { message: 'The body must be a JSON object.' })
  const valuesOf = (name: Name) =>
    [ownMember(value, name), ownMember(value, JSON_NAMES[name])].filter((member) => member !== undefined)
  // The vendor's own sample posts one code as JSON to a URL that carries another.
  const challenge = ownMember(value, 'UserIdentificationChallenge')
  return { valuesOf, winsFor: (name) => name === 'passwordResetCode', challenge }
}

function single(name: Name, values: readonly unknown[]): string | undefined {
  const [value, ...others] = values
  if (others.length > 0) throw new HTTPException(400, { message: `${name} is given more than once.` })
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw new HTTPException(400, { message: `${name} must be a string.` })
  if (value.includes('\uFFFD')) throw new HTTPException(400, { message: `${name} is not valid UTF-8.` })
  return value
}
