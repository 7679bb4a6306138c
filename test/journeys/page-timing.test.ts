import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sealForm } from '../../src/codes/reset-link.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { expectAlike, interleaved } from './interleaved.ts'
import { LocalService } from './local-service.ts'
import { LocalTenant } from './local-tenant.ts'

/** Whether the time of a step of the reset pages tells who has an account, as `timing.test.ts` asks of the API. */

const PAIRS = 300
/** Each is guessed at 6 times at most, warming up included. */
const USERS = 63
const WRONG = 'UUUUUUUU'

const users = Array.from({ length: USERS }, (_, index) => `user${100 + index}@example.com`)
const strangers = users.map((email) => email.replace('user', 'none'))
const service = new LocalService()
const tenant = new LocalTenant(service, 'page-timing', 1)

beforeAll(async () => {
  await service.start()
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  // Nobody answers there: no code is right, so that nobody is asked to set a password.
  const redeem = { kind: 'hook', url: 'http://127.0.0.1:9/', secret }
  await tenant.create({ code: { attemptsMax: 10 }, redeem, pages: {} }, users)
})

afterAll(async () => {
  tenant.close()
  await service.remove()
})

/** The form of the third step, as somebody has it whose code, or whose account, has ended meanwhile. */
function formOf(emailAddress: string): Promise<string> {
  const { TRANSIENT_KEYS } = parseEnv(readFileSync(join(service.home, '.dev.vars'), 'utf8'))
  const keys = parseKeyring('TRANSIENT_KEYS', TRANSIENT_KEYS)
  const state = { tenantId: tenant.id, emailAddress, code: WRONG, expiresAt: Date.now() + 3_600_000 }
  return sealForm(keys, state)
}

type Step = {
  name: string
  path: string
  status: number
  form: (email: string) => Record<string, string> | Promise<Record<string, string>>
}

const STEPS: Step[] = [
  { name: 'ask for a code', path: '/reset', status: 303, form: (email) => ({ email }) },
  { name: 'enter it', path: '/reset/code', status: 422, form: (email) => ({ email, code: WRONG }) },
  {
    name: 'set the password',
    path: '/reset/password',
    status: 422,
    form: async (email) => ({ s: await formOf(email), password: 'correct horse battery' }),
  },
]

const deliveries = () => service.output.split('"event":"delivery"').length - 1

/** Times of a step for users, and for strangers. What asking leaves to the queue must not slow the next one here. */
function sample({ path, status, form }: Step, pairs: number): Promise<[number[], number[]]> {
  return interleaved(pairs, async (kind, n) => {
    const fields = await form([users, strangers][kind]?.[n % USERS] ?? '')
    const before = deliveries()
    const answer = await tenant.form(path, fields)
    expect(answer.status).toBe(status)
    if (path === '/reset') {
      await vi.waitFor(() => expect(deliveries()).toBeGreaterThan(before), { timeout: 10_000, interval: 1 })
    }
    return answer.elapsedMs
  })
}

/** Every user has a live code with all its attempts left. */
async function measure(step: Step): Promise<[number[], number[]]> {
  const entries = users.map((email) => ({ email }))
  await tenant.admin('POST', '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword', entries)
  await sample(step, USERS)
  return sample(step, PAIRS)
}

describe('what the time of a page tells', () => {
  it.for(STEPS)(
    `N2: not who has an account, over ${PAIRS} interleaved pairs: $name`,
    { timeout: 180_000 },
    async (step, { annotate }) => {
      await expectAlike(() => measure(step), annotate)
    },
  )
})
