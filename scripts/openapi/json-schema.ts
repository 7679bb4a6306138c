import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'

/** Valibot schemas as JSON Schema 2020-12, which OpenAPI 3.1 uses. */

export type JsonSchema = { [keyword: string]: unknown }

/** Schemas that stand once in the document, under `components.schemas`, and are referred to by their name. */
const names = new Map<v.GenericSchema, string>()

/** Gives the schema a name in the document. */
export function named<const Schema extends v.GenericSchema>(name: string, schema: Schema): Schema {
  names.set(schema, name)
  return schema
}

/** The schema of what is sent or answered: what a client writes, before anything is made of it. */
export function jsonSchemaOf(schema: v.GenericSchema): JsonSchema {
  const name = names.get(schema)
  return name === undefined ? convert(schema) : { $ref: refTo(name) }
}

/** Every schema with a name. */
export function namedSchemas(): Record<string, JsonSchema> {
  const byName = [...names].toSorted(([, one], [, other]) => (one < other ? -1 : 1))
  return Object.fromEntries(byName.map(([schema, name]) => [name, convert(schema)]))
}

function refTo(name: string): string {
  return `#/components/schemas/${name}`
}

function convert(schema: v.GenericSchema): JsonSchema {
  const definitions = Object.fromEntries([...names].map(([each, name]) => [name, plain(each)]))
  const {
    $schema: _,
    $defs: __,
    ...converted
  } = toJsonSchema(plain(schema), {
    target: 'draft-2020-12',
    typeMode: 'input',
    // What has no word in JSON Schema, as a check by a function, is said in words by whoever describes the member.
    errorMode: 'ignore',
    definitions: Object.fromEntries(Object.entries(definitions).filter(([, each]) => each !== plain(schema))),
    overrideRef: ({ referenceId }) => refTo(referenceId),
    overrideSchema: ({ valibotSchema, jsonSchema }) => forms(valibotSchema, jsonSchema as JsonSchema),
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === 'regex' ? withPattern(valibotAction, jsonSchema as JsonSchema) : undefined,
  })
  return converted
}

/**
 * Records are objects whose names are among those of the picklist; the converter knows names that are any text. And
 * a hook may come without its secret, where it is stored: src/tenants/hook-secrets.ts gives it back before the check.
 */
function forms(schema: unknown, converted: JsonSchema): JsonSchema | undefined {
  const { type, key, entries } = schema as { type: string; key?: Picklist; entries?: object }
  if (type === 'record' && key?.type === 'picklist') {
    return { ...converted, type: 'object', propertyNames: { enum: key.options } }
  }
  if (entries === undefined || !('secret' in entries)) return undefined
  return { ...converted, required: (converted['required'] as string[]).filter((name) => name !== 'secret') }
}

type Picklist = { type: string; options: string[] }

/** Patterns of JSON Schema are those of ECMAScript with the flag `u`; `i` has no like. */
function withPattern(action: unknown, converted: JsonSchema): JsonSchema {
  const { requirement } = action as { requirement: RegExp }
  return requirement.flags.includes('i') ? converted : { ...converted, pattern: requirement.source }
}

const plainOnes = new WeakMap<object, unknown>()

/**
 * The schema without what only narrows the kind of a value before the schema that says it: the converter reads a
 * pipe up to its second schema. The same schema gives the same one, so that names are found again.
 */
export function plain<Part>(part: Part): Part {
  if (typeof part !== 'object' || part === null || part instanceof RegExp) return part
  const known = plainOnes.get(part)
  if (known !== undefined) return known as Part
  if (Array.isArray(part)) return part.map((each: unknown) => plain(each)) as Part
  const { getter } = part as { getter?: (input: unknown) => v.GenericSchema }
  if (getter !== undefined) {
    // A schema that its input chooses is one of a text and one of an object.
    const either = plain(v.union([getter(''), getter({})]))
    plainOnes.set(part, either)
    return either as Part
  }
  const [first, ...rest] = flat((part as Piped).pipe ?? [])
  if (first?.type === 'custom' && rest[0] !== undefined) {
    const only = plain(rest.length === 1 ? rest[0] : { ...rest[0], pipe: rest })
    plainOnes.set(part, only)
    return only as Part
  }
  const below = ['entries', 'wrapped', 'item', 'items', 'options', 'key', 'value', 'pipe']
  const made = { ...part } as Record<string, unknown>
  plainOnes.set(part, made)
  for (const name of below)
    if (name in made) made[name] = name === 'entries' ? entriesOf(made[name]) : plain(made[name])
  return made as Part
}

type Piped = { type?: string; pipe?: readonly Piped[] }

/** A pipe without pipes in it. */
function flat(pipe: readonly Piped[]): Piped[] {
  return pipe.flatMap((part) => (part.pipe === undefined ? part : flat(part.pipe)))
}

function entriesOf(entries: unknown): unknown {
  return Object.fromEntries(Object.entries(entries as object).map(([name, each]) => [name, plain(each)]))
}
