import type * as v from 'valibot'
import type { ErrorStatus } from '../../src/http/error-status.ts'
import type { Permission } from '../../src/tenants/role.ts'
import type { HeaderName } from './headers.ts'

/** How an operation is described in the files of the dialects; document.ts makes OpenAPI of it. */

/** One operation. Its method and path, as the router has them, are its name in {@link Operations}. */
export type Operation = {
  /** Unique in the document: what generated clients call it. */
  id: string
  summary: string
  description?: string
  who: Who
  query?: readonly Parameter[]
  /** Headers that a request may bring, beside those that HTTP itself has. */
  headers?: readonly Parameter[]
  body?: Body
  answers: Answers
}

export type Operations = Readonly<Record<string, Operation>>

/** Who may call it: anybody, a key or client of a tenant with this permission, an OAuth client, or the operator. */
export type Who = 'anyone' | { permission: Permission; face: 'admin' | 'scim' } | 'oauth-client' | 'operator'

export type Parameter = {
  name: string
  description: string
  schema: v.GenericSchema
  /** What the viewer fills in: nothing that does harm, or that fits one request alone. */
  example?: unknown
}

export type Body = {
  /** By media type; the first is what the samples send. */
  content: Readonly<Record<string, { schema: v.GenericSchema; examples: Examples }>>
  isOptional?: true
  /** The body alone decides, whatever media type is named. */
  isOfAnyType?: true
}

export type Examples = Readonly<Record<string, unknown>>

/** What it answers by status: a success in full, a refusal by its sentence, or by several. */
export type Answers = Readonly<Partial<Record<Exclude<ErrorStatus, 422>, Refusal>>> & {
  readonly [status in SuccessStatus]?: Answer
} & {
  /** A page that asks again is an answer in full. */
  readonly 422?: Refusal | Answer
}

type SuccessStatus = 200 | 201 | 202 | 204 | 303 | 304

/** One sentence of the code, or several by a name for each. */
export type Refusal = string | Readonly<Record<string, string>>

export type Answer = {
  what: string
  schema?: v.GenericSchema
  examples?: Examples
  headers?: readonly HeaderName[]
  /** Other than the first of the dialect. */
  mediaTypes?: readonly string[]
}

/** What all operations of a dialect have in common. */
export type Dialect = {
  tag: string
  description: string
  operations: Operations
  /** Media type of its answers, and of its refusals. */
  mediaType: string
  errorType: string
  /** The schema and the whole body of a refusal. */
  refusal(status: ErrorStatus, message: string, path: string): { schema: v.GenericSchema; body: unknown }
  /** Headers that any of its answers may have. */
  headers: readonly HeaderName[]
  /** Refusals that every operation of it has, beside those of {@link commonRefusals}. */
  common(operation: Operation, method: string): Partial<Record<ErrorStatus, Refusal>>
}

/** A body of one media type with one example. */
export function body(mediaType: string, schema: v.GenericSchema, example: unknown): Body {
  return { content: { [mediaType]: { schema, examples: { example } } } }
}

export function json(schema: v.GenericSchema, example: unknown): Body {
  return body('application/json', schema, example)
}

/** A body of SCIM, which may also be called JSON. */
export function scimBody(schema: v.GenericSchema, example: unknown): Body {
  const media = { schema, examples: { example } }
  return { content: { 'application/scim+json': media, 'application/json': media } }
}

/** A successful answer with one example. */
export function answer(
  what: string,
  schema: v.GenericSchema,
  example: unknown,
  more: Partial<Answer> = {},
): Answer {
  return { what, schema, examples: { example }, ...more }
}
