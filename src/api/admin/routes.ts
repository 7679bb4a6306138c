import { Hono } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { authenticate } from '../../http/authenticate.ts'
import { requireJsonAccepted } from '../../http/media-types.ts'
import { generateVerifyCode } from './generate-verify-code.ts'
import { voidVerifyCode } from './void-verify-code.ts'

/** The admin API: RSA ID Plus Cloud Administration, below `/AdminInterface/restapi/v1`. */
export const adminRoutes = new Hono<AdminEnv>()

/** Their limits count users, so that the endpoints themselves ask for them. */
const asHelpDesk = [authenticate('codes'), requireJsonAccepted()] as const

adminRoutes.post(
  '/users/generateVerifyCode/resetPassword',
  ...asHelpDesk,
  generateVerifyCode('PASSWORD_RESET'),
)
adminRoutes.post('/users/generateVerifyCode/enroll', ...asHelpDesk, generateVerifyCode('ENROLLMENT'))
adminRoutes.post('/users/voidVerifyCode', ...asHelpDesk, voidVerifyCode)
