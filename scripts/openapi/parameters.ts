import * as v from 'valibot'
import { jsonSchemaOf } from './json-schema.ts'
import type { Parameter } from './operation.ts'

/** What stands in a path, by the name that the router gives it; the first fragment that the path has decides. */
const IN_PATHS: readonly (readonly [fragment: string, about: string, example: string])[] = [
  ['/tenants/{id}', 'The id of the tenant: 1 to 63 of a-z, 0-9 and hyphens.', 'demo'],
  ['{accessId}', 'The `accessID` of the key.', '018f5f0c-2c51-7f0e-8a3c-9a610c1f5a3b'],
  ['{clientId}', 'The id of the OAuth client.', '018f5f0c-2c51-7f0e-8a3c-9a610c1f5a3b'],
  ['/v/{link}', 'The code in the link, with a hyphen or without.', 'K7QP-2XWM'],
  ['{jobId}', 'The `jobId` of the void.', '01940000-0000-7000-8000-000000000000'],
  ['/codes/void/{id}', 'The `jobId` of the void.', '01940000-0000-7000-8000-000000000000'],
  ['{webhookId}', 'The id of the webhook.', 'whk_5f0c2c51-6f0e-4a3c-9a61-0c1f5a3b7d42'],
  ['{tokenId}', 'The id of the SCIM token.', '018f5f0c-2c51-7f0e-8a3c-9a610c1f5a3b'],
  ['/sessions/{id}', 'The id of the session.', '018f5f0c-2c51-8f0e-8a3c-9a610c1f5a3b'],
  ['/ResourceTypes/{name}', 'The name of the resource type.', 'User'],
  ['/Schemas/{id}', 'The id of the schema.', 'urn:ietf:params:scim:schemas:core:2.0:User'],
  [
    '/api/users/{id}',
    'The id of the user, with `.` and the tenant behind it or without.',
    '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59',
  ],
  ['{id}', 'The id of the user.', '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59'],
]

/** Parameters in a path. */
export function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(({ 0: braced, 1: name = '', index }) => {
    const before = path.slice(0, index + braced.length)
    const [, description, example] = IN_PATHS.find(([fragment]) => before.endsWith(fragment)) ?? []
    if (description === undefined) throw new Error(`${path} has a parameter that nothing describes: ${name}`)
    return { name, in: 'path', required: true, description, schema: { type: 'string' }, example }
  })
}

/** The path with the examples of its parameters. */
export function examplePath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (braced, _, index: number) => {
    const before = path.slice(0, index + braced.length)
    return IN_PATHS.find(([fragment]) => before.endsWith(fragment))?.[2] ?? ''
  })
}

/** A parameter in the query or a header: none of ours is required. */
export function parameterObject(where: string, { name, description, schema, example }: Parameter): object {
  return {
    name,
    in: where,
    required: false,
    description,
    schema: jsonSchemaOf(schema),
    ...(example !== undefined && { example }),
  }
}

/** A whole number in a query. */
export function wholeNumber(min: number, max: number, otherwise: number): v.GenericSchema {
  return v.optional(v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max)), otherwise)
}
