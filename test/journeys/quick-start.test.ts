import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectLog } from '../../scripts/gate/log-leaks.ts'
import { LocalService, tokenOf } from './local-service.ts'

const JANE = 'jane.saoirse@example.com'
const USER1 = 'user1@example.com'
const USER2 = 'user2@example.com'
const STRANGER = 'nobody@example.com'
const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'
const VOID = '/AdminInterface/restapi/v1/users/voidVerifyCode'
const VALIDATE = '/api/passwordmanagement/validatePasswordResetCode'

const service = new LocalService()
/** Codes and tokens that were handed out: none of them may be printed by the service. */
const secrets: string[] = []
let token = ''
const codeOf: Record<string, string> = {}

beforeAll(async () => {
  await service.start()
  token = await tokenOf(service.keyFile('demo.key'))
  secrets.push(token)
})

afterAll(() => service.remove())

async function post(path: string, body: unknown, bearer = token): Promise<Response> {
  return fetch(service.url + path, {
    method: 'POST',
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function operate(method: string, path: string, body?: unknown): Promise<Response> {
  const bearer = await tokenOf(service.keyFile('operator.key'))
  secrets.push(bearer)
  return fetch(`${service.url}/operator/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function generate(...emails: string[]): Promise<void> {
  const response = await post(
    GENERATE,
    emails.map((email) => ({ email })),
  )
  expect(response.status).toBe(200)
  const results = await response.json<{ status: number; verify_code: string }[]>()
  expect(results.map(({ status }) => status)).toEqual(emails.map(() => 1000))
  for (const [index, email] of emails.entries()) {
    codeOf[email] = results[index]?.verify_code ?? ''
    secrets.push(codeOf[email])
  }
}

async function voidStatuses(...emails: string[]): Promise<number[]> {
  const response = await post(VOID, { code_generation_mode: 'PASSWORD_RESET', user_emails: emails })
  expect(response.status).toBe(200)
  const { results } = await response.json<{ results: { status: number; user_email: string }[] }>()
  expect(results.map(({ user_email }) => user_email)).toEqual(emails)
  return results.map(({ status }) => status)
}

function validateForm(email: string): Promise<Response> {
  const body = new URLSearchParams({ emailAddress: email, passwordResetCode: codeOf[email] ?? '' })
  return fetch(service.url + VALIDATE, { method: 'POST', body })
}

describe('the quick start', () => {
  it('writes key files that only their owner can read', () => {
    const demo = JSON.parse(readFileSync(service.keyFile('demo.key'), 'utf8'))
    expect(Object.keys(demo).toSorted()).toEqual([
      'accessID',
      'accessKey',
      'adminRestApiUrl',
      'customerName',
      'description',
    ])
    expect(demo.accessKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/)
    expect(demo.adminRestApiUrl).toBe(`${service.url}/AdminInterface/restapi`)
    for (const path of [service.keyFile('demo.key'), service.keyFile('operator.key'), devVars()]) {
      expect(statSync(path).mode & 0o777).toBe(0o600)
    }
  })

  it('generates codes for two users', async () => {
    await generate(JANE, USER1)
  })

  it('validates a code sent as a form and as JSON', async () => {
    const form = await validateForm(JANE)
    expect([form.status, await form.json()]).toEqual([200, { userName: 'JaneSaoirse', emailAddress: JANE }])
    const json = await fetch(service.url + VALIDATE, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ Email: USER1, PasswordResetCode: codeOf[USER1] }),
    })
    expect([json.status, await json.json()]).toEqual([200, { userName: USER1, emailAddress: USER1 }])
  })

  it('voids both in one call, says of each address what was done, and refuses the codes from then on', async () => {
    expect(await voidStatuses(JANE, USER1, STRANGER)).toEqual([1016, 1016, 1002])
    expect(await voidStatuses(JANE, USER1)).toEqual([1015, 1015])
    for (const email of [JANE, USER1]) expect((await validateForm(email)).status).toBe(401)
  })

  it('refuses 101 addresses in the words of the vendor', async () => {
    const emails = Array.from({ length: 101 }, (_, index) => `user${index}@example.com`)
    const response = await post(VOID, { code_generation_mode: 'PASSWORD_RESET', user_emails: emails })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      code: '400 BAD_REQUEST',
      description: 'Number of user details (101) in request exceeds maximum allowed (100)',
    })
  })
})

describe('a flood', () => {
  it('is answered 429, and Retry-After is long enough to wait', async () => {
    const policy = { limits: { void: { perMinute: 30, burst: 3 } } }
    const tenant = { name: 'Flood', hosts: ['flood.localhost'], policy }
    expect((await operate('PUT', '/tenants/flood', tenant)).status).toBe(201)
    const bearer = await newKey('flood')
    const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: [STRANGER] }
    const statuses: number[] = []
    let limited: Response | undefined
    while (limited === undefined && statuses.length < 10) {
      const response = await post(VOID, body, bearer)
      statuses.push(response.status)
      if (response.status === 429) limited = response
    }
    expect(statuses.slice(0, 3)).toEqual([200, 200, 200])
    const retryAfter = limited?.headers.get('Retry-After') ?? ''
    expect(retryAfter).toMatch(/^[12]$/)
    await sleep(Number(retryAfter) * 1000)
    expect((await post(VOID, body, bearer)).status).toBe(200)
  })

  /** A key made as an operator makes one for a customer, and a token of it. */
  async function newKey(tenantId: string): Promise<string> {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const added = await operate('POST', `/tenants/${tenantId}/keys`, {
      publicKey: publicKey.export({ format: 'jwk' }),
      role: 'help-desk',
      description: 'A journey',
    })
    expect(added.status).toBe(201)
    const { customerName, accessID, adminRestApiUrl, description } =
      await added.json<Record<string, string>>()
    const accessKey = privateKey.export({ type: 'pkcs1', format: 'pem' })
    const path = join(service.home, `${tenantId}.key`)
    writeFileSync(path, JSON.stringify({ customerName, accessID, accessKey, adminRestApiUrl, description }))
    return tokenOf(path)
  }
})

describe('a second start on another port', () => {
  it('keeps codes, users, keys and secrets, and the old key file still works', async () => {
    await generate(USER2)
    const old = { port: service.port, demo: demoKey(), devVars: readFileSync(devVars(), 'utf8') }
    const oldKeyFile = join(service.home, 'old.key')
    copyFileSync(service.keyFile('demo.key'), oldKeyFile)

    expect(await service.stop()).toBe(0)
    await expect(fetch(`${service.url}/healthz`)).rejects.toThrow()
    await service.start()

    expect(service.port).not.toBe(old.port)
    const adminRestApiUrl = `${service.url}/AdminInterface/restapi`
    expect(demoKey()).toEqual({ ...old.demo, adminRestApiUrl })
    expect(readFileSync(devVars(), 'utf8')).toBe(old.devVars)
    expect((await operate('GET', '/tenants/flood')).status).toBe(200)
    for (const keyFile of [service.keyFile('demo.key'), oldKeyFile]) {
      token = await tokenOf(keyFile)
      const users = await fetch(`${service.url}/scim/v2/Users`, {
        headers: { Authorization: `Bearer ${token}` },
      })
      expect((await users.json<{ totalResults: number }>()).totalResults).toBe(3)
    }
    expect((await validateForm(USER2)).status).toBe(200)
    expect(await voidStatuses(JANE, USER2)).toEqual([1015, 1016])
  })

  const demoKey = (): Record<string, string> => JSON.parse(readFileSync(service.keyFile('demo.key'), 'utf8'))
})

describe('what the service prints', () => {
  it('names no user, code or token, also when they come in the query', async () => {
    await generate(USER2)
    const query = new URLSearchParams({ emailAddress: USER2, passwordResetCode: codeOf[USER2] ?? '' })
    expect((await fetch(`${service.url}${VALIDATE}?${String(query)}`, { method: 'POST' })).status).toBe(200)
    await service.stop()
    const { events, leaks } = inspectLog(service.output)
    expect(leaks).toEqual([])
    expect(events).toBeGreaterThan(15)
    expect(secrets.filter((secret) => service.output.includes(secret))).toEqual([])
    expect(service.output).not.toMatch(/BEGIN RSA|"d":|PEPPERS=/)
  })
})

function devVars(): string {
  return join(service.home, '.dev.vars')
}
