import * as v from 'valibot'
import { keySchema } from '../../src/api/operator/add-key.ts'
import { clientSchema } from '../../src/api/operator/client-request.ts'
import { tokenSchema } from '../../src/api/operator/scim-tokens.ts'
import { tenantSchema } from '../../src/api/operator/tenant-request.ts'
import { policySchema } from '../../src/tenants/policy.ts'
import { PERMISSIONS, type Role } from '../../src/tenants/role.ts'
import { named, plain } from './json-schema.ts'
import { instant, text } from './shared-schemas.ts'

/** Bodies of the operator API. What is sent is checked by these same schemas. */

const policyRequest = named('PolicyRequest', policySchema)

export const tenantRequest = named(
  'TenantRequest',
  v.strictObject({ ...tenantSchema.entries, policy: v.optional(policyRequest) }),
)
export const keyRequest = named('KeyRequest', keySchema)
export const clientRequest = named('ClientRequest', clientSchema)
export const scimTokenRequest = named('ScimTokenRequest', tokenSchema)

type Part = v.GenericSchema & {
  type: string
  entries?: Record<string, Part>
  wrapped?: Part
  default?: unknown
  options?: readonly Part[]
}

/** Members that an answer always has although nobody sent them and no default is written down. */
const FILLED = new Set(['attemptsMax'])

const SECRETS = new Set(['secret', 'clientSecret'])

/** A schema of what is sent as one of what is answered: with every default, and without the secrets. */
function asAnswered(part: Part): v.GenericSchema {
  const { type, entries, wrapped, options } = part
  if (type === 'optional' && wrapped !== undefined) {
    return part.default === undefined ? v.optional(asAnswered(wrapped)) : asAnswered(wrapped)
  }
  if ((type === 'union' || type === 'variant') && options?.every((each) => 'type' in Object(each))) {
    return v.union(options.map(asAnswered))
  }
  if (entries === undefined) return part
  const shown = Object.entries(entries).filter(([name]) => !SECRETS.has(name))
  return v.object(
    Object.fromEntries(
      shown.map(([name, each]) => [name, asAnswered(FILLED.has(name) ? (each.wrapped ?? each) : each)]),
    ),
  )
}

const policy = named('Policy', asAnswered(plain(policySchema) as unknown as Part))

export const tenant = named(
  'Tenant',
  v.object({
    id: v.string(),
    name: v.string(),
    hosts: v.array(v.string()),
    policy,
    database: text("The D1 binding with the tenant's data.", 'DB'),
    adminRestApiUrl: text('Where its administrators send their requests.'),
    createdAt: instant,
  }),
)
export const tenants = v.object({ tenants: v.array(tenant) })

const roles = Object.keys(PERMISSIONS) as [Role, ...Role[]]

export const key = named(
  'ApiKey',
  v.object({
    customerName: v.string(),
    accessID: v.string(),
    adminRestApiUrl: v.string(),
    description: v.string(),
    role: v.picklist(roles),
    publicKey: v.object({ kty: v.literal('RSA'), n: v.string(), e: v.string(), kid: v.optional(v.string()) }),
    createdAt: instant,
  }),
)
export const keys = v.object({ keys: v.array(key) })

export const client = named(
  'OAuthClient',
  v.object({
    clientId: v.string(),
    jwks: v.object({
      keys: v.array(
        v.object({
          kty: v.picklist(['RSA', 'EC', 'OKP']),
          n: v.optional(v.string()),
          e: v.optional(v.string()),
          crv: v.optional(v.picklist(['P-256', 'Ed25519'])),
          x: v.optional(v.string()),
          y: v.optional(v.string()),
          kid: v.string(),
          alg: v.picklist(['RS256', 'ES256', 'EdDSA']),
          use: v.literal('sig'),
        }),
      ),
    }),
    scopes: v.array(v.string()),
    description: v.string(),
    issuer: v.string(),
    tokenEndpoint: v.string(),
    createdAt: instant,
  }),
)
export const clients = v.object({ clients: v.array(client) })

const scimTokenMembers = { id: v.string(), description: v.string(), createdAt: instant }
export const newScimToken = v.object({
  ...scimTokenMembers,
  token: text('The token, which is shown this once.'),
})
export const scimTokens = v.object({ scimTokens: v.array(v.object(scimTokenMembers)) })
