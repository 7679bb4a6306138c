import { env } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { app } from '../../src/local.ts'
import { AUTHENTICATE, codeForm, passwordCall, REDEEM, VALIDATE } from '../rig/presenting.ts'
import {
  BASE_URL,
  newRequest,
  newTenant,
  operatorToken,
  SEND,
  sendCall,
  type Call,
  type Tenant,
} from '../rig/service.ts'

const USER = 'user1@example.com'

/** What every answer carries, whatever it says. */
const FIXED = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-request-id': expect.stringMatching(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/),
}

let tenant: Tenant
let limited: Tenant
let tokens: { desk: string; admin: string; operator: string; limited: string }

beforeAll(async () => {
  tenant = await newTenant({ policy: { redeem: { kind: 'grant', audience: 'x' } }, users: 1 })
  limited = await newTenant({ policy: { limits: { void: { perMinute: 1, burst: 1 } } } })
  tokens = {
    desk: await tenant.token(),
    admin: await tenant.token('super-admin'),
    operator: await operatorToken(),
    limited: await limited.token(),
  }
})

const ADMIN = '/AdminInterface/restapi/v1/users'
const VOID = `${ADMIN}/voidVerifyCode`
const voidBody = { code_generation_mode: 'PASSWORD_RESET', user_emails: [USER] }
const broken = {
  prepare: () => ({ bind: () => ({}) }),
  batch: () => Promise.reject(new Error('D1_ERROR: x')),
}

type Case = [status: number, path: string, call: () => Call, bindings?: Partial<Env>]

/** Answers of every status and every face. */
const CASES: Case[] = [
  [200, '/healthz', () => ({ method: 'GET' })],
  [200, '/healthz', () => ({ method: 'HEAD' })],
  [200, VOID, () => ({ token: tokens.desk, body: voidBody })],
  [200, `${ADMIN}/generateVerifyCode/resetPassword`, () => ({ token: tokens.desk, body: [{ email: USER }] })],
  [200, SEND, () => sendCall(USER)],
  [200, '/api/passwordmanagement/csrfToken', () => ({ method: 'GET' })],
  [200, '/scim/v2/Users', () => ({ method: 'GET', token: tokens.desk })],
  [200, '/operator/v1/tenants', () => ({ method: 'GET', token: tokens.operator })],
  [201, '/scim/v2/Users', () => ({ token: tokens.admin, body: { userName: 'new@example.com' } })],
  [400, VOID, () => ({ token: tokens.desk, body: {} })],
  [400, VALIDATE, () => ({ body: {} })],
  [400, '/scim/v2/Users?count=x', () => ({ method: 'GET', token: tokens.desk })],
  [400, '/operator/v1/tenants?limit=x', () => ({ method: 'GET', token: tokens.operator })],
  [401, VOID, () => ({ body: voidBody })],
  [401, REDEEM, () => codeForm(USER, 'wrong')],
  [401, '/operator/v1/tenants', () => ({ method: 'GET' })],
  [403, '/scim/v2/Users', () => ({ token: tokens.desk, body: { userName: 'other@example.com' } })],
  [404, '/', () => ({ method: 'GET' })],
  [404, '/AdminInterface/restapi/v1/nothing', () => ({})],
  [404, '/api/nothing', () => ({})],
  [404, '/scim/v2/Users/nobody', () => ({ method: 'GET', token: tokens.admin })],
  [405, VOID, () => ({ method: 'GET' })],
  [405, VALIDATE, () => ({ method: 'DELETE' })],
  [405, '/healthz', () => ({})],
  [409, '/scim/v2/Users', () => ({ token: tokens.admin, body: { userName: USER } })],
  [413, VOID, () => ({ token: tokens.desk, body: 'x'.repeat(70_000) })],
  [413, '/nothing', () => ({ body: 'x'.repeat(70_000) })],
  [415, VOID, () => ({ token: tokens.desk, body: 'x', headers: { 'Content-Type': 'text/plain' } })],
  [
    429,
    VOID,
    () => ({ body: voidBody, headers: { 'CF-Connecting-IP': '203.0.113.9' } }),
    { FLOOD_SHIELD: { limit: async () => ({ success: false }) } },
  ],
  [500, VALIDATE, () => codeForm(USER, 'wrong'), { PEPPERS: 'short' }],
  [501, AUTHENTICATE, () => passwordCall(USER, 'wrong')],
  [503, VALIDATE, () => codeForm(USER, 'wrong'), { DB: broken as unknown as D1Database }],
]

function ask(host: string, path: string, call: Call, bindings: Partial<Env> = {}) {
  const base = path.startsWith('/operator/') ? BASE_URL : `https://${host}`
  return app.fetch(newRequest(base + path, call), { ...env, ...bindings }, createExecutionContext())
}

/** What an answer carries of the names in FIXED. */
const fixedOf = ({ headers }: Response) =>
  Object.fromEntries(
    Object.keys(FIXED).flatMap((name) => (headers.has(name) ? [[name, headers.get(name)]] : [])),
  )

describe('the headers of every answer', () => {
  it.each(CASES)('D4: %i of %s', async (status, path, call, bindings) => {
    const response = await ask(tenant.host, path, call(), bindings)
    expect(response.status).toBe(status)
    expect(fixedOf(response)).toEqual(FIXED)
    // Nothing says what this is made with.
    expect([...response.headers.keys()].filter((name) => /^(?:server|x-powered-by)$/.test(name))).toEqual([])
  })

  it('D4: 204, and 429 of a tenant’s own limit', async () => {
    const id = await tenant.addUser('leaver@example.com')
    const deleted = await ask(tenant.host, `/scim/v2/Users/${id}`, { method: 'DELETE', token: tokens.admin })
    expect([deleted.status, fixedOf(deleted)]).toEqual([204, FIXED])
    const call = { token: tokens.limited, body: voidBody }
    await ask(limited.host, VOID, call)
    const refused = await ask(limited.host, VOID, call)
    expect([refused.status, fixedOf(refused)]).toEqual([429, FIXED])
  })

  it('D4: of the public keys too, which alone may be kept for a while', async () => {
    const response = await ask(tenant.host, '/.well-known/jwks.json', { method: 'GET' })
    expect(response.status).toBe(200)
    expect(fixedOf(response)).toEqual({ ...FIXED, 'cache-control': 'public, max-age=300' })
  })
})
