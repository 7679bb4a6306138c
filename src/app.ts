import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import { HonoBase } from 'hono/hono-base'
import { HTTPException } from 'hono/http-exception'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { TrieRouter } from 'hono/router/trie-router'
import { generateVerifyCode } from './admin-api/generate-verify-code.ts'
import { voidVerifyCode } from './admin-api/void-verify-code.ts'
import type { AppEnv } from './app-env.ts'
import { createUser, deleteUser, findUsers, getUser, patchUser } from './directory/users.ts'
import { renderError } from './errors.ts'
import { authenticate, authenticateOperator } from './identity/authenticate.ts'
import { floodShield } from './limits/flood-shield.ts'
import { rateLimit } from './limits/rate-limit.ts'
import { logRequest } from './log.ts'
import { addKey, listKeys, removeKey } from './operator-api/keys.ts'
import { getTenant, getTenants, putTenant, removeTenant } from './operator-api/tenants.ts'
import { authenticateWithPasswordResetCode } from './password-api/authenticate-with-password-reset-code.ts'
import { csrfToken, requireCsrfToken } from './password-api/csrf.ts'
import { redeemPasswordResetCode, resetGrantKeys } from './password-api/redeem-password-reset-code.ts'
import { sendPasswordResetCode } from './password-api/send-password-reset-code.ts'
import { validatePasswordResetCode } from './password-api/validate-password-reset-code.ts'
import { BODY_BYTES_MAX } from './request-body.ts'
import { canonicalPath } from './request-path.ts'
import { requireTenantOfHost } from './tenants/tenant-of-host.ts'

/** The request's way, from top to bottom. */
export const app = new HonoBase<AppEnv>({ router: new TrieRouter(), getPath: canonicalPath })

const NOT_FOUND =
  'There is nothing here. The APIs are under /AdminInterface/restapi/v1, /api/passwordmanagement, /api/login, ' +
  '/scim/v2 and /operator/v1; docs/api.md of the project lists every endpoint.'

app.onError(renderError)
// Rendered, not thrown: `methodNotAllowed` leaves errors alone, and turns only a plain 404 into a 405.
app.notFound((c) => renderError(new HTTPException(404, { message: NOT_FOUND }), c))

app.use(logRequest(), fixedHeaders())
app.use(floodShield(), bodyLimit({ maxSize: BODY_BYTES_MAX, onError: refuseBody }))
app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }))

app.get('/healthz', (c) => c.json({ status: 'ok' }))

// Admin API (RSA ID Plus Cloud Administration).
const admin = '/AdminInterface/restapi/v1'
const asHelpDesk = [authenticate('codes'), rateLimit('admin')] as const
app.post(
  `${admin}/users/generateVerifyCode/resetPassword`,
  ...asHelpDesk,
  generateVerifyCode('PASSWORD_RESET'),
)
app.post(`${admin}/users/generateVerifyCode/enroll`, ...asHelpDesk, generateVerifyCode('ENROLLMENT'))
app.post(`${admin}/users/voidVerifyCode`, ...asHelpDesk, voidVerifyCode)

// Password API (Akana Community Manager).
const password = '/api/passwordmanagement'
const asVisitor = [requireTenantOfHost(), requireCsrfToken()] as const
app.get(`${password}/csrfToken`, requireTenantOfHost(), csrfToken)
app.post(`${password}/sendPasswordResetCode`, ...asVisitor, sendPasswordResetCode)
const withCode = [...asVisitor, rateLimit('validate')] as const
app.post(`${password}/validatePasswordResetCode`, ...withCode, validatePasswordResetCode)
app.post(`${password}/redeemPasswordResetCode`, ...withCode, redeemPasswordResetCode)
app.post('/api/login/authenticateWithPasswordResetCode', ...withCode, authenticateWithPasswordResetCode)
app.get('/.well-known/jwks.json', resetGrantKeys)

// Directory (SCIM 2.0).
const toRead = [authenticate('users:read'), rateLimit('admin')] as const
const toWrite = [authenticate('users:write'), rateLimit('admin')] as const
app.get('/scim/v2/Users', ...toRead, findUsers)
app.get('/scim/v2/Users/:id', ...toRead, getUser)
app.post('/scim/v2/Users', ...toWrite, createUser)
app.patch('/scim/v2/Users/:id', ...toWrite, patchUser)
app.delete('/scim/v2/Users/:id', ...toWrite, deleteUser)

// Operator API.
const operator = authenticateOperator()
app.get('/operator/v1/tenants', operator, getTenants)
app.get('/operator/v1/tenants/:id', operator, getTenant)
app.put('/operator/v1/tenants/:id', operator, putTenant)
app.delete('/operator/v1/tenants/:id', operator, removeTenant)
app.get('/operator/v1/tenants/:id/keys', operator, listKeys)
app.post('/operator/v1/tenants/:id/keys', operator, addKey)
app.delete('/operator/v1/tenants/:id/keys/:accessId', operator, removeKey)

/**
 * Headers of every answer: nothing may be kept by a cache, sniffed, framed, referred to or fetched over
 * plain HTTP. All are constant, so that hono's configurable middleware would only cost bytes.
 */
const FIXED_HEADERS = Object.entries({
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
})

function fixedHeaders() {
  return createMiddleware<AppEnv>(async function fixedHeaders(c, next) {
    for (const [name, value] of FIXED_HEADERS) c.header(name, value)
    await next()
  })
}

function refuseBody(): never {
  throw new HTTPException(413, { message: `The body is over ${BODY_BYTES_MAX} bytes.` })
}

function refuseMethod(c: Context<AppEnv>, methods: string[]): never {
  c.header('Allow', methods.join(', '))
  throw new HTTPException(405, { message: `Use ${methods.join(' or ')} here.` })
}
