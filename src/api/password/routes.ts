import { Hono } from 'hono'
import type { TenantEnv } from '../../http/app-env.ts'
import { requireCsrfToken } from '../../http/csrf.ts'
import { rateLimit } from '../../http/rate-limit.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import { authenticateWithPasswordResetCode } from './authenticate-with-password-reset-code.ts'
import { csrfToken } from './csrf-token.ts'
import { redeemPasswordResetCode } from './redeem-password-reset-code.ts'
import { sendPasswordResetCode } from './send-password-reset-code.ts'
import { validatePasswordResetCode } from './validate-password-reset-code.ts'

/** The password API: Akana Community Manager, below `/api`. */
export const passwordRoutes = new Hono<TenantEnv>()

const asVisitor = [requireTenantOfHost(), requireCsrfToken()] as const
const withCode = [...asVisitor, rateLimit('validate')] as const

passwordRoutes.get('/passwordmanagement/csrfToken', requireTenantOfHost(), csrfToken)
passwordRoutes.post('/passwordmanagement/sendPasswordResetCode', ...asVisitor, sendPasswordResetCode)
passwordRoutes.post('/passwordmanagement/validatePasswordResetCode', ...withCode, validatePasswordResetCode)
passwordRoutes.post('/passwordmanagement/redeemPasswordResetCode', ...withCode, redeemPasswordResetCode)
passwordRoutes.post(
  '/login/authenticateWithPasswordResetCode',
  ...withCode,
  authenticateWithPasswordResetCode,
)
