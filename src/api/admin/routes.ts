import { Hono } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { authenticate } from '../../http/authenticate.ts'
import { requireJsonAccepted } from '../../http/media-types.ts'
import { rateLimit } from '../../http/rate-limit.ts'
import { generateVerifyCode } from './generate-verify-code.ts'
import { voidVerifyCode } from './void-verify-code.ts'

/** The admin API: RSA ID Plus Cloud Administration, below `/AdminInterface/restapi/v1`. */
export const adminRoutes = new Hono<AdminEnv>()

const asHelpDesk = [authenticate('codes'), requireJsonAccepted(), rateLimit('admin')] as const

adminRoutes.post(
  '/users/generateVerifyCode/resetPassword',
  ...asHelpDesk,
  generateVerifyCode('PASSWORD_RESET'),
)
adminRoutes.post('/users/generateVerifyCode/enroll', ...asHelpDesk, generateVerifyCode('ENROLLMENT'))
adminRoutes.post('/users/voidVerifyCode', ...asHelpDesk, voidVerifyCode)
