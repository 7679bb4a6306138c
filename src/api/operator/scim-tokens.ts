import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import * as v from 'valibot'
import { newScimToken } from '../../auth/scim-token.ts'
import { config } from '../../config.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import {
  insertScimToken,
  listLiveScimTokens,
  LIVE_SCIM_TOKENS_MAX,
  revokeScimToken,
  type ScimToken,
} from '../../tenants/scim-token-store.ts'
import { parseRequest } from './request.ts'
import { requireTenant } from './tenant-record.ts'

/** The endpoints of a tenant's SCIM tokens. */

export const tokenSchema = v.strictObject(
  {
    description: v.optional(
      v.pipe(v.string('must be a string'), v.regex(/^[^\p{Cc}]{0,255}$/u, 'must be 255 characters at most')),
      '',
    ),
  },
  'must be an object with description',
)

/** `POST /operator/v1/tenants/{id}/scim-tokens`: makes a token, and shows it this once. */
export async function addScimToken(c: Context<OperatorEnv>): Promise<Response> {
  const { description } = parseRequest(tokenSchema, await readJson(c))
  const tenant = await requireTenant(c)
  const { token, id, digest } = newScimToken(config(c.env).accessIdKeys)
  const record = { id, digest, description, createdAt: c.get('now') }
  if (!(await insertScimToken(c.env.DB, tenant.id, record))) {
    throw new HTTPException(409, {
      message: `The tenant has ${LIVE_SCIM_TOKENS_MAX} SCIM tokens, which is the most. Delete one first.`,
    })
  }
  return c.json({ ...tokenRecord(record), token }, 201)
}

/** `GET /operator/v1/tenants/{id}/scim-tokens`: which there are, without the tokens themselves. */
export async function listScimTokens(c: Context<OperatorEnv>): Promise<Response> {
  const tenant = await requireTenant(c)
  const tokens = await listLiveScimTokens(c.env.DB, tenant.id)
  return c.json({ scimTokens: tokens.map(tokenRecord) })
}

/** `DELETE /operator/v1/tenants/{id}/scim-tokens/{tokenId}`: effective within 30 seconds everywhere. */
export async function deleteScimToken(c: Context<OperatorEnv>): Promise<Response> {
  const { id = '', tokenId = '' } = c.req.param() as { id?: string; tokenId?: string }
  if (!(await revokeScimToken(c.env.DB, id, tokenId, c.get('now')))) {
    throw new HTTPException(404, { message: 'The tenant has no such SCIM token.' })
  }
  forgetCatalogue()
  return c.body(null, 204)
}

function tokenRecord({ id, description, createdAt }: ScimToken) {
  return { id, description, createdAt: new Date(createdAt).toISOString() }
}
