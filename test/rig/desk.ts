import { env } from 'cloudflare:workers'
import { handle, requestHeld } from './deliveries.ts'
import { newMailHook, type MailHook } from './mail-hook.ts'
import {
  addKey,
  adminToken,
  call,
  newTenant,
  NO_LIMITS,
  type GenerateResult,
  type Tenant,
} from './service.ts'

/** A tenant with a desk: its keys are its persons. */

export const USER = 'user1@example.com'

export type Desk = { tenant: Tenant; hook: MailHook; userId: string }

/** A tenant with the desk's rules, whose mails a hook takes, and one user. */
export async function newDesk(desk: object = {}, policy: object = {}): Promise<Desk> {
  const hook = newMailHook()
  const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy, desk, ...policy } })
  return { tenant, hook, userId: await tenant.addUser(USER) }
}

/** A token of another person of the help desk. */
export async function colleague({ id }: Tenant): Promise<string> {
  return adminToken(await addKey(id, 'help-desk'))
}

/** One call for one user, as a person of the desk makes it, and the messages that it has queued. */
export async function generateAs(
  { host }: Tenant,
  token: string,
  entry: object = {},
  mode = 'resetPassword',
): Promise<{ result: GenerateResult; messages: unknown[] }> {
  const url = `https://${host}/AdminInterface/restapi/v1/users/generateVerifyCode/${mode}`
  const { response, messages } = await requestHeld(url, { token, body: { email: USER, ...entry } })
  return { result: await response.json<GenerateResult>(), messages }
}

/** Issues a code to be shown, and has its notice mailed: the link in it by which it can be reported. */
export async function reportLink({ tenant, hook }: Desk): Promise<{ link: string; code: string }> {
  const { result, messages } = await generateAs(tenant, await tenant.token())
  if (result.verify_code === undefined) throw new Error(`no code: ${JSON.stringify(result)}`)
  await handle(messages)
  const link = hook.mails.at(-1)?.reportUrl
  if (link === undefined) throw new Error('no link')
  return { link, code: result.verify_code }
}

/** A call to the admin API as a person of the desk; `path` from after `/v1`. */
export function desk({ host }: Tenant, token: string, path: string, body?: unknown, method = 'POST') {
  return call(`https://${host}/AdminInterface/restapi/v1${path}`, { method, token, body })
}

export type AdminRow = {
  id: string
  action: string
  result: string
  access_id: string
  user_id: string | null
  target: string
  reason: string | null
}

/** What administrators did, in order. */
export async function adminEvents({ id }: Tenant, action?: string): Promise<AdminRow[]> {
  const { results } = await env.DB.prepare('SELECT * FROM admin_events WHERE tenant_id = ? ORDER BY seq')
    .bind(id)
    .all<AdminRow>()
  return results.filter((row) => action === undefined || row.action === action)
}
