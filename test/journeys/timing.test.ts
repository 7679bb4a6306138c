import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { LocalService, tokenOf } from './local-service.ts'
import { mannWhitneyP } from './mann-whitney.ts'

/**
 * Whether time tells who has an account, measured against the running Worker. Noise alone fails one
 * sample in a hundred at p > 0.01, so a sample that fails is repeated once, with fresh requests, and
 * the second decides: one run in ten thousand fails by chance, and a real difference fails both.
 *
 * The tenant mails nothing. What the queue's consumer does for a user and not for a stranger is no part
 * of the answer, but here it runs on the same machine at the same moment, and was seen in its time.
 */
const P_MIN = 0.01
const PAIRS = 500
/** Few enough for one generate; each is guessed at 9 times, warming up included: 10 would lock the code. */
const USERS = 63

const users = Array.from({ length: USERS }, (_, index) => `user${100 + index}@example.com`)
const strangers = users.map((email) => email.replace('user', 'none'))
const service = new LocalService()
/** One connection, kept open: what is measured is the answer alone. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const HOST = 'timing.localhost'
let token = ''

beforeAll(async () => {
  await service.start()
  const { port } = service
  const operator = await tokenOf(service.keyFile('operator.key'))
  const many = { perMinute: 1_000_000, burst: 100_000 }
  await api(operator, 'PUT', '/operator/v1/tenants/timing', {
    name: 'Timing',
    hosts: [HOST],
    policy: {
      code: { attemptsMax: 10 },
      limits: { admin: many, validate: many, send: many, recipient: many },
      redeem: { kind: 'grant', audience: 'x' },
    },
  })
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const added = await api(operator, 'POST', '/operator/v1/tenants/timing/keys', {
    publicKey: publicKey.export({ format: 'jwk' }),
    role: 'super-admin',
    description: 'Timing',
  })
  const accessKey = privateKey.export({ type: 'pkcs1', format: 'pem' })
  const adminRestApiUrl = `http://${HOST}:${port}/AdminInterface/restapi`
  const path = join(service.home, 'timing.key')
  writeFileSync(path, JSON.stringify({ ...(added as object), accessKey, adminRestApiUrl }))
  token = await tokenOf(path)
  for (const email of users) await api(token, 'POST', '/scim/v2/Users', { userName: email })
})

afterAll(async () => {
  agent.destroy()
  await service.remove()
})

type Answer = { status: number; body: string; elapsedMs: number }

/** One request, and the time from its first byte to the last of its answer. */
function send(method: string, path: string, headers: Record<string, string>, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const options = { agent, host: '127.0.0.1', port: service.port, method, path }
    const length = String(Buffer.byteLength(body))
    request({ ...options, headers: { Host: HOST, 'Content-Length': length, ...headers } }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: text, elapsedMs: performance.now() - startedAt })
      })
    })
      .on('error', reject)
      .end(body)
  })
}

async function api(bearer: string, method: string, path: string, body: unknown): Promise<unknown> {
  const host = path.startsWith('/operator/') ? `localhost:${service.port}` : HOST
  const headers = { Host: host, Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' }
  const answer = await send(method, path, headers, JSON.stringify(body))
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body)
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** A call of the password API; the code, where it takes one, is wrong. */
function ask(operation: string, emailAddress: string): Promise<Answer> {
  const form = new URLSearchParams({ emailAddress, passwordResetCode: 'UUUUUUUU' })
  return send('POST', `/api/passwordmanagement/${operation}`, FORM, String(form))
}

/** Every user has a live code with all its attempts left. */
async function renewCodes(): Promise<void> {
  const entries = users.map((email) => ({ email }))
  await api(token, 'POST', '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword', entries)
}

const deliveries = () => service.output.split('"event":"delivery"').length - 1

/** What a send leaves to the queue is not its answer, and must not slow the next one on this machine. */
async function delivered(operation: string, before: number): Promise<void> {
  if (operation !== 'sendPasswordResetCode') return
  await vi.waitFor(() => expect(deliveries()).toBeGreaterThan(before), { timeout: 10_000, interval: 1 })
}

/**
 * Times of as many calls for a user as for a stranger, in pairs whose order alternates: so each of the
 * two comes as often after the one as after the other, whose mail may keep the machine busy.
 */
async function sample(operation: string, pairs: number): Promise<[known: number[], unknown: number[]]> {
  const times: [number[], number[]] = [[], []]
  const expected = operation === 'sendPasswordResetCode' ? 200 : 401
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
    for (const which of order) {
      const before = deliveries()
      const { status, elapsedMs } = await ask(operation, [users, strangers][which]?.[pair % USERS] ?? '')
      expect(status).toBe(expected)
      times[which].push(elapsedMs)
      await delivered(operation, before)
    }
  }
  return times
}

async function measure(operation: string): Promise<number> {
  await renewCodes()
  await sample(operation, USERS)
  const [known, unknown] = await sample(operation, PAIRS)
  return mannWhitneyP(known, unknown)
}

describe('what time tells', () => {
  it.for(['sendPasswordResetCode', 'validatePasswordResetCode', 'redeemPasswordResetCode'])(
    `N2: not who has an account, over ${PAIRS} interleaved pairs: %s`,
    { timeout: 180_000 },
    async (operation, { annotate }) => {
      const samples = [await measure(operation)]
      if ((samples[0] ?? 0) <= P_MIN) samples.push(await measure(operation))
      await annotate(`p = ${samples.map((p) => p.toFixed(4)).join(', then ')}`)
      expect(samples.at(-1)).toBeGreaterThan(P_MIN)
    },
  )
})

describe('the statistic', () => {
  it('is that of the reference (scipy.stats.mannwhitneyu, asymptotic), with ties and without', () => {
    expect(mannWhitneyP([19, 22, 16, 29, 24], [20, 11, 17, 12])).toBeCloseTo(0.111_346_886, 6)
    expect(mannWhitneyP([1, 2, 2, 3, 3, 3, 4], [2, 3, 4, 4, 5, 5, 5])).toBeCloseTo(0.042_335_466, 6)
    expect(mannWhitneyP([1, 1, 2], [1, 1, 2])).toBe(1)
  })

  it('finds a difference of 5 % in noise of 15 %, and none where there is none', () => {
    const random = lcg(7)
    const noise = () => 5 * (1 + 0.15 * Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6))
    const found = { shifted: 0, same: 0 }
    for (let round = 0; round < 100; round++) {
      const base = Array.from({ length: PAIRS }, noise)
      const other = Array.from({ length: PAIRS }, noise)
      if (
        mannWhitneyP(
          base,
          other.map((ms) => ms * 1.05),
        ) <= P_MIN
      )
        found.shifted += 1
      if (mannWhitneyP(base, other) <= P_MIN) found.same += 1
    }
    expect(found.shifted).toBeGreaterThan(95)
    expect(found.same).toBeLessThan(6)
  })

  /** Numbers from 0 to 1, the same in every run. */
  function lcg(seed: number): () => number {
    let state = seed
    return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  }
})
