import { generateKeyPairSync } from 'node:crypto'
import type { ClientFile, OperatorKeyFile } from '../keys/key-file.ts'
import { bodyOf, operate } from './operator-client.ts'

/**
 * Makes an OAuth client for a tenant: the service learns the public part of its key, the file holds both.
 *
 * @throws {RefusalError} in the words of the service, when it refuses.
 */
export async function newTenantClient(
  operatorKey: OperatorKeyFile,
  tenantId: string,
  scopes: readonly string[],
  description: string,
): Promise<ClientFile> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = new Date().toISOString().slice(0, 10)
  const added = await operate(operatorKey, 'POST', `/tenants/${tenantId}/clients`, {
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid }] },
    scopes,
    description,
  })
  const { clientId, issuer, tokenEndpoint } = await bodyOf<ClientFile>(added)
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256' } as ClientFile['privateKey']
  return { clientId, issuer, tokenEndpoint, scopes: [...scopes], privateKey: jwk, description }
}
