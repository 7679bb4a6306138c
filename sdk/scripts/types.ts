import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import { buildReference } from '../../scripts/openapi/build.ts'

/** `npm run types -w sdk`: writes src/openapi.ts from openapi.json; with `--check`, says whether it is fresh. */

const ROOT = resolve(import.meta.dirname, '../..')
const TYPES = join(ROOT, 'sdk', 'src', 'openapi.ts')

/** What the client calls: a change of anything else leaves its types alone. */
const OPERATIONS = [
  'generateResetCodes',
  'generateEnrollmentCodes',
  'voidCodes',
  'getCsrfToken',
  'sendPasswordResetCode',
  'validatePasswordResetCode',
  'redeemPasswordResetCode',
  'getAccessToken',
]
/** What it needs of no operation's own: refusals, and the types of events. */
const SCHEMAS = ['AdminError', 'SpringError', 'Fault', 'OAuthError', 'WebhookDelivery']

type Content = Record<string, { schema: unknown }>
type Operation = {
  operationId: string
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}
type Document = {
  openapi: string
  info: object
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

await buildReference()
const document = JSON.parse(readFileSync(join(ROOT, 'public', 'docs', 'openapi.json'), 'utf8')) as Document
const header = '// Made by `npm run types -w sdk` from openapi.json: what the client needs of it.\n\n'
const types = header + astToString(await openapiTS(part(document) as OpenAPI3, { alphabetize: true }))
if (!process.argv.includes('--check')) writeFileSync(TYPES, types)
else if (!existsSync(TYPES) || readFileSync(TYPES, 'utf8') !== types) {
  process.stderr.write('sdk/src/openapi.ts is not of this openapi.json: run `npm run types -w sdk`.\n')
  process.exitCode = 1
}

/** The part of the document that is of the operations: what is sent, and what a success answers. */
function part({ openapi, info, paths, components }: Document): object {
  const kept = Object.entries(paths).flatMap(([path, methods]) => {
    const operations = Object.entries(methods).filter(([, { operationId }]) =>
      OPERATIONS.includes(operationId),
    )
    return operations.length === 0
      ? []
      : [[path, Object.fromEntries(operations.map(([method, each]) => [method, slim(each)]))] as const]
  })
  const found = kept.flatMap(([, methods]) => Object.keys(methods)).length
  if (found !== OPERATIONS.length) throw new Error(`openapi.json has ${found} of the ${OPERATIONS.length}.`)
  const missing = SCHEMAS.filter((name) => components.schemas[name] === undefined)
  if (missing.length > 0) throw new Error(`openapi.json has no ${missing.join(', ')}.`)
  const needed = new Set(SCHEMAS)
  collect([kept, SCHEMAS.map((name) => components.schemas[name])], needed, components.schemas)
  const schemas = Object.fromEntries([...needed].map((name) => [name, components.schemas[name]]))
  return { openapi, info, paths: Object.fromEntries(kept), components: { schemas } }
}

function slim({ operationId, requestBody, responses }: Operation): Operation {
  const { content } = responses['200'] ?? {}
  const success = { description: '', ...(content && { content: slimContent(content) }) }
  return { operationId, ...(requestBody && { requestBody }), responses: { 200: success } }
}

/** One media type: the others of an operation have the same schema. */
function slimContent(content: Content): Content {
  const json = content['application/json']
  return json === undefined ? {} : { 'application/json': { schema: json.schema } }
}

/** Adds the names of the schemas that a part refers to, and that these refer to. */
function collect(value: unknown, names: Set<string>, schemas: Record<string, unknown>): void {
  for (const [, name = ''] of JSON.stringify(value).matchAll(/#\/components\/schemas\/(\w+)/g)) {
    if (names.has(name)) continue
    names.add(name)
    collect(schemas[name], names, schemas)
  }
}
