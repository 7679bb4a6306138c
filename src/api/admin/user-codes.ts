import type { Context } from 'hono'
import { codesOfUser, type CodeRow } from '../../codes/code-facts-store.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { noSuchUser } from './user-record.ts'

/** `GET v1/users/{id}/codes`: how the codes of a user stand, and never a code. Ours. */
export async function userCodes(c: Context<AdminEnv>): Promise<Response> {
  const { attemptsMax, failuresMax } = c.get('tenant').policy.code
  const userId = c.req.param('id') ?? ''
  const found = await codesOfUser({ ...tenantScopeOf(c), attemptsMax, failuresMax }, userId)
  if (found === undefined) throw noSuchUser()
  const { frozenUntil, rows } = found
  const codes = rows.flatMap((row) => [
    newest(row, attemptsMax, c.get('now')),
    ...(row.isKeptLive ? [kept(row, attemptsMax)] : []),
  ])
  const { failures = 0 } = rows.find(({ mode }) => mode === 'PASSWORD_RESET') ?? {}
  return c.json({
    userId,
    codes,
    frozenUntil: shownTime(frozenUntil),
    selfServiceAttemptsLeft: Math.max(0, failuresMax - failures),
  })
}

function newest(row: CodeRow, attemptsMax: number, now: number) {
  const {
    mode,
    origin,
    isNewestLive,
    isReserved,
    issuedAt,
    expiresAt,
    attempts,
    endedAt,
    endedAs,
    voidedAt,
  } = row
  const ended = endedAs ?? (voidedAt === null && !row.isVoidedWithAll ? undefined : 'voided')
  return {
    mode,
    state: isNewestLive
      ? isReserved
        ? 'in-use'
        : 'live'
      : (ended ?? (expiresAt <= now ? 'expired' : 'locked')),
    origin,
    issuedAt: shownTime(issuedAt),
    liveUntil: shownTime(expiresAt),
    attemptsLeft: Math.max(0, attemptsMax - attempts),
    issuedBy: actor(row.issuedBy, row.issuedByName),
    channel: row.channel,
    destination: row.destination,
    endedAt: shownTime(endedAt ?? voidedAt),
    voidedBy: ended === 'voided' ? actor(row.voidedBy, row.voidedByName) : null,
  }
}

/** The code of the other origin, which is live beside the newest. */
function kept(row: CodeRow, attemptsMax: number) {
  return {
    mode: row.mode,
    state: row.isReserved ? 'in-use' : 'live',
    origin: row.origin === 'asked' ? 'issued' : 'asked',
    issuedAt: shownTime(row.keptIssuedAt),
    liveUntil: shownTime(row.keptExpiresAt),
    attemptsLeft: Math.max(0, attemptsMax - row.attempts),
    issuedBy: actor(row.keptIssuedBy, row.keptIssuedByName),
    channel: row.keptChannel,
    destination: row.keptDestination,
    endedAt: null,
    voidedBy: null,
  }
}

/** A key, client or person, as the audit knows them. */
function actor(id: string | null, name: string | null) {
  return id === null ? null : { id, name }
}

function shownTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
