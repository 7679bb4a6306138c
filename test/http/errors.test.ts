import { env } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/local.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { renderError } from '../../src/http/errors.ts'
import { logRequest } from '../../src/http/log-request.ts'
import { problemErrors } from '../../src/http/problem.ts'
import { VALIDATE } from '../rig/presenting.ts'
import { BASE_URL, newRequest, newTenant, operatorToken, type Call, type Tenant } from '../rig/service.ts'

/** What a database may say in an error, and nobody outside may read. */
const INTERNAL = 'jane@example.com has the digest 0123 in /var/lib'
const OURS = 'The request failed through a fault of ours.'
const STORE = 'The service cannot reach its store. Try again.'

afterEach(() => {
  vi.restoreAllMocks()
})

/** A database whose every statement fails. */
function failingDb(error: Error): D1Database {
  const fail = async () => {
    throw error
  }
  const statement = { bind: () => statement, run: fail, all: fail, first: fail, raw: fail }
  return { prepare: () => statement, batch: fail } as unknown as D1Database
}

const VOID = '/AdminInterface/restapi/v1/users/voidVerifyCode'

/** A request to each face that reaches the database, and how that face words a fault. */
const FACES: [
  string,
  (tenant: Tenant) => Promise<[string, Call]>,
  (status: number, text: string) => object,
][] = [
  [
    'the admin API',
    async (tenant) => [
      `https://${tenant.host}${VOID}`,
      {
        token: await tenant.token(),
        body: { code_generation_mode: 'PASSWORD_RESET', user_emails: ['jane@example.com'] },
      },
    ],
    (status, message) => {
      const error = status === 500 ? 'Internal Server Error' : 'Service Unavailable'
      return { timestamp: expect.any(Number), status, error, message, path: VOID }
    },
  ],
  [
    'the password API',
    async (tenant) => [
      `https://${tenant.host}${VALIDATE}`,
      { body: { emailAddress: 'jane@example.com', passwordResetCode: 'x' } },
    ],
    (_, faultstring) => ({ faultcode: 'Server', faultstring }),
  ],
  [
    'the directory',
    async (tenant) => [
      `https://${tenant.host}/scim/v2/Users`,
      { method: 'GET', token: await tenant.token() },
    ],
    (status, detail) => ({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      detail,
    }),
  ],
  [
    'the operator API',
    async () => [`${BASE_URL}/operator/v1/tenants`, { method: 'GET', token: await operatorToken() }],
    (status, detail) => ({
      type: 'about:blank',
      title: status === 500 ? 'Internal Server Error' : 'Service Unavailable',
      status,
      detail,
    }),
  ],
]

describe.each(FACES)('%s', (_, requestTo, worded) => {
  /** A request while the database fails, its answer and what was logged. */
  async function meet(error: Error) {
    const tenant = await newTenant()
    const [url, call] = await requestTo(tenant)
    // Tenants and keys are known by now: what fails is what the request is about.
    await app.fetch(newRequest(url, call), env, createExecutionContext())
    const log = vi.spyOn(console, 'log')
    const bindings = { ...env, DB: failingDb(error) }
    const response = await app.fetch(newRequest(url, call), bindings, createExecutionContext())
    const logged = log.mock.calls.map(([line]) => String(line)).join('\n')
    log.mockRestore()
    return { response, body: await response.text(), logged }
  }

  it('D2, D4: answers a fault of ours with a fixed sentence and no word of its own', async () => {
    const { response, body, logged } = await meet(new Error(INTERNAL))
    expect(response.status).toBe(500)
    expect(response.headers.has('Retry-After')).toBe(false)
    expect(JSON.parse(body)).toStrictEqual(worded(500, OURS))
    expect(JSON.parse(logged)).toMatchObject({ status: 500, step: 'failed' })
    expect(logged).not.toMatch(/jane|digest|0123|var/)
  })

  it.each<[string, Error]>([
    ['fails', new Error(`D1_ERROR: ${INTERNAL}`)],
    ['cannot run a statement', new Error(`D1_EXEC_ERROR: ${INTERNAL}`)],
    ['says so in the cause alone', new Error(INTERNAL, { cause: new Error(`x: SQLITE_FULL ${INTERNAL}`) })],
    ['is full', new Error('D1_ERROR: database or disk is full: SQLITE_FULL')],
    ['cannot be reached', Object.assign(new Error(INTERNAL), { retryable: true })],
    ['is overloaded', Object.assign(new Error(INTERNAL), { overloaded: true })],
  ])('D2: answers 503 with Retry-After and a fixed sentence when the database %s', async (_, error) => {
    const { response, body, logged } = await meet(error)
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
    expect(JSON.parse(body)).toStrictEqual(worded(503, STORE))
    expect(JSON.parse(logged)).toMatchObject({ status: 503, step: 'failed' })
    expect(logged).not.toMatch(/jane|digest|0123|var/)
  })
})

describe('an error', () => {
  /** What one handler's error is answered with, where no path has words of its own. */
  async function answerTo(error: Error) {
    const one = new Hono<AppEnv>()
    one.onError(renderError(() => problemErrors))
    one.use(logRequest())
    one.get('/', () => {
      throw error
    })
    const response = await one.request('/')
    return [response.status, await response.json()]
  }
  const ourFault = { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: OURS }

  it('D4: with a status that no face has a name for is a fault of ours', async () => {
    expect(await answerTo(new HTTPException(418, { message: INTERNAL }))).toEqual([500, ourFault])
  })

  it('D4: of the configuration names no setting to the caller', async () => {
    const url = `${BASE_URL}/.well-known/jwks.json`
    const response = await app.fetch(newRequest(url, { method: 'GET' }), { ...env, PEPPERS: 'a:short' })
    expect([response.status, await response.json()]).toEqual([500, ourFault])
  })
})
