import { and, eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { recordUserEvent } from '../audit/user-event-store.ts'
import { resetCodes } from '../database/schema.ts'
import type { CodeScope } from './code-store.ts'

/** The statements that end a reservation, which `judge` has made. */

/** A code that waits for a password hook. */
export type Reservation = {
  userId: string
  codeId: string
  reservationId: string
  /** When it was made, epoch ms. */
  requestedAt: number
  /** The hash of the network that presented the code. Earlier versions of the service queued none. */
  network?: string | null
}

/**
 * Records that the hook has set the password: the code is spent and the user's failures are forgiven,
 * whatever happened to the code or to its reservation meanwhile. Doing it again changes nothing.
 */
export async function settleRedeemed(scope: CodeScope, reservation: Reservation): Promise<void> {
  const { db, tenantId, mode, now } = scope
  const { userId, codeId, reservationId, requestedAt, network } = reservation
  const isThisCode = sql`(${codeId} IN (${resetCodes.codeId}, ${resetCodes.keptCodeId}))`
  const isThisReservation = sql`(${resetCodes.reservationId} = ${reservationId})`
  const orm = drizzle(db)
  await orm.batch([
    orm
      .update(resetCodes)
      .set({
        failures: 0,
        clientFailures: '',
        endedAt: sql`iif(${isThisCode}, ${now}, ${resetCodes.endedAt})`,
        endedAs: sql`iif(${isThisCode}, 'redeemed', ${resetCodes.endedAs})`,
        // Once this one has lapsed, another redeem may be waiting for a hook of its own.
        reservationId: sql`iif(${isThisReservation}, NULL, ${resetCodes.reservationId})`,
        reservedUntil: sql`iif(${isThisReservation}, NULL, ${resetCodes.reservedUntil})`,
      })
      .where(
        and(eq(resetCodes.tenantId, tenantId), eq(resetCodes.userId, userId), eq(resetCodes.mode, mode)),
      ),
    recordUserEvent(
      orm,
      scope,
      {
        userId,
        action: 'redeemed',
        reason: 'hook',
        subjectId: codeId,
        occurredAt: requestedAt,
      },
      network,
    ),
  ])
}

/** Gives a code back that the hook did not redeem: it is as before, unless a void was asked for in between. */
export async function release(scope: CodeScope, reservation: Reservation, reason: string): Promise<void> {
  const { db, tenantId, mode, now } = scope
  const { userId, reservationId, requestedAt, network } = reservation
  const isVoided = sql`(${resetCodes.endedAt} IS NULL AND ${resetCodes.voidedAt} IS NOT NULL)`
  const orm = drizzle(db)
  await orm.batch([
    orm
      .update(resetCodes)
      .set({
        reservationId: null,
        reservedUntil: null,
        endedAt: sql`iif(${isVoided}, ${now}, ${resetCodes.endedAt})`,
        endedAs: sql`iif(${isVoided}, 'voided', ${resetCodes.endedAs})`,
      })
      .where(
        and(
          eq(resetCodes.tenantId, tenantId),
          eq(resetCodes.userId, userId),
          eq(resetCodes.mode, mode),
          eq(resetCodes.reservationId, reservationId),
        ),
      ),
    recordUserEvent(
      orm,
      scope,
      {
        userId,
        action: 'redeem-failed',
        reason,
        subjectId: reservationId,
        occurredAt: requestedAt,
      },
      network,
    ),
  ])
}
