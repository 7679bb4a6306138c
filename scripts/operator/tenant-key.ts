import { generateKeyPairSync } from 'node:crypto'
import type { OperatorKeyFile, TenantKeyFile } from '../keys/key-file.ts'
import { bodyOf, operate } from './operator-client.ts'

/**
 * Makes an API key for a tenant: the service learns the public part, the key file holds both.
 *
 * @throws {RefusalError} in the words of the service, when it refuses.
 */
export async function newTenantKey(
  operatorKey: OperatorKeyFile,
  tenantId: string,
  role: string,
  description: string,
): Promise<TenantKeyFile> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const added = await operate(operatorKey, 'POST', `/tenants/${tenantId}/keys`, {
    publicKey: publicKey.export({ format: 'jwk' }),
    role,
    description,
  })
  const { customerName, accessID, adminRestApiUrl } = await bodyOf<TenantKeyFile>(added)
  const accessKey = String(privateKey.export({ type: 'pkcs1', format: 'pem' }))
  return { customerName, accessID, accessKey, adminRestApiUrl, description }
}
