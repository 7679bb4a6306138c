import { env } from 'cloudflare:workers'
import { handle } from './deliveries.ts'
import { newMailHook, type MailHook } from './mail-hook.ts'
import { visit, visible, type Answer, type Visit } from './pages.ts'
import { call, newTenant, NO_LIMITS, type Tenant } from './service.ts'

/** A help desk that verifies callers, and a caller in front of the page behind the link. */

export type Shown = {
  userId: string
  userEmail: string
  adminUsername: string
  sessionExpiration: string
  verifyUrl: string
  verifyStatus: string
  status: string
}

/** The second address of every user here, and their number. */
export const SECOND = 'jane@home.example'
export const NUMBER = '+49 170 555 0123'

/** A tenant whose callers are sent a code, and its hook. */
export async function newDesk({ by = 'mail', policy = {} }: { by?: string; policy?: object } = {}) {
  const hook = newMailHook()
  const desk = { verification: { by } }
  const tenant = await newTenant({ policy: { ...NO_LIMITS, ...hook.policy, desk, ...policy } })
  return Object.assign(tenant, { hook })
}

export type Desk = Tenant & { hook: MailHook }

export function addCaller(tenant: Tenant, name = 'jane'): Promise<string> {
  return tenant.addUser(`${name}@example.com`, {
    emails: [
      { value: `${name}@example.com`, primary: true },
      { value: SECOND, type: 'home' },
    ],
    phoneNumbers: [{ value: NUMBER, type: 'mobile' }],
  })
}

type Verb = 'start' | 'status' | 'code' | 'cancel'

/** A call about the verification of a user; by the help desk's key, unless a token says otherwise. */
export async function verify(
  tenant: Tenant,
  userId: string,
  verb: Verb,
  { token, verifyCode }: { token?: string; verifyCode?: unknown } = {},
): Promise<Response> {
  return call(`https://${tenant.host}/AdminInterface/restapi/v1/users/${userId}/verify/${verb}`, {
    method: verb === 'status' ? 'GET' : 'POST',
    token: token ?? (await tenant.token()),
    ...(verifyCode !== undefined && { body: { verifyCode } }),
  })
}

/** The same where it succeeds. */
export async function verified(...asked: Parameters<typeof verify>): Promise<Shown> {
  const response = await verify(...asked)
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  return response.json()
}

/** The path of the page that a link leads to. */
export function pathOf({ verifyUrl }: Pick<Shown, 'verifyUrl'>): string {
  return new URL(verifyUrl).pathname
}

/** Has a code sent from the page, and returns it. */
export async function sentProof(desk: Desk, path: string, options: Visit = {}): Promise<string> {
  const sent = await visit(desk, `${path}/send`, { form: {}, ...options })
  if (sent.status !== 303) throw new Error(`${sent.status}: ${visible(sent)}`)
  await handle(sent.messages)
  return desk.hook.mails.at(-1)?.code ?? ''
}

/** The digits that a page shows. */
export function digitsOf({ html }: Pick<Answer, 'html'>): string {
  return (/<p class="digits" dir="ltr">([\d ]+)</.exec(html)?.[1] ?? '').replaceAll(' ', '')
}

/** What the caller does from the link to the digits. */
export async function digitsFor(desk: Desk, started: Pick<Shown, 'verifyUrl'>): Promise<string> {
  const path = pathOf(started)
  const code = await sentProof(desk, path)
  return digitsOf(await visit(desk, path, { form: { code } }))
}

export async function storedVerifications({ id }: Tenant) {
  const { results } = await env.DB.prepare(
    'SELECT * FROM desk_verifications WHERE tenant_id = ? ORDER BY started_at',
  )
    .bind(id)
    .all()
  return results
}

/** Of the help desk, oldest first: the action and the result. */
export async function deskEvents({ id }: Tenant): Promise<[string, string][]> {
  const { results } = await env.DB.prepare(
    `SELECT action, result FROM admin_events WHERE tenant_id = ? AND action LIKE 'verify.%' ORDER BY seq`,
  )
    .bind(id)
    .all<{ action: string; result: string }>()
  return results.map(({ action, result }) => [action, result])
}
