import { SignJWT } from 'jose'
import { keyPair, type Tenant } from './service.ts'

/** What a tenant's own backend says of whom it calls for, with its key; `claims` and `header` change or add. */
export function clientToken(
  { host, keys }: Pick<Tenant, 'host' | 'keys'>,
  address: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  return new SignJWT({
    sub: keys['help-desk'].accessID,
    aud: `https://${host}/api`,
    client_ip: address,
    iat: nowS,
    exp: nowS + 300,
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'rescind-client+jwt', ...header })
    .sign(keyPair.privateKey)
}
