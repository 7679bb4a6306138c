import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { app } from '../../src/local.ts'
import { countingD1 } from './counting-d1.ts'
import { newRequest, type Call, type Tenant } from './service.ts'

/** Presenting codes to spend them, and what that costs and leaves behind. */

export const VALIDATE = '/api/passwordmanagement/validatePasswordResetCode'
export const REDEEM = '/api/passwordmanagement/redeemPasswordResetCode'
export const AUTHENTICATE = '/api/login/authenticateWithPasswordResetCode'
export const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** A code as a form. */
export const codeForm = (emailAddress: string, passwordResetCode: string): Call => ({
  body: String(new URLSearchParams({ emailAddress, passwordResetCode })),
  headers: FORM,
})

/** A code and a new password. */
export const passwordCall = (
  Email: string,
  PasswordResetCode: string,
  NewPassword = 'correct horse battery staple',
): Call => ({ body: { Email, PasswordResetCode, NewPassword } })

/** One request to the Worker with some bindings replaced, and its calls to others over the network. */
export async function meter(tenant: Tenant, path: string, options: Call, changes: Partial<Env> = {}) {
  const db = countingD1(env.DB)
  const calls = { objects: 0, queued: 0 }
  const TENANT_LIMITER = {
    getByName(name: string) {
      const stub = env.TENANT_LIMITER.getByName(name)
      const answer: typeof stub.answer = (...args) => {
        calls.objects += 1
        return stub.answer(...args)
      }
      return { answer }
    },
  } as unknown as Env['TENANT_LIMITER']
  const DELIVERIES = {
    send(message: unknown) {
      calls.queued += 1
      return env.DELIVERIES.send(message)
    },
  } as unknown as Env['DELIVERIES']
  const context = createExecutionContext()
  const request = newRequest(`https://${tenant.host}${path}`, options)
  const response = await app.fetch(
    request,
    { ...env, DB: db, TENANT_LIMITER, DELIVERIES, ...changes },
    context,
  )
  const body = await response.text()
  await waitOnExecutionContext(context)
  return { status: response.status, body, trips: db.trips, ...calls }
}

/** What happened to the codes of a tenant's users, as administrators are told: `action reason xcount`. */
export async function userEvents({ id }: Pick<Tenant, 'id'>): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT action, reason, count FROM user_events WHERE tenant_id = ? ORDER BY action, reason',
  )
    .bind(id)
    .all<{ action: string; reason: string; count: number }>()
  return results.map(({ action, reason, count }) => `${action} ${reason} x${count}`.replace('  ', ' '))
}

/** An answer but for what differs in every one: to compare refusals to the byte. */
export async function bytesOf(response: Response): Promise<string> {
  const headers = [...response.headers].filter(([header]) => header !== 'x-request-id')
  return JSON.stringify([response.status, headers, await response.text()])
}
