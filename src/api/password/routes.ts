import { Hono } from 'hono'
import type { AdminEnv, VisitorEnv } from '../../http/app-env.ts'
import { authenticate } from '../../http/authenticate.ts'
import { requireCsrfToken } from '../../http/csrf.ts'
import { identifyClient } from '../../http/client.ts'
import { rateLimitCode } from '../../http/client-limits.ts'
import { rateLimitKey } from '../../http/key-limits.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import { authenticateWithPasswordResetCode } from './authenticate-with-password-reset-code.ts'
import { csrfToken } from './csrf-token.ts'
import { redeemPasswordResetCode } from './redeem-password-reset-code.ts'
import { sendPasswordResetCode } from './send-password-reset-code.ts'
import { deleteChallenges, getChallenges, putChallenges } from './user-challenges.ts'
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

/** What administrators set in the same API: their token names the tenant. */
export const challengeRoutes = new Hono<AdminEnv>()

const CHALLENGES = '/users/:id/challenges'
challengeRoutes.get(CHALLENGES, authenticate('users:read'), rateLimitKey(), getChallenges)
challengeRoutes.put(CHALLENGES, authenticate('users:write'), rateLimitKey(), putChallenges)
challengeRoutes.delete(CHALLENGES, authenticate('users:write'), rateLimitKey(), deleteChallenges)
