import { Hono } from 'hono'
import type { VisitorEnv } from '../../http/app-env.ts'
import { requireCsrfToken } from '../../http/csrf.ts'
import { identifyClient } from '../../http/client.ts'
import { rateLimitCode } from '../../http/client-limits.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import { authenticateWithPasswordResetCode } from './authenticate-with-password-reset-code.ts'
import { csrfToken } from './csrf-token.ts'
import { redeemPasswordResetCode } from './redeem-password-reset-code.ts'
import { sendPasswordResetCode } from './send-password-reset-code.ts'
import { validatePasswordResetCode } from './validate-password-reset-code.ts'

/** The password API: Akana Community Manager, below `/api`. */
export const passwordRoutes = new Hono<VisitorEnv>()

const asVisitor = [requireTenantOfHost(), requireCsrfToken(), identifyClient()] as const
const withCode = [...asVisitor, rateLimitCode()] as const

passwordRoutes.get('/passwordmanagement/csrfToken', requireTenantOfHost(), csrfToken)
passwordRoutes.post('/passwordmanagement/sendPasswordResetCode', ...asVisitor, sendPasswordResetCode)
passwordRoutes.post('/passwordmanagement/validatePasswordResetCode', ...withCode, validatePasswordResetCode)
passwordRoutes.post('/passwordmanagement/redeemPasswordResetCode', ...withCode, redeemPasswordResetCode)
passwordRoutes.post(
  '/login/authenticateWithPasswordResetCode',
  ...withCode,
  authenticateWithPasswordResetCode,
)
