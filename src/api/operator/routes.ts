import { Hono } from 'hono'
import type { OperatorEnv } from '../../http/app-env.ts'
import { authenticateOperator, authenticateOwner } from '../../http/authenticate.ts'
import { addKey } from './add-key.ts'
import { addClient, deleteClient, listClients, putClient } from './clients.ts'
import { deleteTenant } from './delete-tenant.ts'
import { getTenant } from './get-tenant.ts'
import { getTenants } from './get-tenants.ts'
import { listKeys } from './list-keys.ts'
import { putTenant } from './put-tenant.ts'
import { recordOwner } from './record-owner.ts'
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
/** The operator, or a super-admin who is signed in to the console of the tenant that the path names. */
const owner = authenticateOwner()
/** The same for a void of many codes, which must not wait for what else they have called. */
const voiding = authenticateOwner('void')
/** The same for a change, which the audit of the tenant tells where a super-admin makes it. */
const changing = (action: string) => [owner, recordOwner(action)] as const
const making = (action: string) => [authenticateOwner('credentials'), recordOwner(action)] as const

operatorRoutes.get('/tenants', operator, getTenants)
operatorRoutes.get('/tenants/:id', owner, getTenant)
operatorRoutes.put('/tenants/:id', ...changing('tenant.update'), putTenant)
operatorRoutes.delete('/tenants/:id', operator, deleteTenant)
operatorRoutes.get('/tenants/:id/keys', owner, listKeys)
operatorRoutes.post('/tenants/:id/keys', ...making('key.add'), addKey)
operatorRoutes.delete('/tenants/:id/keys/:accessId', ...changing('key.revoke'), revokeKey)
// These tell the audit themselves who has called them.
operatorRoutes.post('/tenants/:id/keys/:accessId/quarantine', voiding, quarantineKey)
operatorRoutes.get('/tenants/:id/clients', owner, listClients)
operatorRoutes.post('/tenants/:id/clients', ...making('client.add'), addClient)
operatorRoutes.put('/tenants/:id/clients/:clientId', ...changing('client.update'), putClient)
operatorRoutes.delete('/tenants/:id/clients/:clientId', ...changing('client.delete'), deleteClient)
operatorRoutes.get('/tenants/:id/scim-tokens', owner, listScimTokens)
operatorRoutes.post('/tenants/:id/scim-tokens', ...making('scim-token.add'), addScimToken)
operatorRoutes.delete('/tenants/:id/scim-tokens/:tokenId', ...changing('scim-token.delete'), deleteScimToken)
operatorRoutes.get('/tenants/:id/webhooks', owner, listWebhooks)
operatorRoutes.post('/tenants/:id/webhooks', ...changing('webhook.add'), addWebhook)
operatorRoutes.get('/tenants/:id/webhooks/:webhookId', owner, getWebhook)
operatorRoutes.put('/tenants/:id/webhooks/:webhookId', ...changing('webhook.update'), putWebhook)
operatorRoutes.delete('/tenants/:id/webhooks/:webhookId', ...changing('webhook.delete'), deleteWebhook)
operatorRoutes.post('/tenants/:id/webhooks/:webhookId/secret', ...changing('webhook.secret'), rotateSecret)
operatorRoutes.post('/tenants/:id/webhooks/:webhookId/replay', ...changing('webhook.replay'), replayEvents)
operatorRoutes.get('/tenants/:id/webhooks/:webhookId/deliveries', owner, listWebhookDeliveries)
operatorRoutes.post('/tenants/:id/void', voiding, voidManyCodes)
operatorRoutes.get('/tenants/:id/void/:jobId', owner, getVoid)
