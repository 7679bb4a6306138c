import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import {
  digitsDigests,
  inGroups,
  linkDigests,
  linkOf,
  readDigits,
  secondDestination,
  shownName,
} from '../../codes/verification.ts'
import {
  cancelVerification,
  findVerification,
  startVerification,
  tryDigits,
  type Found,
  type Pair,
  type Verification,
} from '../../codes/verification-store.ts'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { ownMember } from '../../record.ts'
import { tenantOrigin } from '../../tenants/tenant.ts'
import { requireObject, requireUser } from './user-record.ts'

/**
 * Live verification: who calls the help desk shows who they are on the page behind `verifyUrl`, and reads out the digits
 * that they see there. One person verifies a user at a time.
 */

/** `POST v1/users/{id}/verify/start`: what the same person has started for the user before is canceled. */
export async function startVerify(c: Context<AdminEnv>): Promise<Response> {
  const { policy } = c.get('tenant')
  const user = await requireUser(c)
  const by = policy.desk?.verification?.by
  if (by === undefined) {
    throw new HTTPException(400, {
      message: 'Live verification is off: policy.desk.verification turns it on.',
    })
  }
  if (user.status === 'disabled') throw new HTTPException(400, { message: 'The user is disabled.' })
  if (by !== 'sign-in' && secondDestination(user, by) === undefined) {
    const lacks = { mail: 'no second address', phone: 'no phone number' }[by]
    throw new HTTPException(400, { message: `The user has ${lacks} to be verified by.` })
  }
  const scope = tenantScopeOf(c)
  const { tenantId } = scope
  const { peppers } = config(c.env)
  const id = crypto.randomUUID()
  const [linkDigest] = linkDigests(peppers, tenantId, linkOf(peppers[0], tenantId, id))
  const verifierName = nameOf(c)
  const started = { ...pairOf(c), id, verifierName, method: by, linkDigest }
  const found = await startVerification(scope, actorOf(c), started)
  if (found.result === 'busy') throw busy(c, found.busyUntil)
  return shown(c, found)
}

/** `GET v1/users/{id}/verify/status` */
export async function verifyStatus(c: Context<AdminEnv>): Promise<Response> {
  return shown(c, await findVerification(tenantScopeOf(c), pairOf(c)))
}

/** `POST v1/users/{id}/verify/code`: what is no code at all is no try. */
export async function verifyCode(c: Context<AdminEnv>): Promise<Response> {
  const sent = ownMember(requireObject(await readJson(c)), 'verifyCode')
  const digits = typeof sent === 'string' ? readDigits(sent) : undefined
  if (digits === undefined) {
    throw new HTTPException(400, {
      message: 'verifyCode must be the six digits that the user reads out, as a string.',
    })
  }
  const pair = pairOf(c)
  const scope = tenantScopeOf(c)
  const digests = digitsDigests(config(c.env).peppers, { ...pair, tenantId: scope.tenantId }, digits)
  const found = await tryDigits(scope, actorOf(c), pair, digests)
  const isWrong = found.result === 'wrong'
  if (isWrong) c.get('log').outcome = 'wrong'
  return shown(c, found, isWrong)
}

/** `POST v1/users/{id}/verify/cancel` */
export async function cancelVerify(c: Context<AdminEnv>): Promise<Response> {
  return shown(c, await cancelVerification(tenantScopeOf(c), actorOf(c), pairOf(c)))
}

function pairOf(c: Context<AdminEnv>): Pair {
  return { userId: c.req.param('id') ?? '', verifierId: c.get('principal').id }
}

/** What the caller is told that the person is called. A key that nobody has described has its id. */
function nameOf(c: Context<AdminEnv>): string {
  const { name, id } = c.get('principal')
  return shownName(name) || id
}

/**
 * The verification in the vendor's members, and no others: known clients take no unknown one. The vendor has not
 * published the words of the two states, so that these are our own.
 *
 * @throws {HTTPException} 409 where somebody else verifies the user, 404 where nobody does.
 */
function shown(c: Context<AdminEnv>, { own, busyUntil }: Found, isWrong = false): Response {
  const now = c.get('now')
  if (busyUntil !== null && (own === undefined || !isOpen(own, now))) throw busy(c, busyUntil)
  if (own === undefined) {
    throw new HTTPException(404, { message: 'There is no verification of this user by you.' })
  }
  return c.json({
    userId: own.userId,
    userEmail: own.email,
    adminUsername: own.verifierName,
    sessionExpiration: new Date(own.expiresAt).toISOString(),
    verifyUrl: linkFor(c, own),
    verifyStatus: isWrong ? 'WRONG_CODE' : stateOf(own, now),
    status: isOpen(own, now) ? 'ACTIVE' : 'ENDED',
  })
}

/** Whether it waits for the caller, or is good for a code. */
function isOpen({ status, expiresAt, usedAt }: Verification, now: number): boolean {
  return ['pending', 'verified'].includes(status) && expiresAt > now && usedAt === null
}

const STATES = {
  verified: 'VERIFIED',
  cancelled: 'CANCELED',
  failed: 'FAILED',
  expired: 'EXPIRED',
} as const

function stateOf({ status, provedAt, expiresAt }: Verification, now: number): string {
  if (status !== 'pending') return STATES[status]
  if (expiresAt <= now) return STATES.expired
  return provedAt === null ? 'PENDING' : 'CODE_SHOWN'
}

/** By the pepper that it was made with: the newest one may be newer than that. */
function linkFor(c: Context<AdminEnv>, { id, linkDigest }: Verification): string {
  const tenant = c.get('tenant')
  const { peppers, baseUrl } = config(c.env)
  const links = peppers.map((pepper) => ({ pepper, link: linkOf(pepper, tenant.id, id) }))
  const made = links.find(({ pepper, link }) => linkDigests([pepper], tenant.id, link)[0] === linkDigest)
  return `${tenantOrigin(tenant, baseUrl)}/v/${inGroups(made?.link ?? '')}`
}

/** @param until when the other verification ends by itself. */
function busy(c: Context<AdminEnv>, until: number | null): HTTPException {
  c.header('Retry-After', String(Math.ceil(((until ?? 0) - c.get('now')) / 1000)))
  return new HTTPException(409, { message: 'Another administrator is verifying this user.' })
}
