import { Validator } from '@cfworker/json-schema'
import { openApiDocument } from '../../scripts/openapi/document.ts'
import { SECURITY_HEADERS } from '../../scripts/openapi/headers.ts'
import type { JsonSchema } from '../../scripts/openapi/json-schema.ts'
import { members, operationsOf, partsOf, resolve, type Named } from '../../scripts/openapi/promises.ts'
import { app } from '../../src/app.ts'
import { canonicalPath } from '../../src/http/path.ts'
import worker from '../../src/index.ts'

/**
 * Holds every answer that any test ever gets against the document of the API: its status, its headers, and its body,
 * which may have no member that is not written there. What the answers prove is told to the gate, which asks whether
 * anything of the document was never seen: scripts/gate/contract.ts.
 */

const document = openApiDocument()

type Route = Named & { method: string; pattern: RegExp; parameters: number }

const routes: Route[] = operationsOf(document)
  .map((named) => {
    const [method = '', path = ''] = named.name.split(' ')
    const pattern = new RegExp(`^${path.replaceAll('.', String.raw`\.`).replace(/\{\w+\}/g, '[^/]+')}$`)
    return { ...named, method, pattern, parameters: path.split('{').length }
  })
  .toSorted((one, other) => one.parameters - other.parameters)

/** Refusals below each prefix where no operation is; elsewhere they are problem details. */
const ERRORS_BELOW: readonly (readonly [prefix: string, schemas: readonly string[]])[] = [
  ['/AdminInterface/', ['AdminError', 'SpringError']],
  ['/api/', ['Fault']],
  ['/scim/', ['ScimError']],
  ['/oauth/', ['OAuthError']],
  ['', ['Problem']],
]
/** What is answered where no operation is: also a preflight, and what comes before a path is looked at. */
const WITHOUT_OPERATION = new Set([204, 404, 405, 413, 429, 500, 503])

/** Headers of transport, and of answers to a browser that asks beforehand. */
const PLAIN_HEADERS = new Set(
  ['Content-Type', 'Content-Length', ...SECURITY_HEADERS].map((name) => name.toLowerCase()),
)

const seen = new Set<string>()
const told = new Set<string>()
const violations: string[] = []
const judged = new Map<string, { faults: string[]; proven: string[] }>()
const VERDICTS_MAX = 20_000

/** What answers have proven since the last call of this. */
export function newlySeen(): string[] {
  const news = [...seen].filter((promise) => !told.has(promise))
  for (const promise of news) told.add(promise)
  return news
}

/** What contradicted the document since the last call of this. */
export function newViolations(): string[] {
  return violations.splice(0)
}

/** Looks at every answer from now on: of the Worker as the runtime calls it, and of the app as some tests do. */
export function watchAnswers(): void {
  if ('isWatched' in app) return
  const fetch = app.fetch
  const watched: typeof fetch = async (request, ...rest) => {
    const sent = bodyOf(request)
    const response = await fetch(request, ...rest)
    await look(request, response, await sent)
    return response
  }
  Object.assign(app, { fetch: watched, isWatched: true })
  Object.assign(worker, { fetch: watched })
}

/** The body of a request to an operation that takes JSON; what may be too large is left alone. */
async function bodyOf(request: Request): Promise<string | undefined> {
  const { body, headers, method } = request
  const length = Number(headers.get('Content-Length') ?? (headers.has('Transfer-Encoding') ? NaN : 0))
  if (body === null || method === 'GET' || !(length <= 65_536)) return undefined
  return new TextDecoder().decode(await request.clone().arrayBuffer())
}

async function look(request: Request, response: Response, sent: string | undefined): Promise<void> {
  const path = canonicalPath(request)
  const text = response.body === null ? '' : await response.clone().text()
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const route = routes.find((each) => each.method === method && each.pattern.test(path))
  const headers = [...response.headers.keys()].filter((name) => !PLAIN_HEADERS.has(name))
  const type = response.headers.get('Content-Type') ?? ''
  // Floods bring the same answer again and again; only what a header says may differ.
  const key = JSON.stringify([route?.name ?? path, response.status, headers, type, text])
  let verdict = judged.get(key)
  if (verdict === undefined) {
    verdict = judge({
      path,
      route,
      status: response.status,
      headers,
      type,
      text,
      isHead: request.method === 'HEAD',
    })
    if (judged.size < VERDICTS_MAX) judged.set(key, verdict)
  }
  for (const promise of verdict.proven) seen.add(promise)
  const where = `${request.method} ${path} ${response.status}`
  violations.push(...verdict.faults.map((fault) => `${where}: ${fault}`))
  if (response.ok && sent !== undefined && route !== undefined) {
    violations.push(
      ...faultsOfAccepted(route, sent, text).map((fault) => `${where}: was accepted, but ${fault}`),
    )
  }
}

/** What is undocumented in a body that was accepted: every alias and bound that the code takes stands in the document. */
function faultsOfAccepted({ operation }: Route, sent: string, text: string): string[] {
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
  if (content === undefined || type?.endsWith('json') !== true) return []
  const body = JSON.parse(sent) as unknown
  if (!operation.operationId.startsWith('generate')) return openFaultsOf(content.schema, body)
  // Each user is accepted or not.
  const results = [JSON.parse(text) as { status: number } | { status: number }[]].flat()
  return [body].flat().flatMap((entry, index) => {
    const isTaken = [1000, 1001].includes(results[index]?.status ?? 0)
    return isTaken ? openFaultsOf(content.schema, entry) : []
  })
}

const openValidators = new WeakMap<object, Validator>()

function openFaultsOf(schema: object, value: unknown): string[] {
  const validator =
    openValidators.get(schema) ??
    new Validator({ ...schema, components: { schemas: document.components.schemas } }, '2020-12')
  openValidators.set(schema, validator)
  const { errors } = validator.validate(value)
  return errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`)
}

type Judged = {
  path: string
  route: Route | undefined
  status: number
  headers: string[]
  type: string
  text: string
  isHead: boolean
}

function judge(answer: Judged): { faults: string[]; proven: string[] } {
  const { path, route, status, headers, type, text, isHead } = answer
  if (route === undefined) {
    if (!WITHOUT_OPERATION.has(status)) return { faults: ['no operation is documented'], proven: [] }
    const names = ERRORS_BELOW.find(([prefix]) => path.startsWith(prefix))?.[1] ?? []
    const schema = { anyOf: names.map((name) => ({ $ref: `#/components/schemas/${name}` })) }
    return { faults: text === '' ? [] : faultsOf(schema, text), proven: [] }
  }
  const { name, tag, operation } = route
  const response = operation.responses[status]
  if (response === undefined) return { faults: ['the status is not documented'], proven: [] }
  const parts = partsOf(document, name, String(status), response)
  const documented = parts.headers.map((header) => [header.toLowerCase(), header] as const)
  const known = new Map(documented)
  const faults = headers
    .filter((header) => !known.has(header))
    .map((header) => `the header ${header} is not documented`)
  for (const header of ['x-request-id', 'cache-control', ...(status === 429 ? ['retry-after'] : [])]) {
    if (!headers.includes(header)) faults.push(`the header ${header} is missing`)
  }
  const proven = new Set([name, `${name} ${status}`])
  for (const header of headers) proven.add(`${tag}: ${known.get(header)}`)
  const schema = parts.content[type.replace(/;.*/, '')]
  if (schema === undefined) {
    if (text !== '') faults.push(`the media type ${type} is not documented`)
  } else if (!isHead) {
    const bad = faultsOf(schema, text)
    faults.push(...bad)
    if (bad.length === 0) members(document, schema, parts.base, proven, { value: JSON.parse(text), isOf })
  }
  return { faults, proven: [...proven] }
}

const validators = new WeakMap<object, Validator>()

/** A validator of the schema, in which no member may be that is not named. */
function validatorOf(schema: object): Validator {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const made = new Validator(closed(schema) as object, '2020-12')
  validators.set(schema, made)
  return made
}

function isOf(schema: JsonSchema, value: unknown): boolean {
  return validatorOf(schema).validate(value).valid
}

/** What is wrong with a body, or a part of it, by its schema: a member that is not named, too. */
export function faultsOf(schema: object, text: string): string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return ['the body is no JSON']
  }
  const { errors } = validatorOf(schema).validate(value)
  return errors.slice(0, 3).map(({ instanceLocation, error }) => `${instanceLocation} ${error}`)
}

/** The schema with what it refers to, and closed. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed)
  if (typeof part !== 'object' || part === null) return part
  const { $ref } = part as { $ref?: string }
  if ($ref !== undefined) return closed(resolve(document, $ref))
  const entries = Object.entries(part).filter(([name]) => name !== 'examples' && name !== 'default')
  const inner = Object.fromEntries(entries.map(([name, each]) => [name, closed(each)]))
  return 'properties' in inner ? { additionalProperties: false, ...inner } : inner
}
