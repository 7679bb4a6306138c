import type { ErrorStatus } from '../../src/http/error-status.ts'
import { headerRefs, type HeaderName } from './headers.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { OpenApiDocument, ResponseObject } from './document.ts'
import type { Answer, Body, Dialect, Examples, Operation, Refusal } from './operation.ts'
import { examplePath } from './parameters.ts'

/** When a request is refused, in the words of the table in docs/api.md. */
const WHEN: Readonly<Record<ErrorStatus, string>> = {
  400: 'The request as a whole is wrong.',
  401: 'There is no valid token; or, on the password API, no valid code or CSRF token.',
  403: "The key's or person's role, or the client's scopes, do not allow it.",
  404: 'There is no such tenant, user or key.',
  405: 'The method is wrong; `Allow` names the right ones.',
  406: 'No media type of the answer is acceptable.',
  409: 'It would collide with what is there.',
  412: 'Somebody has changed the user meanwhile.',
  413: 'The body is over 64 KiB.',
  415: 'The body is of another media type, charset or encoding.',
  422: 'The `Idempotency-Key` was used for another request.',
  429: 'Too many requests; `Retry-After` is true.',
  500: 'A fault of ours.',
  501: "The tenant's policy does not configure it.",
  503: 'A store is full or out of reach, or a password hook failed; try after `Retry-After`.',
}

/** Refusals that come before the limits of a key are asked: they say nothing of any bucket. */
const BEFORE_LIMITS_OF_KEYS = new Set([401, 403])

/** What an operation answers. What several answer in the same way stands once in the document. */
export class Responses {
  of(dialect: Dialect, operation: Operation, method: string, path: string): Record<string, ResponseObject> {
    const refusals = mergeRefusals([
      commonRefusals(operation, method),
      dialect.common(operation, method),
      Object.fromEntries(
        Object.entries(operation.answers).filter((entry): entry is [string, Refusal] => isRefusal(entry[1])),
      ),
    ])
    const successes = Object.entries(operation.answers).filter(([, each]) => !isRefusal(each))
    const entries = [
      ...successes.map(([status, each]) => [
        status,
        successObject(headersOf(dialect, operation), each as Answer),
      ]),
      ...Object.entries(refusals).map(([status, examples]) => [
        status,
        refusalObject(dialect, operation, Number(status) as ErrorStatus, examples, path),
      ]),
    ] as [string, ResponseObject][]
    return Object.fromEntries(entries.toSorted(([one], [other]) => Number(one) - Number(other)))
  }

  /** Takes the answers that are the same in several operations out of them, and gives these by their names. */
  share(paths: OpenApiDocument['paths']): Record<string, ResponseObject> {
    const shared: Record<string, ResponseObject> = {}
    const places = new Map<string, { name: string; of: Record<string, ResponseObject>; status: string }[]>()
    for (const { tags, responses } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      for (const [status, response] of Object.entries(responses)) {
        const key = JSON.stringify([tags, status, response])
        const name = `${tags.join().replaceAll(/\W/g, '')}${status}`
        places.set(key, [...(places.get(key) ?? []), { name, of: responses, status }])
      }
    }
    for (const same of places.values()) {
      const [first] = same
      if (first === undefined || same.length === 1) continue
      const { name, of, status } = first
      let chosen = name
      for (let number = 2; Object.hasOwn(shared, chosen); number += 1) chosen = `${name}-${number}`
      shared[chosen] = of[status] ?? {}
      for (const place of same) place.of[place.status] = { $ref: `#/components/responses/${chosen}` }
    }
    return shared
  }
}

const CSRF = { csrf: 'Send the token of the session in X-CSRF-Token.' }

/** Refusals that follow from who may call, from the method and from the body. */
function commonRefusals({ who, body }: Operation, method: string): Partial<Record<ErrorStatus, Refusal>> {
  const isOfTenant = typeof who === 'object'
  return {
    429: { network: 'Too many requests from your network. Try again in 10 seconds.' },
    ...((isOfTenant || who === 'operator' || who === 'owner') && {
      401: { token: 'A valid bearer token is required.' },
    }),
    ...(who === 'person' && { 401: { session: 'Sign in: there is no live session.' }, 403: CSRF }),
    ...(isOfTenant && {
      403: { role: 'The role help-desk of this key does not allow this call.', ...CSRF },
    }),
    ...(who === 'owner' && {
      403: { other: 'This is for the operator, and for super-admins of the tenant.', ...CSRF },
    }),
    ...(method !== 'GET' && { 413: { tooLarge: 'The body is over 65536 bytes.' } }),
    ...(body?.content['application/json'] && {
      400: { notJson: 'The body is not valid JSON.', twice: 'The body names a member twice.' },
      415: {
        ...(!body.isOfAnyType && { mediaType: 'Send the body as application/json.' }),
        charset: 'Send the body as UTF-8.',
        encoding: 'Send the body without Content-Encoding.',
      },
    }),
  }
}

/** A fault of ours, and a store that fails, in the words that any face has. */
export const OUR_FAULT = { fault: 'The request failed through a fault of ours.' }
export const STORE_FAULT = { store: 'The service cannot reach its store. Try again.' }

function isRefusal(each: unknown): each is Refusal {
  return typeof each === 'string' || (typeof each === 'object' && each !== null && !('what' in each))
}

function mergeRefusals(
  all: readonly Partial<Record<number, Refusal>>[],
): Record<string, Record<string, string>> {
  const merged: Record<string, Record<string, string>> = {}
  for (const [status, refusal] of all.flatMap((each) => Object.entries(each))) {
    const examples = typeof refusal === 'string' ? { refused: refusal } : refusal
    merged[status] = { ...merged[status], ...examples }
  }
  return merged
}

/** With those of the limits of a super-admin, where one may call beside the operator, who has none. */
function headersOf(dialect: Dialect, { who }: Operation): Dialect {
  return who === 'owner'
    ? { ...dialect, headers: [...dialect.headers, 'RateLimit', 'RateLimit-Policy'] }
    : dialect
}

function successObject(dialect: Dialect, { what, schema, examples, headers = [], mediaTypes }: Answer) {
  const types = mediaTypes ?? [dialect.mediaType]
  const names = new Set<HeaderName>(['X-Request-Id', 'Cache-Control', ...dialect.headers, ...headers])
  const content = schema && Object.fromEntries(types.map((type) => [type, media(schema, examples)]))
  return { description: what, headers: headerRefs(names), ...(content && { content }) }
}

function refusalObject(
  dialect: Dialect,
  operation: Operation,
  status: ErrorStatus,
  sentences: Record<string, string>,
  path: string,
): ResponseObject & { description: string } {
  const names = new Set<HeaderName>(['X-Request-Id', 'Cache-Control'])
  const { who } = operation
  // A face that refuses media types for all of its operations does so before the limits.
  const isOfFace = status === 406 && dialect.common(operation, '')[406] !== undefined
  const isOwn = status === 403 && operation.answers[status] !== undefined
  const isOfKey = (typeof who === 'object' || who === 'owner') && BEFORE_LIMITS_OF_KEYS.has(status)
  const isBefore = status === 413 || isOfFace || (isOfKey && !isOwn)
  for (const name of headersOf(dialect, operation).headers) {
    if (!name.startsWith('RateLimit') || !isBefore) names.add(name)
  }
  if (status === 429 || status === 503) names.add('Retry-After')
  if (status === 409 && who !== 'operator' && who !== 'owner' && dialect.errorType === 'application/json')
    names.add('Retry-After')
  if ((status === 401 || (status === 403 && typeof who === 'object')) && who !== 'anyone') {
    names.add('WWW-Authenticate')
  }
  const bodies = Object.entries(sentences).map(([name, sentence]) => {
    return [name, dialect.refusal(status, sentence, examplePath(path)).body] as const
  })
  const { schema } = dialect.refusal(status, '', '')
  return {
    description: WHEN[status],
    headers: headerRefs(names),
    content: { [dialect.errorType]: media(schema, Object.fromEntries(bodies)) },
  }
}

/** The bodies of requests. */
export function bodyContent(content: Body['content']) {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, examples }]) => [type, media(schema, examples)]),
  )
}

function media(schema: Parameters<typeof jsonSchemaOf>[0], examples: Examples = {}) {
  const values = Object.entries(examples).map(([name, value]) => [name, { value }])
  return {
    schema: jsonSchemaOf(schema),
    examples: Object.fromEntries(values) as Record<string, { value: unknown }>,
  }
}
