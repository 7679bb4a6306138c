import { HTTPException } from 'hono/http-exception'
import { isRecord, ownMember } from '../../record.ts'
import { ScimException } from './errors.ts'

/** Operations of one request, and bytes of its body. Their events are counted by three hexadecimal digits. */
export const BULK_OPERATIONS_MAX = 1_000
export const BULK_BYTES_MAX = 1024 * 1024

const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
const PATH = /^\/?Users(?:\/(bulkId:)?([^/?#]{1,255}))?\/?$/

/** An operation as it is asked for, whether it can be made or not. */
export type Operation = {
  method: string
  bulkId: string | undefined
  /** The user whom the path names, by id or by the `bulkId` of the operation that adds them. */
  target: { id: string } | { bulkId: string } | undefined
  version: string | undefined
  data: unknown
  /** What makes no operation of it. */
  fault: ScimException | undefined
}

export type BulkRequest = { operations: Operation[]; failOnErrors: number }

/**
 * Reads the body of a bulk request (RFC 7644 §3.7).
 *
 * @throws {ScimException} 400 for what is none, and 413 for too many operations.
 */
export function readBulk(body: unknown): BulkRequest {
  const schemas = isRecord(body) ? ownMember(body, 'schemas') : undefined
  const operations = isRecord(body) ? ownMember(body, 'Operations') : undefined
  if (!isRecord(body) || !Array.isArray(schemas) || !schemas.includes(SCHEMA) || !Array.isArray(operations)) {
    throw new ScimException(
      400,
      'invalidSyntax',
      `The body is not a BulkRequest: schemas must hold ${SCHEMA}, and Operations a list.`,
    )
  }
  if (operations.length === 0) throw new ScimException(400, 'invalidSyntax', 'Operations must not be empty.')
  if (operations.length > BULK_OPERATIONS_MAX) {
    throw new HTTPException(413, {
      message: `The bulk request has ${operations.length} operations, and may have ${BULK_OPERATIONS_MAX}.`,
    })
  }
  const failOnErrors = ownMember(body, 'failOnErrors') ?? Infinity
  if (failOnErrors !== Infinity && !(Number.isInteger(failOnErrors) && Number(failOnErrors) > 0)) {
    throw new ScimException(400, 'invalidValue', 'failOnErrors must be a whole number above 0.')
  }
  const used = new Set<string>()
  return {
    operations: operations.map((each) => readOperation(each, used)),
    failOnErrors: Number(failOnErrors),
  }
}

/** @param used the `bulkId`s of the operations before it that add users. */
function readOperation(input: unknown, used: Set<string>): Operation {
  const record = isRecord(input) ? input : {}
  const text = (name: string) => {
    const value = ownMember(record, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const method = (text('method') ?? '').toUpperCase()
  const bulkId = text('bulkId')
  const [path, isReference, name] = PATH.exec(text('path') ?? '') ?? []
  const target = name === undefined ? undefined : isReference === undefined ? { id: name } : { bulkId: name }
  const fault = faultOf({ method, bulkId, isPath: path !== undefined, hasTarget: target !== undefined }, used)
  if (method === 'POST' && fault === undefined) used.add(bulkId ?? '')
  return { method, bulkId, target, version: text('version'), data: ownMember(record, 'data'), fault }
}

function faultOf(
  {
    method,
    bulkId,
    isPath,
    hasTarget,
  }: { method: string; bulkId: string | undefined; isPath: boolean; hasTarget: boolean },
  used: ReadonlySet<string>,
): ScimException | undefined {
  const invalid = (message: string) => new ScimException(400, 'invalidSyntax', message)
  if (!METHODS.some((known) => known === method)) return invalid('method must be POST, PUT, PATCH or DELETE.')
  if (!isPath || hasTarget === (method === 'POST')) {
    return invalid('path must be /Users for POST, and /Users/{id} or /Users/bulkId:{bulkId} for all others.')
  }
  if (method === 'POST' && bulkId === undefined) return invalid('An operation with POST must have a bulkId.')
  if (method === 'POST' && used.has(bulkId ?? ''))
    return invalid('Another operation with POST has this bulkId.')
  return undefined
}
