import { Hono } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { authenticate } from '../../http/authenticate.ts'
import { rateLimitKey } from '../../http/key-limits.ts'
import { requireJsonAccepted } from '../../http/media-types.ts'
import { previewCodes } from './preview-codes.ts'
import { getVoid, voidManyCodes } from './void-many.ts'

/** Voids of many codes, and previews, beside what the vendor has: what is worked off belongs to the control plane. */
export const adminVoidRoutes = new Hono<AdminEnv>()

const asSuperAdmin = [authenticate('codes:void-all'), requireJsonAccepted()] as const

// What it costs its key, it asks for itself.
adminVoidRoutes.post('/void', ...asSuperAdmin, voidManyCodes)
adminVoidRoutes.post('/preview', authenticate('codes'), requireJsonAccepted(), previewCodes)
adminVoidRoutes.get('/void/:id', ...asSuperAdmin, rateLimitKey(), getVoid)
