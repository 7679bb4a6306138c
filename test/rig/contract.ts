import { Validator } from '@cfworker/json-schema'
import type { OpenApiDocument } from '../../scripts/openapi/document.ts'
import { SECURITY_HEADERS } from '../../scripts/openapi/headers.ts'
import type { JsonSchema } from '../../scripts/openapi/json-schema.ts'
import { members, operationsOf, partsOf, resolve, type Named } from '../../scripts/openapi/promises.ts'
import { canonicalPath } from '../../src/http/path.ts'

type Route = Named & { method: string; pattern: RegExp; parameters: number }

/** Refusals below each prefix where no operation is; elsewhere they are problem details. */
const ERRORS_BELOW: readonly (readonly [prefix: string, schemas: readonly string[]])[] = [
  ['/AdminInterface/', ['AdminError', 'SpringError']],
  ['/api/', ['Fault']],
  ['/scim/', ['ScimError']],
  ['/oauth/', ['OAuthError']],
  ['/reset', ['Page']],
  ['/v/', ['Page']],
  ['', ['Problem']],
]
/** What is answered where no operation is: also a preflight, and what comes before a path is looked at. */
const WITHOUT_OPERATION = new Set([204, 404, 405, 413, 429, 500, 503])

/** Headers of transport, and those of every answer. */
const TRANSPORT =
  'connection, content-encoding, content-length, content-type, date, keep-alive, transfer-encoding'
const PLAIN_HEADERS = new Set([
  ...TRANSPORT.split(', '),
  ...SECURITY_HEADERS.map((name) => name.toLowerCase()),
])

/** Pages of the console for people, which are no part of the API: all below it but what its scripts call. */
export const PAGES =
  /^\/console(?!\/(?:sessions?|logout|backchannel-logout|overview|users\/find)(?:\/|$))(?:\/|$)/

const VERDICTS_MAX = 20_000

type Answer = {
  path: string
  route: Route | undefined
  status: number
  headers: string[]
  type: string
  text: string
  isHead: boolean
}
type Verdict = { faults: string[]; proven: string[] }

/**
 * Holds answers against the document of the API: their status, their headers, and their body, which may have no
 * member that is not written there; and what was accepted, which must be written there too. What the answers prove is
 * told to the gate, which asks whether anything of the document was never seen: scripts/gate/contract.ts.
 */
export class Contract {
  readonly #document: OpenApiDocument
  readonly #routes: readonly Route[]
  readonly #seen = new Set<string>()
  readonly #told = new Set<string>()
  readonly #violations: string[] = []
  readonly #judged = new Map<string, Verdict>()
  readonly #closed = new WeakMap<object, Validator>()
  readonly #open = new WeakMap<object, Validator>()

  constructor(document: OpenApiDocument) {
    this.#document = document
    this.#routes = routesOf(document)
  }

  /** What answers have proven since the last call of this. */
  newlySeen(): string[] {
    const news = [...this.#seen].filter((promise) => !this.#told.has(promise))
    for (const promise of news) this.#told.add(promise)
    return news
  }

  /** What contradicted the document since the last call of this. */
  newViolations(): string[] {
    return this.#violations.splice(0)
  }

  /** Looks at an answer, and at the body that was sent for it where that is known. */
  async look(request: Request, response: Response, sent: string | undefined): Promise<void> {
    const path = canonicalPath(request)
    if (PAGES.test(path)) return
    const text = response.body === null ? '' : await response.clone().text()
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = this.#routes.find((each) => each.method === method && each.pattern.test(path))
    const { status } = response
    const headers = [...response.headers.keys()].filter((name) => !PLAIN_HEADERS.has(name))
    const type = response.headers.get('Content-Type') ?? ''
    const verdict = this.#verdictOn({
      path,
      route,
      status,
      headers,
      type,
      text,
      isHead: request.method === 'HEAD',
    })
    for (const promise of verdict.proven) this.#seen.add(promise)
    const accepted = response.ok && sent !== undefined && route !== undefined
    const faults = [
      ...verdict.faults,
      ...this.#faultsOfHeaders(response.headers),
      ...(accepted ? this.#faultsOfAccepted(route, sent, text) : []),
    ]
    this.#violations.push(...faults.map((fault) => `${request.method} ${path} ${status}: ${fault}`))
  }

  /**
   * What is wrong with a body, or a part of it, by its schema: a member that is not named, too. A body of another
   * media type than JSON is text as it stands.
   */
  faultsOf(schema: object, text: string, type = 'application/json'): string[] {
    const value = valueOf(text, type)
    if (value === undefined) return ['the body is no JSON']
    const { errors } = this.#closedOne(schema).validate(value)
    return errors.slice(0, 3).map(({ instanceLocation, error }) => `${instanceLocation} ${error}`)
  }

  /** What is wrong with a value that may have more members than are named. */
  openFaultsOf(schema: object, value: unknown): string[] {
    const { schemas } = this.#document.components
    const validator =
      this.#open.get(schema) ?? new Validator({ ...schema, components: { schemas } }, '2020-12')
    this.#open.set(schema, validator)
    const { errors } = validator.validate(value)
    return errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`)
  }

  /** Floods bring the same answer again and again; only what a header says may differ. */
  #verdictOn(answer: Answer): Verdict {
    const { path, route, status, headers, type, text, isHead } = answer
    const key = JSON.stringify([route?.name ?? path, status, headers, type, text, isHead])
    const verdict = this.#judged.get(key) ?? this.#judge(answer)
    if (this.#judged.size < VERDICTS_MAX) this.#judged.set(key, verdict)
    return verdict
  }

  #judge({ path, route, status, headers, type, text, isHead }: Answer): Verdict {
    if (route === undefined)
      return { faults: this.#faultsWithoutOperation(path, status, type, text), proven: [] }
    const { name, tag, operation } = route
    const response = operation.responses[status]
    if (response === undefined) return { faults: ['the status is not documented'], proven: [] }
    const parts = partsOf(this.#document, name, String(status), response)
    const known = new Map(parts.headers.map((header) => [header.toLowerCase(), header]))
    const needed = ['x-request-id', 'cache-control', ...(status === 429 ? ['retry-after'] : [])]
    const faults = [
      ...headers.filter((each) => !known.has(each)).map((each) => `the header ${each} is not documented`),
      ...needed.filter((each) => !headers.includes(each)).map((each) => `the header ${each} is missing`),
    ]
    const proven = new Set([
      name,
      `${name} ${status}`,
      ...headers.map((each) => `${tag}: ${known.get(each)}`),
    ])
    const schema = parts.content[type.replace(/;.*/, '')]
    if (schema === undefined) {
      if (text !== '') faults.push(`the media type ${type} is not documented`)
    } else if (!isHead) {
      const bad = this.faultsOf(schema, text, type)
      faults.push(...bad)
      const has = { value: valueOf(text, type), isOf: this.#isOf }
      if (bad.length === 0) members(this.#document, schema, parts.base, proven, has)
    }
    return { faults, proven: [...proven] }
  }

  #faultsWithoutOperation(path: string, status: number, type: string, text: string): string[] {
    if (!WITHOUT_OPERATION.has(status)) return ['no operation is documented']
    const names = ERRORS_BELOW.find(([prefix]) => path.startsWith(prefix))?.[1] ?? []
    const schema = { anyOf: names.map((name) => ({ $ref: `#/components/schemas/${name}` })) }
    return text === '' ? [] : this.faultsOf(schema, text, type)
  }

  #faultsOfHeaders(headers: Headers): string[] {
    return Object.entries(this.#document.components.headers).flatMap(([name, header]) => {
      const value = headers.get(name)
      if (value === null) return []
      const isGood = this.openFaultsOf((header as { schema: object }).schema, value).length === 0
      return isGood ? [] : [`the header ${name} is not as documented: ${value}`]
    })
  }

  /** What is undocumented in a body that was accepted: every alias and bound that the code takes stands in the document. */
  #faultsOfAccepted({ operation }: Route, sent: string, text: string): string[] {
    const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
    if (content === undefined || type?.endsWith('json') !== true) return []
    const body = JSON.parse(sent) as unknown
    const accepted = operation.operationId.startsWith('generate') ? entriesTaken(body, text) : [body]
    return accepted
      .flatMap((each) => this.openFaultsOf(content.schema, each))
      .map((fault) => `was accepted, but ${fault}`)
  }

  readonly #isOf = (schema: JsonSchema, value: unknown): boolean =>
    this.#closedOne(schema).validate(value).valid

  /** A validator of the schema, in which no member may be that is not named. */
  #closedOne(schema: object): Validator {
    const made =
      this.#closed.get(schema) ?? new Validator(closed(this.#document, schema) as object, '2020-12')
    this.#closed.set(schema, made)
    return made
  }
}

/** What a body says; nothing where it should be JSON and is none. */
function valueOf(text: string, type: string): unknown {
  if (!/json\b/.test(type)) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function routesOf(document: OpenApiDocument): Route[] {
  const routes = operationsOf(document).map((named) => {
    const [method = '', path = ''] = named.name.split(' ')
    const pattern = new RegExp(`^${path.replaceAll('.', String.raw`\.`).replace(/\{\w+\}/g, '[^/]+')}$`)
    return { ...named, method, pattern, parameters: path.split('{').length }
  })
  return routes.toSorted((one, other) => one.parameters - other.parameters)
}

/** The users of a generate call who got codes: each entry is accepted or not. */
function entriesTaken(body: unknown, text: string): unknown[] {
  const results = [JSON.parse(text) as { status: number } | { status: number }[]].flat()
  return [body].flat().filter((_, index) => [1000, 1001].includes(results[index]?.status ?? 0))
}

/** The schema with what it refers to, and closed. */
function closed(document: OpenApiDocument, part: unknown): unknown {
  if (Array.isArray(part)) return part.map((each: unknown) => closed(document, each))
  if (typeof part !== 'object' || part === null) return part
  const { $ref } = part as { $ref?: string }
  if ($ref !== undefined) return closed(document, resolve(document, $ref))
  const entries = Object.entries(part).filter(([name]) => name !== 'examples' && name !== 'default')
  const inner = Object.fromEntries(entries.map(([name, each]) => [name, closed(document, each)]))
  return 'properties' in inner ? { additionalProperties: false, ...inner } : inner
}
