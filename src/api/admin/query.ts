import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'

/**
 * A parameter of the query that is a whole number.
 *
 * @param bounds `otherwise` is what it is where it is not named.
 * @throws {HTTPException} 400 for anything else, and out of bounds.
 */
function wholeParameter(
  c: Context<AdminEnv>,
  name: string,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const text = c.req.query(name)
  if (text === undefined) return otherwise
  const value = /^\d{1,7}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new HTTPException(400, { message: `${name} must be a whole number from ${least} to ${most}.` })
}

/** Pages count from 0; behind the last one there is nothing. */
export function pageNumber(c: Context<AdminEnv>): number {
  return wholeParameter(c, 'pageNumber', { least: 0, most: 1_000_000, otherwise: 0 })
}

/** How many a page holds: as many as it may, where the query does not say. */
export function pageSize(c: Context<AdminEnv>, most: number): number {
  return wholeParameter(c, 'pageSize', { least: 1, most, otherwise: most })
}
