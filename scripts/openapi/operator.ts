import * as v from 'valibot'
import { problemErrors } from '../../src/http/problem.ts'
import * as example from './operator-examples.ts'
import {
  client,
  clientRequest,
  clients,
  key,
  keyRequest,
  keys,
  newScimToken,
  scimTokenRequest,
  scimTokens,
  tenant,
  tenantRequest,
  tenants,
} from './operator-schemas.ts'
import { answer, json, type Dialect, type Operation, type Operations } from './operation.ts'
import { wholeNumber } from './parameters.ts'
import { problem } from './problem-schema.ts'
import { webhookOperations } from './webhooks.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { operatorVoids } from './void-many.ts'

/** The operator API: tenants and what they are known by. */

const BASE = '/operator/v1/tenants'
const NO_TENANT = { 404: { tenant: 'There is no such tenant.' } }
const most = (count: number, what: string, end: string) => ({
  409: { most: `The tenant has ${count} ${what}, which is the most. ${end} one first.` },
})

const tenantOperations: Operations = {
  [`GET ${BASE}`]: {
    id: 'listTenants',
    summary: 'Lists tenants, in the order of their ids.',
    who: 'operator',
    query: [
      {
        name: 'after',
        description: 'The id that the page is to follow.',
        schema: v.string(),
      },
      { name: 'limit', description: 'How many.', schema: wholeNumber(1, 100, 100), example: 10 },
    ],
    answers: {
      200: answer('A page of tenants.', tenants, { tenants: [example.TENANT] }),
      400: 'limit must be a whole number from 1 to 100.',
    },
  },
  [`GET ${BASE}/:id`]: {
    id: 'getTenant',
    summary: 'One tenant, without the secrets of its hooks.',
    who: 'owner',
    answers: { 200: answer('The tenant.', tenant, example.TENANT), ...NO_TENANT },
  },
  [`PUT ${BASE}/:id`]: {
    id: 'putTenant',
    summary: 'Creates a tenant, or replaces its `name`, `hosts` and `policy`.',
    description:
      'A record that was fetched may be put. A hook without its `secret` keeps the stored one, if its `url` is the stored one.',
    who: 'owner',
    body: json(tenantRequest, example.TENANT_REQUEST),
    answers: {
      200: answer('The tenant, which was there before.', tenant, example.TENANT),
      201: answer('The tenant, which is new.', tenant, example.TENANT),
      400: {
        id: 'The id of a tenant is 1 to 63 of a-z, 0-9 and hyphens, not starting with a hyphen.',
        members:
          'name must be 1 to 100 characters. policy.code.length must be 4 to 32 for base32, 6 to 12 for digits.',
      },
      403: { operators: 'Only the operator may change: hosts, policy.limits.send.' },
      409: {
        host: 'One of the hosts belongs to another tenant.',
        audience:
          "policy.redeem.audience belongs to another tenant: a service of that audience would take one tenant's grants for the other's.",
        database: 'database is DB since the tenant was created, and cannot be changed.',
        meanwhile: 'The tenant was changed meanwhile. Fetch its record again, and change that.',
      },
    },
  },
  [`DELETE ${BASE}/:id`]: {
    id: 'deleteTenant',
    summary: 'Removes a tenant; with `force`, its users too.',
    who: 'operator',
    query: [
      {
        name: 'force',
        description: '`true` deletes all its data.',
        schema: v.pipe(v.string(), v.description('Anything but `true` is as none.')),
      },
    ],
    answers: {
      204: { what: 'The tenant is gone.' },
      ...NO_TENANT,
      409: 'The tenant has 3 users. Delete them first, or repeat with ?force=true to delete everything.',
    },
  },
}

/** The three calls that a tenant's keys, clients and tokens have alike. */
function list(id: string, summary: string, schema: v.GenericSchema, sample: unknown): Operation {
  return {
    id,
    summary,
    who: 'owner',
    answers: { 200: answer('Those there are.', schema, sample), ...NO_TENANT },
  }
}

function remove(id: string, summary: string, refusal: string): Operation {
  return { id, summary, who: 'owner', answers: { 204: { what: 'It is gone.' }, 404: refusal } }
}

const credentials: Operations = {
  [`GET ${BASE}/:id/keys`]: list('listKeys', 'The live API keys of a tenant.', keys, { keys: [example.KEY] }),
  [`POST ${BASE}/:id/keys`]: {
    id: 'addKey',
    summary: 'Adds an API key to a tenant.',
    description: 'The answer, with the private key as `accessKey` (PKCS#1 PEM), is a key file.',
    who: 'owner',
    body: json(keyRequest, example.KEY_REQUEST),
    answers: {
      201: answer('The key.', key, example.KEY),
      400: { modulus: 'publicKey must have a modulus of 2048 to 4096 bits.' },
      ...NO_TENANT,
      ...most(10, 'live keys', 'Revoke'),
    },
  },
  [`DELETE ${BASE}/:id/keys/:accessId`]: remove(
    'revokeKey',
    'Revokes an API key, within 30 seconds everywhere.',
    'The tenant has no such live key.',
  ),
  [`GET ${BASE}/:id/clients`]: list('listClients', 'The OAuth clients of a tenant.', clients, {
    clients: [example.CLIENT],
  }),
  [`POST ${BASE}/:id/clients`]: {
    id: 'addClient',
    summary: 'Adds an OAuth client to a tenant.',
    who: 'owner',
    body: json(clientRequest, example.CLIENT_REQUEST),
    answers: {
      201: answer('The client.', client, example.CLIENT),
      400: { scopes: 'scopes must hold a scope.' },
      ...NO_TENANT,
      ...most(10, 'clients', 'Delete'),
    },
  },
  [`PUT ${BASE}/:id/clients/:clientId`]: {
    id: 'putClient',
    summary: "Replaces an OAuth client's keys, scopes and description.",
    who: 'owner',
    body: json(clientRequest, example.CLIENT_REQUEST),
    answers: {
      200: answer('The client.', client, example.CLIENT),
      400: { scopes: 'scopes must hold a scope.' },
      404: { ...NO_TENANT[404], client: 'The tenant has no such client.' },
    },
  },
  [`DELETE ${BASE}/:id/clients/:clientId`]: remove(
    'deleteClient',
    'Deletes an OAuth client; its tokens end within 30 seconds.',
    'The tenant has no such client.',
  ),
  [`GET ${BASE}/:id/scim-tokens`]: list(
    'listScimTokens',
    'The SCIM tokens of a tenant, without the tokens.',
    scimTokens,
    { scimTokens: [example.SCIM_TOKEN] },
  ),
  [`POST ${BASE}/:id/scim-tokens`]: {
    id: 'addScimToken',
    summary: 'Makes a SCIM token; shown once.',
    who: 'owner',
    body: json(scimTokenRequest, { description: 'Okta' }),
    answers: {
      201: answer('The token.', newScimToken, example.NEW_SCIM_TOKEN),
      400: { description: 'description must be 255 characters at most.' },
      ...NO_TENANT,
      ...most(5, 'SCIM tokens', 'Delete'),
    },
  },
  [`DELETE ${BASE}/:id/scim-tokens/:tokenId`]: remove(
    'deleteScimToken',
    'Deletes a SCIM token, within 30 seconds everywhere.',
    'The tenant has no such SCIM token.',
  ),
}

export const operatorDialect: Dialect = {
  tag: 'Operator API',
  description: 'Tenants, their API keys, OAuth clients, SCIM tokens and webhooks, for the operator.',
  operations: { ...tenantOperations, ...credentials, ...operatorVoids, ...webhookOperations },
  mediaType: 'application/json',
  errorType: problemErrors.mediaType,
  headers: [],
  refusal: (status, message, path) => ({
    schema: problem,
    body: problemErrors.render({ status, message, path, now: 0, error: undefined }),
  }),
  common: () => ({ 500: OUR_FAULT, 503: STORE_FAULT }),
}
