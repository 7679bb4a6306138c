import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { writeEvent, type LogEvent } from '../log.ts'
import type { AppEnv } from './app-env.ts'

/** Sets the request's instant and id, and writes its event when it has been answered. */
export function logRequest() {
  return createMiddleware<AppEnv>(async function logRequest(c, next) {
    const now = Date.now()
    // The caller's X-Request-Id is ignored: it would be the only text of a caller in the log.
    const requestId = crypto.randomUUID()
    c.header('X-Request-Id', requestId)
    const log: LogEvent = {
      requestId,
      method: c.req.method,
      route: '',
      status: 0,
      durationMs: 0,
      step: 'handled',
    }
    c.set('now', now)
    c.set('log', log)
    await next()
    const { status } = c.res
    log.route = routePath(c, -1)
    log.status = status
    log.durationMs = Date.now() - now
    if (log.step === 'handled' && status >= 400 && status < 500) log.step = 'rejected'
    writeEvent({ event: 'request', ...log })
  })
}
