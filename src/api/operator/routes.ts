import { Hono } from 'hono'
import type { OperatorEnv } from '../../http/app-env.ts'
import { authenticateOperator } from '../../http/authenticate.ts'
import { addKey } from './add-key.ts'
import { deleteTenant } from './delete-tenant.ts'
import { getTenant } from './get-tenant.ts'
import { getTenants } from './get-tenants.ts'
import { listKeys } from './list-keys.ts'
import { putTenant } from './put-tenant.ts'
import { revokeKey } from './revoke-key.ts'

/** The operator API: tenants and their keys, below `/operator/v1`. */
export const operatorRoutes = new Hono<OperatorEnv>()

const operator = authenticateOperator()

operatorRoutes.get('/tenants', operator, getTenants)
operatorRoutes.get('/tenants/:id', operator, getTenant)
operatorRoutes.put('/tenants/:id', operator, putTenant)
operatorRoutes.delete('/tenants/:id', operator, deleteTenant)
operatorRoutes.get('/tenants/:id/keys', operator, listKeys)
operatorRoutes.post('/tenants/:id/keys', operator, addKey)
operatorRoutes.delete('/tenants/:id/keys/:accessId', operator, revokeKey)
