import type { OpenApiDocument, OperationObject, ResponseObject } from './document.ts'
import type { JsonSchema } from './json-schema.ts'

/**
 * What a document promises, as names: every operation, every status of each, every header of each of its parts, and
 * every member of each body. A promise that no answer has ever kept is not known to be true.
 */

/** Which of several schemas a value has, where a schema leaves that open. */
type Chooser = (branch: JsonSchema, value: unknown) => boolean

/** Every promise of the document. */
export function promisesOf(document: OpenApiDocument): string[] {
  const promises = new Set<string>()
  for (const { name, operation, tag } of operationsOf(document)) {
    promises.add(name)
    for (const [status, response] of Object.entries(operation.responses)) {
      promises.add(`${name} ${status}`)
      const { base, headers, schemas } = partsOf(document, name, status, response)
      for (const header of headers) promises.add(`${tag}: ${header}`)
      for (const schema of schemas) members(document, schema, base, promises)
    }
  }
  return [...promises]
}

export type Named = { name: string; operation: OperationObject; tag: string }

/** All operations by method and path. */
export function operationsOf({ paths }: OpenApiDocument): Named[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
      tag: operation.tags.join(),
    })),
  )
}

export type Parts = {
  /** Under which name the members of the body are promised: answers that several operations share have one. */
  base: string
  headers: string[]
  schemas: JsonSchema[]
  content: Record<string, JsonSchema>
}

/** An answer of an operation, with what it refers to. */
export function partsOf(
  document: OpenApiDocument,
  name: string,
  status: string,
  response: ResponseObject,
): Parts {
  const { $ref } = response
  const whole = $ref === undefined ? response : (resolve(document, $ref) as ResponseObject)
  const content = Object.fromEntries(
    Object.entries(whole.content ?? {}).map(([type, { schema }]) => [type, schema as JsonSchema]),
  )
  return {
    base: $ref?.replace('#/components/responses/', '') ?? `${name} ${status}`,
    headers: Object.keys(whole.headers ?? {}),
    schemas: Object.values(content).slice(0, 1),
    content,
  }
}

export function resolve(document: OpenApiDocument, ref: string): object {
  const names = ref.replace('#/', '').split('/')
  return names.reduce<object>((at, name) => at[name as keyof typeof at], document)
}

/** The members that a value of this schema may have; with a value, those that it has. */
export function members(
  document: OpenApiDocument,
  schema: JsonSchema,
  base: string,
  into: Set<string>,
  has?: { value: unknown; isOf: Chooser },
): void {
  const { $ref, properties, items, additionalProperties } = schema as Keywords
  if ($ref !== undefined) {
    const name = $ref.replace('#/components/schemas/', '')
    const mark = `schema ${name}`
    if (has === undefined && into.has(mark)) return
    into.add(mark)
    members(document, resolve(document, $ref) as JsonSchema, name, into, has)
    return
  }
  for (const branch of branchesOf(schema)) {
    if (has === undefined || has.isOf(branch, has.value)) members(document, branch, base, into, has)
  }
  const valueOf = (name: string) => (has === undefined ? undefined : (Object(has.value) as Values)[name])
  const below = (part: JsonSchema, path: string, value: unknown) =>
    members(document, part, path, into, has && { ...has, value })
  for (const [name, part] of Object.entries(properties ?? {})) {
    if (has !== undefined && valueOf(name) === undefined) continue
    into.add(`${base}.${name}`)
    below(part, `${base}.${name}`, valueOf(name))
  }
  const values = has === undefined ? [undefined] : Object.values(Object(has.value) as Values)
  if (items !== undefined && (has === undefined || Array.isArray(has.value))) {
    for (const value of values) below(items, `${base}[]`, value)
  }
  if (typeof additionalProperties === 'object') {
    for (const value of values) below(additionalProperties, `${base}.*`, value)
  }
}

type Values = Record<string, unknown>
type Keywords = {
  $ref?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
}

function branchesOf({ anyOf = [], oneOf = [] }: JsonSchema): JsonSchema[] {
  return [...(anyOf as JsonSchema[]), ...(oneOf as JsonSchema[])]
}
