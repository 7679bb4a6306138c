import { env } from 'cloudflare:workers'
import {
  addKey,
  adminToken,
  call,
  expectStatus,
  newTenant,
  NO_LIMITS,
  operate,
  type Tenant,
  type TestKey,
} from './service.ts'

/** Voids of more than one user's codes. */

export type Job = {
  jobId: string
  dryRun: boolean
  state: 'running' | 'done'
  done: number
  total: number
  voided: number
  inUse: number
}

const ADMIN = '/AdminInterface/restapi/v1/codes/void'

/** Voids everything, as the operator does. */
export async function voidAll({ id }: Pick<Tenant, 'id'>, more: object = {}): Promise<void> {
  await expectStatus(200, await operate('POST', `/tenants/${id}/void`, { scope: 'all', ...more }))
}

/** Begins a void as the operator, which is worked on at once. */
export async function voidSome({ id }: Pick<Tenant, 'id'>, request: object): Promise<Job> {
  const response = await operate('POST', `/tenants/${id}/void`, request)
  await expectStatus(202, response)
  return response.json()
}

/** A void as a super-admin asks for it. */
export function voidAsAdmin(tenant: Tenant, request: unknown, headers: Record<string, string> = {}) {
  return tenant.admin('/codes/void', request, 'super-admin', headers)
}

export { ADMIN as VOID_MANY }

/** What administrators did, as `action mode result`, but for users and single codes. */
export async function wholeEvents({ id }: Pick<Tenant, 'id'>): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT action, mode, target, result, access_id FROM admin_events WHERE tenant_id = ?
     AND action IN ('void.all', 'void.some', 'key.quarantine') ORDER BY seq`,
  )
    .bind(id)
    .all<Record<string, string | null>>()
  return results.map(({ action, mode, result }) => `${action} ${mode ?? 'both'} ${result}`)
}

/** A policy that redeems and mails. */
export const MAILING = {
  ...NO_LIMITS,
  mail: { from: 'reset@example.com' },
  redeem: { kind: 'grant', audience: 'https://app.example.com' },
}

export const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'

export type Issued = Map<string, string>

/** Codes of some users by one key, by their addresses. */
export async function issueBy(tenant: Tenant, key: TestKey, emails: readonly string[]): Promise<Issued> {
  const token = await adminToken(key)
  const response = await call(`https://${tenant.host}${GENERATE}`, {
    token,
    body: emails.map((email) => ({ email })),
  })
  if (response.status !== 200) throw new Error(`generate: ${response.status}`)
  const results = await response.json<{ verify_code?: string }[]>()
  return new Map(emails.flatMap((email, index) => [[email, results[index]?.verify_code ?? '']]))
}

/** Whose codes are good. */
export async function goodOf(tenant: Tenant, issued: Issued): Promise<string[]> {
  const checks = [...issued].map(async ([email, code]) =>
    (await tenant.validate(email, code)).status === 200 ? email : '',
  )
  return (await Promise.all(checks)).filter(Boolean)
}

/** Two keys, each with codes of its own users. */
export async function twoIssuers(users = 6) {
  const tenant = await newTenant({ policy: MAILING, users })
  const [mine, theirs] = [tenant.keys['help-desk'], await addKey(tenant.id, 'help-desk')]
  const half = Math.ceil(users / 2)
  const issued = await issueBy(tenant, mine, tenant.emails.slice(0, half))
  const others = await issueBy(tenant, theirs, tenant.emails.slice(half))
  return { tenant, mine, theirs, issued, others }
}

/** How many codes of single users were voided, by what the events say. */
export async function voidEvents(tenant: Pick<Tenant, 'id'>): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    "SELECT result, count(*) AS n FROM admin_events WHERE tenant_id = ? AND action = 'void' GROUP BY result",
  )
    .bind(tenant.id)
    .all<{ result: string; n: number }>()
  return Object.fromEntries(results.map(({ result, n }) => [result, n]))
}
