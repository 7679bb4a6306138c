import { Hono } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { authenticate } from '../../http/authenticate.ts'
import { requireJsonAccepted } from '../../http/media-types.ts'
import { rateLimitKey } from '../../http/key-limits.ts'
import type { Permission } from '../../tenants/role.ts'
import { deleteUserNow, putMarkDeleted } from './delete-user.ts'
import { authLogs, exportAdminLog, exportUserLog } from './export-logs.ts'
import { generateVerifyCode } from './generate-verify-code.ts'
import { getHighRisk, putHighRisk } from './high-risk.ts'
import { lookupUser } from './lookup-user.ts'
import { searchUsers } from './search-users.ts'
import { syncUser } from './sync-user.ts'
import { unfreezeUser } from './unfreeze-user.ts'
import { userCodes } from './user-codes.ts'
import { putUserStatus } from './user-status.ts'
import { cancelVerify, startVerify, verifyCode, verifyStatus } from './verify-user.ts'
import { voidVerifyCode } from './void-verify-code.ts'

/** The admin API: RSA ID Plus Cloud Administration, below `/AdminInterface/restapi`. */
export const adminRoutes = new Hono<AdminEnv>()

/** Their limits count users, so that the endpoints themselves ask for them. */
const asHelpDesk = [authenticate('codes'), requireJsonAccepted()] as const

/** A call about users, which costs its key one unit. */
const mayUse = (permission: Permission) =>
  [authenticate(permission), requireJsonAccepted(), rateLimitKey()] as const

adminRoutes.post(
  '/v1/users/generateVerifyCode/resetPassword',
  ...asHelpDesk,
  generateVerifyCode('PASSWORD_RESET'),
)
adminRoutes.post('/v1/users/generateVerifyCode/enroll', ...asHelpDesk, generateVerifyCode('ENROLLMENT'))
adminRoutes.post('/v1/users/voidVerifyCode', ...asHelpDesk, voidVerifyCode)
adminRoutes.get('/v1/users/:id/codes', ...mayUse('codes'), userCodes)

adminRoutes.post('/v1/users/lookup', ...mayUse('users:read'), lookupUser)
// A search costs more, and asks for it itself.
adminRoutes.post('/v1/users/search', authenticate('users:read'), requireJsonAccepted(), searchUsers('v1'))
adminRoutes.post('/v2/users/search', authenticate('users:read'), requireJsonAccepted(), searchUsers('v2'))
adminRoutes.get('/v2/users/highrisk', ...mayUse('users:risk:read'), getHighRisk)
adminRoutes.put('/v1/users/highrisk', ...mayUse('users:risk:write'), putHighRisk)
adminRoutes.put('/v1/users/:id/userStatus', ...mayUse('users:status'), putUserStatus)
adminRoutes.put('/v1/users/:id/markDeleted', ...mayUse('users:delete:soft'), putMarkDeleted)
adminRoutes.post('/v1/users/:id/sync', ...mayUse('users:sync'), syncUser)
adminRoutes.post('/v1/users/:id/unfreeze', ...mayUse('desk:override'), unfreezeUser)
adminRoutes.post('/v1/users/:id/verify/start', ...mayUse('users:verify'), startVerify)
adminRoutes.get('/v1/users/:id/verify/status', ...mayUse('users:verify'), verifyStatus)
adminRoutes.post('/v1/users/:id/verify/code', ...mayUse('users:verify'), verifyCode)
adminRoutes.post('/v1/users/:id/verify/cancel', ...mayUse('users:verify'), cancelVerify)
adminRoutes.delete('/v1/users/:id', ...mayUse('users:delete'), deleteUserNow)

adminRoutes.get('/v1/adminlog/exportlogs', ...mayUse('logs:admin'), exportAdminLog)
adminRoutes.get('/v1/usereventlog/exportlogs', ...mayUse('logs:user'), exportUserLog)
adminRoutes.get('/v1/users/:id/authlogs', ...mayUse('logs:user'), authLogs)
