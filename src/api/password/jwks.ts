import type { Context } from 'hono'
import { resetGrantJwks } from '../../codes/reset-grant.ts'
import { config } from '../../config.ts'
import type { AppEnv } from '../../http/app-env.ts'

/** `GET /.well-known/jwks.json`: the keys that reset grants are verified with. */
export function jwks(c: Context<AppEnv>): Response {
  c.header('Cache-Control', 'public, max-age=300')
  return c.json(resetGrantJwks(config(c.env)))
}
