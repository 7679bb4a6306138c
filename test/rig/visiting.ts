import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { app } from '../../src/local.ts'
import { codeForm, FORM, VALIDATE } from './presenting.ts'
import { newRequest, type Call, type Tenant } from './service.ts'

/** Visitors of the password API, by the address that they come from. */

export const from = (address: string, headers: Record<string, string> = {}) => ({
  'CF-Connecting-IP': address,
  ...headers,
})

/** A request past the flood shield, which would refuse what these tests send: it is tested by itself. */
export async function visit(
  { host }: Pick<Tenant, 'host'>,
  path: string,
  options: Call,
  changes: Partial<Env> = {},
): Promise<Response> {
  const context = createExecutionContext()
  const FLOOD_SHIELD = { limit: async () => ({ success: true }) }
  const request = newRequest(`https://${host}${path}`, options)
  const response = await app.fetch(request, { ...env, FLOOD_SHIELD, ...changes }, context)
  await waitOnExecutionContext(context)
  return response
}

/** Presents a code. */
export const present = (
  tenant: Pick<Tenant, 'host'>,
  email: string,
  code: string,
  headers: Record<string, string>,
  path = VALIDATE,
) => visit(tenant, path, { ...codeForm(email, code), headers: { ...FORM, ...headers } })
