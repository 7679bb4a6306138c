import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { drawCode, newCodeDigest } from '../../src/codes/code.ts'
import { codeScope, type VisitorContext } from '../../src/codes/code-context.ts'
import { findDeliverables } from '../../src/codes/deliverable-store.ts'
import { issueCodes } from '../../src/codes/issue.ts'
import {
  redeemCode,
  releaseReservation,
  reserveCode,
  settleReservation,
  validateCode,
} from '../../src/codes/redeem.ts'
import { voidCodes } from '../../src/codes/void.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { deleteUser, updateUser } from '../../src/users/user-store.ts'
import { newTenant, type Tenant } from '../rig/service.ts'

/**
 * Every two things that can happen to a code at once, each beside each other one, with and without a password
 * hook that is being asked: whatever their order, what they say and what they leave behind agree (R1, R2, R3).
 */

const POLICY = {
  alphabet: 'base32',
  length: 8,
  ttlMinutes: 10,
  attemptsMax: 5,
  failuresMax: 100,
  highRisk: 'restrict',
  customEmail: 'any',
} as const
const ACTOR = { accessId: 'test', sourceIp: '192.0.2.1', requestId: 'test' }
const ROUNDS = 2

const OPERATIONS = [
  'issue',
  'send',
  'validate',
  'redeem',
  'reserve',
  'settle',
  'release',
  'void',
  'disable',
  'delete',
] as const
type Operation = (typeof OPERATIONS)[number]

/** A user with a live code; `reserved` says that a hook is being asked with it. */
async function newHolder(tenant: Tenant, isReserved: boolean) {
  const email = `${crypto.randomUUID()}@example.com`
  const userId = await tenant.addUser(email)
  const context = (): VisitorContext => ({
    network: null,
    client: null,
    questions: [],
    db: env.DB,
    tenantId: tenant.id,
    now: Date.now(),
    policy: POLICY,
    peppers: parseKeyring('PEPPERS', env.PEPPERS),
  })
  const transientKeys = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
  const issuing = () => ({ ...context(), desk: undefined, transientKeys })
  const issue = async () => {
    const wanted = {
      tag: 'wanted',
      emailAddress: email,
      ttlMs: 600_000,
      isFreshStart: true,
      channel: 'DISPLAY',
      customKey: null,
    } as const
    const [issued] = await issueCodes(issuing(), ACTOR, 'PASSWORD_RESET', [wanted])
    return issued?.outcome.tag === 'issued' ? issued.outcome : undefined
  }
  const first = await issue()
  if (first === undefined) throw new Error('no code was issued')
  const reservation = {
    userId,
    codeId: first.codeId,
    reservationId: crypto.randomUUID(),
    requestedAt: Date.now(),
  }
  if (isReserved) {
    const reserved = await reserveCode(context(), email, first.code, reservation.reservationId)
    expect(reserved.tag).toBe('accepted')
  }
  return { email, userId, context, issue, code: first.code, reservation }
}

type Holder = Awaited<ReturnType<typeof newHolder>>

/** Does one thing, and says in a word what it answered, with the code that it brought if it brought one. */
async function perform(
  operation: Operation,
  { email, userId, context, issue, code, reservation }: Holder,
): Promise<{ answer: string; code?: string }> {
  const now = context()
  switch (operation) {
    case 'issue': {
      const issued = await issue()
      return issued ? { answer: 'issued', code: issued.code } : { answer: 'refused' }
    }
    case 'send': {
      const asked = drawCode(POLICY)
      const { tenantId, peppers } = now
      const [found] = await findDeliverables(codeScope(now, 'PASSWORD_RESET'), [
        {
          emailKey: email,
          codeId: crypto.randomUUID(),
          mode: 'PASSWORD_RESET',
          network: null,
          asked: {
            ...newCodeDigest(peppers, { tenantId, emailKey: email, mode: 'PASSWORD_RESET' }, asked),
            requestedAt: now.now,
            expiresAt: now.now + 600_000,
          },
        },
      ])
      const tag = found?.deliverable.tag ?? 'none'
      return tag === 'live' ? { answer: 'issued', code: asked } : { answer: tag }
    }
    case 'validate':
      return { answer: (await validateCode(now, email, code)).tag }
    case 'redeem':
      return { answer: (await redeemCode(now, email, code)).tag }
    case 'reserve':
      return { answer: (await reserveCode(now, email, code, crypto.randomUUID())).tag }
    case 'settle':
      await settleReservation(now, reservation)
      return { answer: 'settled' }
    case 'release':
      await releaseReservation(now, reservation, 'hook-500')
      return { answer: 'released' }
    case 'void': {
      const [outcome] = await voidCodes(now, ACTOR, 'PASSWORD_RESET', [{ emailAddress: email }])
      return { answer: outcome?.result ?? 'none' }
    }
    case 'disable': {
      await updateUser({ ...now, ...POLICY }, ACTOR, { id: userId }, { status: 'disabled' })
      return { answer: 'done' }
    }
    case 'delete':
      await deleteUser(now, ACTOR, userId)
      return { answer: 'done' }
  }
}

/** What is wrong with what two operations have answered and left behind; empty when all agrees. */
async function contradictions(
  holder: Holder,
  done: readonly { operation: Operation; answer: string; code?: string }[],
  isReserved: boolean,
): Promise<string[]> {
  const { email, userId, context, code } = holder
  const isGood = async (each: string) => (await validateCode(context(), email, each)).tag === 'accepted'
  const did = (operation: Operation, ...answers: string[]) =>
    done.filter((each) => each.operation === operation && answers.includes(each.answer)).length
  const newer = done.flatMap((each) => each.code ?? [])
  const shown = done.flatMap((each) => (each.operation === 'issue' ? (each.code ?? []) : []))
  const asked = done.flatMap((each) => (each.operation === 'send' ? (each.code ?? []) : []))
  const isGone = did('disable', 'done') + did('delete', 'done') > 0
  const redeemed = did('redeem', 'accepted')
  const reserved = did('reserve', 'accepted')
  const settled = did('settle', 'settled')
  const { results } = await env.DB.prepare(
    "SELECT count(*) AS count FROM user_events WHERE user_id = ? AND action = 'redeemed'",
  )
    .bind(userId)
    .all<{ count: number }>()
  const good = await Promise.all([code, ...newer].map(isGood))
  const [isOldGood, ...areNewGood] = good
  const countGood = async (codes: readonly string[]) =>
    (await Promise.all(codes.map(isGood))).filter(Boolean).length
  const rules: [string, boolean][] = [
    ['R1: one code was taken twice', redeemed + reserved + Math.min(settled, 1) > 1],
    ['R1: not one event for each redeem', results[0]?.count !== redeemed + Math.min(settled, 1)],
    ['R2: two codes that were shown are good', (await countGood([code, ...shown])) > 1],
    ['R2: two codes that were asked for are good', (await countGood(asked)) > 1],
    ['R2: the older code outlived a newer one', shown.length > 0 && isOldGood === true],
    [
      'F4: a code that was asked for ended the one that was shown',
      done.every(({ operation }) => ['send', 'validate', 'release'].includes(operation)) &&
        isOldGood !== true,
    ],
    [
      'R3: voided, and redeemed or in use',
      did('void', 'voided') > 0 && newer.length === 0 && redeemed + reserved + settled > 0,
    ],
    [
      'R3: voided while a hook is asked',
      isReserved && did('void', 'voided') > 0 && did('settle', 'settled') + did('release', 'released') === 0,
    ],
    [
      'R3: a code outlived its void',
      newer.length === 0 && did('void', 'voided', 'in-use') > 0 && isOldGood === true,
    ],
    ['a code outlived its redeem', redeemed + settled > 0 && isOldGood === true],
    ['a code outlived its user', isGone && good.some(Boolean)],
    [
      'a newer code was lost',
      newer.length > 0 &&
        !isGone &&
        did('void', 'voided', 'in-use') + redeemed + settled === 0 &&
        !areNewGood.some(Boolean),
    ],
  ]
  return rules.flatMap(([rule, isBroken]) => (isBroken ? [rule] : []))
}

const pairs = OPERATIONS.flatMap((one, index) =>
  OPERATIONS.slice(index).map((other) => [one, other] as const),
)

for (const isReserved of [false, true]) {
  describe(
    isReserved ? 'two at once on a code that a hook is asked about' : 'two at once on a live code',
    () => {
      const needsHook = (operation: Operation) => operation === 'settle' || operation === 'release'
      const possible = pairs.filter((pair) => isReserved || !pair.some(needsHook))

      it.each(possible)('R1, R2, R3: %s beside %s', { timeout: 60_000 }, async (one, other) => {
        const tenant = await newTenant()
        for (let round = 0; round < 2 * ROUNDS; round += 1) {
          const holder = await newHolder(tenant, isReserved)
          const order = round % 2 === 0 ? [one, other] : [other, one]
          const done = await Promise.all(
            order.map(async (operation) => ({ operation, ...(await perform(operation, holder)) })),
          )
          const answers = done.map(({ operation, answer }) => `${operation}: ${answer}`)
          expect([answers, await contradictions(holder, done, isReserved)]).toEqual([answers, []])
        }
      })
    },
  )
}
