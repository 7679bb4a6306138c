import { openVerification, proveByCode, takeProof, type OpenVerification } from '../../codes/proof-store.ts'
import {
  digitsDigests,
  inGroups,
  linkDigests,
  newDigits,
  newProof,
  proofDigests,
  readLinkCode,
} from '../../codes/verification.ts'
import { config } from '../../config.ts'
import { queueDeliveries } from '../../delivery/outbox.ts'
import { admitVisitor } from '../../http/client-limits.ts'
import { outboxOf, tenantScopeOf } from '../../http/context.ts'
import type { ErrorStatus } from '../../http/error-status.ts'
import { readForm } from './form.ts'
import { showPage, type PageContext, type Problem } from './page.ts'
import { limitProblem } from './steps.ts'
import { asTyped } from './typed.ts'
import { digitsNote, linkForm, proofForm, signInForm } from './verify-views.ts'

/** A verification that the caller has opened, and the code in its link. */
export type Opened = { link: string; verification: OpenVerification }

/** `GET /v/{link}`: says what the page is for. It sends nothing, and tells nothing of anybody. */
export async function linkPage(c: PageContext): Promise<Response> {
  const opened = await openLink(c, c.req.param('link') ?? '')
  return opened instanceof Response ? opened : showProof(c, opened)
}

/** `POST /v/open`: leads to the page of a code that was typed. */
export async function enterLink(c: PageContext): Promise<Response> {
  const form = await readForm(c)
  const link = readLinkCode(asTyped(form.field('link')))
  return link === undefined ? showLink(c, 'link', 422) : c.redirect(hrefOf(c, link), 303)
}

/** `POST /v/{link}/send`: has a code sent, and leads back by a redirect, so that no reload sends again. */
export async function sendProof(c: PageContext): Promise<Response> {
  const opened = await openLink(c, c.req.param('link') ?? '')
  if (opened instanceof Response) return opened
  const { link, verification } = opened
  const { peppers, transientKeys: keys } = config(c.env)
  const { id: tenantId } = c.get('tenant')
  const proof = newProof()
  const [proofDigest] = proofDigests(peppers, tenantId, link, proof)
  if (!(await takeProof(tenantScopeOf(c), verification, proofDigest, c.get('client').network))) {
    c.get('log').outcome = 'not-sent'
    return showProof(c, opened, { message: c.get('page').texts.pages.verify.notSent })
  }
  const { id: verificationId, userId } = verification
  const ids = { tenantId, userId, verificationId, proofId: crypto.randomUUID() }
  const message = { kind: 'proof' as const, ...ids, proof, proofDigest, requestedAt: c.get('now') }
  await queueDeliveries({ queue: outboxOf(c).queue, keys }, [message])
  return c.redirect(hrefOf(c, link), 303)
}

/** `POST /v/{link}`: checks the code that the caller was sent, and shows the digits. What is no code is not counted. */
export async function enterProof(c: PageContext): Promise<Response> {
  const form = await readForm(c)
  const proof = asTyped(form.field('code')).replace(/[\s\p{Pd}]/gu, '')
  const opened = await openLink(c, c.req.param('link') ?? '')
  if (opened instanceof Response) return opened
  const { errors, verify } = c.get('page').texts.pages
  if (proof === '') return showProof(c, opened, { field: 'code', message: errors.codeMissing })
  const { link, verification } = opened
  const { peppers } = config(c.env)
  const { id: tenantId } = c.get('tenant')
  const digits = newDigits()
  const proved = await proveByCode(tenantScopeOf(c), verification.id, {
    proofs: proofDigests(peppers, tenantId, link, proof),
    digits: digitsDigests(peppers, { tenantId, ...verification }, digits)[0],
    network: c.get('client').network,
  })
  if (proved) return showDigits(c, verification, digits)
  c.get('log').outcome = 'wrong'
  // The last try has ended the verification, and so may others have meanwhile.
  const again = await openLink(c, link, false)
  return again instanceof Response ? again : showProof(c, again, { field: 'code', message: verify.wrong })
}

/**
 * The verification behind a link, or the answer where there is none: the same for one that is over and one that never was.
 * Every look is charged to the client, since a link could be guessed.
 */
export async function openLink(c: PageContext, typed: string, isCharged = true): Promise<Opened | Response> {
  try {
    if (isCharged) await admitLook(c)
  } catch (error) {
    const { heading } = c.get('page').texts.pages.verify
    return showPage(c, { heading, body: linkForm(c.get('page')), problem: limitProblem(c, error) }, 429)
  }
  const link = readLinkCode(typed)
  const { peppers } = config(c.env)
  const digests = link === undefined ? [] : linkDigests(peppers, c.get('tenant').id, link)
  const verification = await openVerification(tenantScopeOf(c), digests)
  if (link !== undefined && verification !== undefined) return { link, verification }
  c.get('log').outcome = 'no-verification'
  return showLink(c, undefined, 404)
}

async function admitLook(c: PageContext): Promise<void> {
  const { validate } = c.get('tenant').policy.limits
  await admitVisitor(c, [{ bucket: 'verify', key: 'verify', ...validate, cost: 1 }])
}

/** The page for the code of a page: that there is none behind this one. */
function showLink(c: PageContext, field: 'link' | undefined, status: ErrorStatus): Promise<Response> {
  const page = c.get('page')
  const { heading, over } = page.texts.pages.verify
  const problem: Problem = field === undefined ? { message: over } : { field, message: over }
  return showPage(c, { heading, body: linkForm(page, problem), problem }, status)
}

export function showProof(
  c: PageContext,
  { link, verification }: Opened,
  fault?: Problem,
): Promise<Response> {
  const page = c.get('page')
  const { method, isSent } = verification
  // Where no code is awaited, there is no field that it could be about.
  const problem = fault && (isSent === 1 ? fault : { message: fault.message })
  const action = `/v/${inGroups(link)}`
  const { heading } = page.texts.pages.verify
  const status = problem ? 422 : 200
  if (method === 'sign-in') {
    return showPage(c, { heading, body: signInForm(page, c.get('tenant'), action), problem }, status)
  }
  const body = proofForm(page, c.get('tenant'), { action, method, isSent: isSent === 1, problem })
  return showPage(c, { heading, body, problem }, status)
}

export function showDigits(
  c: PageContext,
  verification: OpenVerification,
  digits: string,
): Promise<Response> {
  const page = c.get('page')
  const validS = Math.floor((verification.expiresAt - c.get('now')) / 1000)
  const body = digitsNote(page, c.get('tenant'), { digits, agent: verification.verifierName, validS })
  return showPage(c, { heading: page.texts.pages.verify.read, body })
}

function hrefOf(c: PageContext, link: string): string {
  return c.get('page').href(`/v/${inGroups(link)}`)
}
