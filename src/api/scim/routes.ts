import { Hono } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { authenticate } from '../../http/authenticate.ts'
import { rateLimitKey } from '../../http/key-limits.ts'
import { limitBody } from '../../http/limit-body.ts'
import { bulk } from './bulk.ts'
import { BULK_BYTES_MAX } from './bulk-request.ts'
import { patchUser, putUser } from './change-user.ts'
import { createUser } from './create-user.ts'
import { deleteUser } from './delete-user.ts'
import { resourceType, resourceTypes, schema, schemas, serviceProviderConfig } from './discovery.ts'
import { findUsers, searchForUsers } from './find-users.ts'
import { getUser } from './get-user.ts'

/** The directory: SCIM 2.0 (RFC 7643, RFC 7644), below `/scim/v2`. */
export const scimRoutes = new Hono<AdminEnv>()

const toRead = [authenticate('users:read', 'scim'), rateLimitKey()] as const
const toWrite = [authenticate('users:write', 'scim'), rateLimitKey()] as const
const toDelete = [authenticate('users:deprovision', 'scim'), rateLimitKey()] as const

// What a search costs is known only from its query.
scimRoutes.get('/Users', toRead[0], findUsers)
scimRoutes.get('/Users/:id', ...toRead, getUser)
scimRoutes.post('/Users/.search', toRead[0], searchForUsers)
scimRoutes.post('/Users', ...toWrite, createUser)
scimRoutes.put('/Users/:id', ...toWrite, putUser)
scimRoutes.patch('/Users/:id', ...toWrite, patchUser)
scimRoutes.delete('/Users/:id', ...toDelete, deleteUser)
// A call costs as many units as it has operations, and DELETE in it needs its own right, too.
scimRoutes.post('/Bulk', toWrite[0], limitBody(BULK_BYTES_MAX), bulk)
scimRoutes.get('/ServiceProviderConfig', ...toRead, serviceProviderConfig)
scimRoutes.get('/ResourceTypes', ...toRead, resourceTypes)
scimRoutes.get('/ResourceTypes/:name', ...toRead, resourceType)
scimRoutes.get('/Schemas', ...toRead, schemas)
scimRoutes.get('/Schemas/:id', ...toRead, schema)
