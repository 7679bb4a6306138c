import { Hono } from 'hono'
import type { OperatorEnv } from '../../http/app-env.ts'
import { authenticateOperator } from '../../http/authenticate.ts'
import { addKey } from './add-key.ts'
import { addClient, deleteClient, listClients, putClient } from './clients.ts'
import { deleteTenant } from './delete-tenant.ts'
import { getTenant } from './get-tenant.ts'
import { getTenants } from './get-tenants.ts'
import { listKeys } from './list-keys.ts'
import { putTenant } from './put-tenant.ts'
import { revokeKey } from './revoke-key.ts'
import { addScimToken, deleteScimToken, listScimTokens } from './scim-tokens.ts'
import { getVoid, quarantineKey, voidManyCodes } from './void-many.ts'
import {
  addWebhook,
  deleteWebhook,
  getWebhook,
  listWebhookDeliveries,
  listWebhooks,
  putWebhook,
  replayEvents,
  rotateSecret,
} from './webhooks.ts'

/** The operator API: tenants, their keys, OAuth clients, SCIM tokens and webhooks, below `/operator/v1`. */
export const operatorRoutes = new Hono<OperatorEnv>()

const operator = authenticateOperator()

operatorRoutes.get('/tenants', operator, getTenants)
operatorRoutes.get('/tenants/:id', operator, getTenant)
operatorRoutes.put('/tenants/:id', operator, putTenant)
operatorRoutes.delete('/tenants/:id', operator, deleteTenant)
operatorRoutes.get('/tenants/:id/keys', operator, listKeys)
operatorRoutes.post('/tenants/:id/keys', operator, addKey)
operatorRoutes.delete('/tenants/:id/keys/:accessId', operator, revokeKey)
operatorRoutes.post('/tenants/:id/keys/:accessId/quarantine', operator, quarantineKey)
operatorRoutes.get('/tenants/:id/clients', operator, listClients)
operatorRoutes.post('/tenants/:id/clients', operator, addClient)
operatorRoutes.put('/tenants/:id/clients/:clientId', operator, putClient)
operatorRoutes.delete('/tenants/:id/clients/:clientId', operator, deleteClient)
operatorRoutes.get('/tenants/:id/scim-tokens', operator, listScimTokens)
operatorRoutes.post('/tenants/:id/scim-tokens', operator, addScimToken)
operatorRoutes.delete('/tenants/:id/scim-tokens/:tokenId', operator, deleteScimToken)
operatorRoutes.get('/tenants/:id/webhooks', operator, listWebhooks)
operatorRoutes.post('/tenants/:id/webhooks', operator, addWebhook)
operatorRoutes.get('/tenants/:id/webhooks/:webhookId', operator, getWebhook)
operatorRoutes.put('/tenants/:id/webhooks/:webhookId', operator, putWebhook)
operatorRoutes.delete('/tenants/:id/webhooks/:webhookId', operator, deleteWebhook)
operatorRoutes.post('/tenants/:id/webhooks/:webhookId/secret', operator, rotateSecret)
operatorRoutes.post('/tenants/:id/webhooks/:webhookId/replay', operator, replayEvents)
operatorRoutes.get('/tenants/:id/webhooks/:webhookId/deliveries', operator, listWebhookDeliveries)
operatorRoutes.post('/tenants/:id/void', operator, voidManyCodes)
operatorRoutes.get('/tenants/:id/void/:jobId', operator, getVoid)
