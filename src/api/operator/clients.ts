import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { newClientId } from '../../auth/client-id.ts'
import { config } from '../../config.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import {
  insertClient,
  listLiveClients,
  LIVE_CLIENTS_MAX,
  replaceClient,
  revokeClient,
  type OAuthClient,
} from '../../tenants/oauth-client-store.ts'
import { oauthIssuer, type Tenant } from '../../tenants/tenant.ts'
import { readClient } from './client-request.ts'
import { requireTenant } from './tenant-record.ts'

/** The endpoints of a tenant's OAuth clients. */

/** `POST /operator/v1/tenants/{id}/clients`: adds a client, and answers what it needs to ask for tokens. */
export async function addClient(c: Context<OperatorEnv>): Promise<Response> {
  const wanted = await readClient(await readJson(c))
  const tenant = await requireTenant(c)
  const clientId = newClientId(config(c.env).accessIdKeys)
  const client = { clientId, createdAt: c.get('now'), ...wanted }
  if (!(await insertClient(c.env.DB, tenant.id, client))) {
    throw new HTTPException(409, {
      message: `The tenant has ${LIVE_CLIENTS_MAX} clients, which is the most. Delete one first.`,
    })
  }
  return c.json(clientRecord(c, tenant, client), 201)
}

/** `GET /operator/v1/tenants/{id}/clients`. */
export async function listClients(c: Context<OperatorEnv>): Promise<Response> {
  const tenant = await requireTenant(c)
  const clients = await listLiveClients(c.env.DB, tenant.id)
  return c.json({ clients: clients.map((client) => clientRecord(c, tenant, client)) })
}

/** `PUT /operator/v1/tenants/{id}/clients/{clientId}`: replaces keys, scopes and description within 30 seconds. */
export async function putClient(c: Context<OperatorEnv>): Promise<Response> {
  const wanted = await readClient(await readJson(c))
  const tenant = await requireTenant(c)
  const client = await replaceClient(c.env.DB, tenant.id, c.req.param('clientId') ?? '', wanted)
  if (client === undefined) throw noSuchClient()
  forgetCatalogue()
  return c.json(clientRecord(c, tenant, client))
}

/** `DELETE /operator/v1/tenants/{id}/clients/{clientId}`: its tokens are dead within 30 seconds everywhere. */
export async function deleteClient(c: Context<OperatorEnv>): Promise<Response> {
  const { id = '', clientId = '' } = c.req.param() as { id?: string; clientId?: string }
  if (!(await revokeClient(c.env.DB, id, clientId, c.get('now')))) throw noSuchClient()
  forgetCatalogue()
  return c.body(null, 204)
}

function noSuchClient(): HTTPException {
  return new HTTPException(404, { message: 'The tenant has no such client.' })
}

function clientRecord(c: Context<OperatorEnv>, tenant: Tenant, { createdAt, ...client }: OAuthClient) {
  const issuer = oauthIssuer(tenant, config(c.env).baseUrl)
  return {
    ...client,
    issuer,
    tokenEndpoint: `${issuer}/token`,
    createdAt: new Date(createdAt).toISOString(),
  }
}
