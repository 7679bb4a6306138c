import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../../http/app-env.ts'
import { config } from '../../config.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, tenantDatabase } from '../../http/context.ts'
import { ScimException } from './errors.ts'
import { readUser, userResource } from './scim-user.ts'
import { readUserFilter } from './user-filter.ts'
import { applyPatch } from './user-patch.ts'
import * as store from '../../users/user-store.ts'

/** Users per page of a search. */
const PAGE_SIZE_MAX = 100

/** `POST /scim/v2/Users` (RFC 7644 §3.3) */
export async function createUser(c: Context<AppEnv>): Promise<Response> {
  const now = c.get('now')
  const user = { ...readUser(await readJson(c)), id: crypto.randomUUID(), createdAt: now, updatedAt: now }
  switch (await store.insertUser(scopeOf(c), actorOf(c), user)) {
    case 'user-name-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this userName.')
    case 'email-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this e-mail address.')
    case 'stored': {
      const resource = resourceOf(c, user)
      c.header('Location', resource.meta.location)
      return scim(c, resource, 201)
    }
  }
}

/** `GET /scim/v2/Users/{id}` (RFC 7644 §3.4.1) */
export async function getUser(c: Context<AppEnv>): Promise<Response> {
  return scim(c, resourceOf(c, await requireUser(c)))
}

/** `GET /scim/v2/Users?filter=&startIndex=&count=` (RFC 7644 §3.4.2) */
export async function findUsers(c: Context<AppEnv>): Promise<Response> {
  const { filter, startIndex, count } = c.req.query()
  const offset = Math.max(1, wholeNumber('startIndex', startIndex ?? '1')) - 1
  const limit = Math.min(PAGE_SIZE_MAX, Math.max(0, wholeNumber('count', count ?? String(PAGE_SIZE_MAX))))
  const wanted = filter === undefined ? undefined : readUserFilter(filter)
  const { total, page } = await store.searchUsers(scopeOf(c), wanted, { offset, limit })
  return scim(c, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex: offset + 1,
    itemsPerPage: page.length,
    Resources: page.map((user) => resourceOf(c, user)),
  })
}

/** `PATCH /scim/v2/Users/{id}` (RFC 7644 §3.5.2): anything but who the user is. */
export async function patchUser(c: Context<AppEnv>): Promise<Response> {
  const body = await readJson(c)
  const user = await requireUser(c)
  const patched = readUser(applyPatch(resourceOf(c, user), body))
  if (patched.emailKey !== user.emailKey || patched.userName !== user.userName) {
    throw new ScimException(
      400,
      'mutability',
      'userName and emails cannot be changed: delete the user and create it anew.',
    )
  }
  const { status, attributes } = patched
  // Only what this patch changes is written: another one beside it may just be disabling the user.
  const changes = {
    ...(status !== user.status && { status }),
    ...(attributes !== user.attributes && { attributes }),
    updatedAt: c.get('now'),
  }
  if (!(await store.updateUser(scopeOf(c), actorOf(c), user.id, changes))) throw notFound()
  return scim(c, resourceOf(c, { ...user, ...changes }))
}

/** `DELETE /scim/v2/Users/{id}` (RFC 7644 §3.6) */
export async function deleteUser(c: Context<AppEnv>): Promise<Response> {
  if (!(await store.deleteUser(scopeOf(c), actorOf(c), c.req.param('id') ?? ''))) throw notFound()
  return c.body(null, 204)
}

async function requireUser(c: Context<AppEnv>): Promise<store.User> {
  const user = await store.findUser(scopeOf(c), c.req.param('id') ?? '')
  if (user === undefined) throw notFound()
  return user
}

function notFound(): HTTPException {
  return new HTTPException(404, { message: 'There is no such user.' })
}

function scopeOf(c: Context<AppEnv>): store.DirectoryScope {
  return { db: tenantDatabase(c), tenantId: c.get('tenant').id, now: c.get('now') }
}

function resourceOf(c: Context<AppEnv>, user: store.User) {
  return userResource(user, config(c.env).baseUrl)
}

function scim(c: Context<AppEnv>, resource: object, status: 200 | 201 = 200): Response {
  return c.json(resource, status, { 'Content-Type': 'application/scim+json' })
}

function wholeNumber(name: string, text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new ScimException(400, 'invalidValue', `${name} must be a whole number.`)
}
