import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readKept, type Kept } from './kept-events.ts'
import { LocalService } from './local-service.ts'
import { LocalTenant, type Answer } from './local-tenant.ts'
import { killTree } from './process-tree.ts'

/**
 * The runtime is killed at any moment under load, with all that belongs to it. What was acknowledged must be
 * there afterwards; what was under way has happened whole, with its event, or not at all.
 *
 * Sends are no part of it: on this machine the queue lives in memory, as Cloudflare's does not.
 */
const KILLS = 3
const KILL_DELAY_MS_MAX = 500

type Act = 'issue' | 'validate' | 'guess' | 'redeem' | 'void' | 'late-redeem'

/** What users do, over and over; each user is of one kind. */
const STORIES: readonly (readonly Act[])[] = [
  ['issue', 'validate', 'redeem'],
  ['issue', 'void'],
  ['issue', 'guess', 'issue', 'guess', 'guess', 'redeem'],
  ['issue', 'issue', 'validate', 'void'],
]

/** A user, and all that was done for them and acknowledged, in its order. */
class Subject {
  readonly email: string
  readonly story: readonly Act[]
  readonly acts: Act[] = []
  /** The requests of administrators that were acknowledged. */
  readonly requestIds: string[] = []
  /** The act that the kill met. */
  pending: Act | undefined
  code: string | undefined

  constructor(number: number) {
    this.email = `user${number}@example.com`
    this.story = STORIES[number % STORIES.length] ?? []
  }
}

const subjects = Array.from({ length: 12 }, (_, number) => new Subject(number))
const service = new LocalService()
const tenant = new LocalTenant(service, 'kill', subjects.length)

beforeAll(async () => {
  await service.start()
  const policy = { code: { attemptsMax: 10 }, redeem: { kind: 'grant', audience: 'x' } }
  await tenant.create(
    policy,
    subjects.map(({ email }) => email),
  )
})

afterAll(async () => {
  tenant.close()
  await service.remove()
})

const USERS = '/AdminInterface/restapi/v1/users'

/** One act for a user, its answer exactly what it must be. */
async function perform(subject: Subject, act: Act): Promise<void> {
  const { email, code = '' } = subject
  const form = { emailAddress: email, passwordResetCode: code }
  switch (act) {
    case 'issue': {
      const answer = await tenant.admin('POST', `${USERS}/generateVerifyCode/resetPassword`, [{ email }])
      const [result] = JSON.parse(answer.body) as [{ status: number; verify_code: string }]
      expect(result.status).toBe(1000)
      subject.requestIds.push(answer.requestId)
      subject.code = result.verify_code
      return
    }
    case 'void': {
      const sent = { code_generation_mode: 'PASSWORD_RESET', user_emails: [email] }
      const answer = await tenant.admin('POST', `${USERS}/voidVerifyCode`, sent)
      expect(JSON.parse(answer.body)).toMatchObject({ results: [{ status: 1016 }] })
      subject.requestIds.push(answer.requestId)
      return
    }
    case 'validate':
      return expectStatus(200, await tenant.password('validatePasswordResetCode', form))
    case 'guess': {
      const wrong = (code.startsWith('0') ? '1' : '0') + code.slice(1)
      const guess = { ...form, passwordResetCode: wrong }
      return expectStatus(401, await tenant.password('validatePasswordResetCode', guess))
    }
    case 'redeem':
      return expectStatus(200, await tenant.password('redeemPasswordResetCode', form))
    case 'late-redeem':
      return expectStatus(401, await tenant.password('redeemPasswordResetCode', form))
  }
}

function expectStatus(status: number, answer: Answer): void {
  expect([answer.status, answer.body]).toEqual([status, expect.any(String)])
}

async function acknowledged(subject: Subject, act: Act): Promise<void> {
  await perform(subject, act)
  subject.acts.push(act)
}

/** Everything at once until the service is killed, at a moment that nobody chose. */
async function loadUntilKilled(): Promise<void> {
  let isKilled = false
  const started = subjects.map(() => Promise.withResolvers<void>())
  const ended = subjects.map(async (subject, index) => {
    for (let turn = 0; ; turn++) {
      const act = subject.story[turn % subject.story.length] ?? 'issue'
      try {
        await acknowledged(subject, act)
      } catch (error) {
        if (!isKilled) throw error
        subject.pending = act
        return
      }
      // Everybody is at work when the kill comes.
      if (turn > subject.story.length) started[index]?.resolve()
    }
  })
  const crashed = Promise.all(ended)
  await Promise.race([Promise.all(started.map(({ promise }) => promise)), crashed])
  await sleep(Math.random() * KILL_DELAY_MS_MAX)
  isKilled = true
  await killTree(service.pid ?? 0)
  await crashed
}

/** What the database must hold after these acts, given the ids that it gave to the codes. */
function expectedOf(acts: readonly Act[], issued: readonly string[]): Omit<Kept, 'requestIds'> {
  const state = { code_id: '', ended_as: null as string | null, attempts: 0, failures: 0 }
  const redeemed: string[] = []
  let codes = 0
  for (const act of acts) {
    switch (act) {
      case 'issue':
        Object.assign(state, { code_id: issued[codes], ended_as: null, attempts: 0, failures: 0 })
        codes += 1
        break
      case 'redeem':
        Object.assign(state, { ended_as: 'redeemed', failures: 0 })
        redeemed.push(`redeemed:${state.code_id}`)
        break
      case 'void':
        state.ended_as = 'voided'
        break
      case 'guess':
        state.attempts += 1
        state.failures += 1
        break
      case 'late-redeem':
        state.attempts += 1
        break
      case 'validate':
        break
    }
  }
  const times = (wanted: Act) => acts.filter((act) => act === wanted).length
  const counts = { voided: times('void'), validated: times('validate'), wrong: times('guess') }
  return { state, issued: [...issued].slice(0, codes), redeemed: redeemed.toSorted(), ...counts }
}

/** The number of acts that have left an event, whatever they were. */
const countOf = ({ issued, voided, redeemed, validated, wrong }: Omit<Kept, 'requestIds'>) =>
  issued.length + voided + redeemed.length + validated + wrong

/** Holds what is kept of a user against what was acknowledged, and finds out about the act under way. */
function settle(subject: Subject, kept: Kept): void {
  const { requestIds, ...rest } = kept
  const found = { ...rest, redeemed: rest.redeemed.toSorted() }
  const { acts, pending } = subject
  const hasHappened = countOf(found) > countOf(expectedOf(acts, found.issued))
  if (hasHappened && pending !== undefined) acts.push(pending)
  // A code whose issue was never answered was shown to nobody.
  if (hasHappened && pending === 'issue') subject.code = undefined
  subject.pending = undefined
  expect(found).toEqual(expectedOf(acts, found.issued))
  expect(subject.requestIds.filter((id) => !requestIds.includes(id))).toEqual([])
}

/** What the service itself says of a user after its restart. */
async function ask(subject: Subject): Promise<void> {
  const { acts, code } = subject
  const isEnded = ['redeem', 'void', 'late-redeem'].includes(acts.at(-1) ?? '')
  if (isEnded) await acknowledged(subject, 'late-redeem')
  else await acknowledged(subject, code === undefined ? 'void' : 'validate')
}

it(
  `D1: what was acknowledged survives ${KILLS} kills under load, and nothing is half-done`,
  { timeout: 180_000 },
  async ({ annotate }) => {
    for (let kill = 0; kill < KILLS; kill++) {
      const before = subjects.map(({ acts }) => acts.length)
      await loadUntilKilled()
      const underWay = subjects.filter(({ pending }) => pending !== undefined).length
      const kept = readKept(service.home, tenant.id)
      for (const subject of subjects) settle(subject, kept.get(subject.email) as Kept)
      const done = subjects.map(({ acts }, index) => acts.length - (before[index] ?? 0))
      expect(Math.min(...done)).toBeGreaterThan(1)
      await service.start({ port: service.port })
      await Promise.all(subjects.map(ask))
      await annotate(`${done.reduce((a, b) => a + b)} acts were kept, ${underWay} were under way`)
    }
  },
)
