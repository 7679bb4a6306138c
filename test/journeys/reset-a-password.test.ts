import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { inspectLog } from '../../scripts/gate/log-leaks.ts'
import type { InboxMail } from '../../scripts/local/inbox.ts'
import { LocalService, tokenOf } from './local-service.ts'

const JANE = 'jane.saoirse@example.com'
const PASSWORD_API = '/api/passwordmanagement'
const SECRET = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`
const PASSWORD = 'correct horse battery staple'

const service = new LocalService()
/** What was handed out or sent in: none of it may be in the log. */
const secrets = [PASSWORD]
const hook = await startHook()

beforeAll(() => service.start())
afterAll(async () => {
  await service.remove()
  hook.close()
})

/** Answers of the tenant's password hook, first to last, and the calls that it verified. */
async function startHook() {
  const answers: [status: number, body?: object][] = []
  const calls: { data: { user: object; newPassword: string } }[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      calls.push(verified(Buffer.concat(chunks).toString(), request.headers) as (typeof calls)[number])
      const [status, body] = answers.shift() ?? [500]
      response.writeHead(status).end(body && JSON.stringify(body))
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { answers, calls, url: `http://127.0.0.1:${port}/passwords`, close: () => server.close() }
}

function verified(body: string, headers: IncomingHttpHeaders): unknown {
  return new Webhook(SECRET).verify(body, headers as Record<string, string>)
}

/** A form to the password API, of the demo tenant or of the host given. */
function post(path: string, form: Record<string, string>, url = service.url): Promise<Response> {
  return fetch(url + path, { method: 'POST', body: new URLSearchParams(form) })
}

/** The mails to an address so far, oldest first. */
async function mailsTo(address: string): Promise<InboxMail[]> {
  return (await service.mails()).filter(({ to }) => to === address).toReversed()
}

/** The next mail to Jane, once it has been sent. */
async function nextMail(known: number): Promise<InboxMail> {
  return vi.waitFor(
    async () => {
      const mail = (await mailsTo(JANE))[known]
      if (mail === undefined) throw new Error(`no mail in:\n${service.output}`)
      return mail
    },
    { timeout: 20_000, interval: 50 },
  )
}

/** Asks for a code at that URL, and reads it from the mail. */
async function mailedCode(url = service.url): Promise<string> {
  const known = (await mailsTo(JANE)).length
  const response = await post(`${PASSWORD_API}/sendPasswordResetCode`, { emailAddress: JANE }, url)
  expect([response.status, await response.text()]).toEqual([200, ''])
  const { text } = await nextMail(known)
  const code = /^\s{4}([\dA-Z]{4}-[\dA-Z]{4})$/m.exec(text)?.[1] ?? ''
  expect(code).not.toBe('')
  secrets.push(code, code.replace('-', ''))
  return code
}

async function api(bearer: string, method: string, path: string, body: object): Promise<Response> {
  const response = await fetch(service.url + path, {
    method,
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBeLessThan(300)
  return response
}

const voidJane = async () => {
  const token = await tokenOf(service.keyFile('demo.key'))
  secrets.push(token)
  const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: [JANE] }
  const response = await api(token, 'POST', '/AdminInterface/restapi/v1/users/voidVerifyCode', body)
  return (await response.json<{ results: { status: number }[] }>()).results.map(({ status }) => status)
}

/** Sets the demo tenant's policy, as its operator does. */
async function putPolicy(redeem: object): Promise<void> {
  const token = await tokenOf(service.keyFile('operator.key'))
  secrets.push(token)
  const mail = { from: 'reset@demo.example', resetUrl: 'https://demo.example/reset' }
  const limits = { recipient: { perMinute: 1_000, burst: 100 } }
  const tenant = { name: 'Demo', hosts: ['localhost', '127.0.0.1'], policy: { mail, limits, redeem } }
  await api(token, 'PUT', '/operator/v1/tenants/demo', tenant)
}

const AUDIENCE = 'https://demo.example'

describe('a person who has forgotten the password', () => {
  let code = ''

  it('asks for a code, is mailed it, and has it checked as often as they like', async () => {
    await putPolicy({ kind: 'grant', audience: AUDIENCE })
    code = await mailedCode()
    const [{ subject, text, link } = await nextMail(0)] = await mailsTo(JANE)
    expect(subject).toBe('Your password reset code for Demo')
    expect(text).toContain('10 minutes')
    expect(text).toContain('https://demo.example/reset')
    expect(link).toBe('https://demo.example/reset')
    for (const typed of [code, code.toLowerCase().replace('-', ' ')]) {
      const form = { emailAddress: JANE, passwordResetCode: typed }
      const response = await post(`${PASSWORD_API}/validatePasswordResetCode`, form)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ userName: 'JaneSaoirse', emailAddress: JANE })
    }
  })

  it('redeems it once, for a grant that verifies by the published keys, and is told', async () => {
    const form = { emailAddress: JANE, passwordResetCode: code }
    const response = await post(`${PASSWORD_API}/redeemPasswordResetCode`, form)
    expect(response.status).toBe(200)
    const { userName, emailAddress, resetGrant } = await response.json<Record<string, string>>()
    expect({ userName, emailAddress }).toEqual({ userName: 'JaneSaoirse', emailAddress: JANE })
    secrets.push(resetGrant ?? '')
    const keys = createRemoteJWKSet(new URL(`${service.url}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(resetGrant ?? '', keys, {
      algorithms: ['ES256'],
      typ: 'reset-grant+jwt',
      issuer: service.url,
      audience: AUDIENCE,
      requiredClaims: ['sub', 'jti', 'exp'],
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300)

    const notice = await nextMail(1)
    expect(notice.subject).toMatch(/password/i)
    for (const secret of secrets) expect(notice.text).not.toContain(secret)

    const again = await post(`${PASSWORD_API}/redeemPasswordResetCode`, form)
    expect(again.status).toBe(401)
    expect(await again.json()).toMatchObject({ faultcode: 'Client' })
    expect((await post(`${PASSWORD_API}/validatePasswordResetCode`, form)).status).toBe(401)
  })

  it('is mailed nothing more when an administrator voids the code, but a notice', async () => {
    const voided = await mailedCode()
    const known = (await mailsTo(JANE)).length
    expect(await voidJane()).toEqual([1016])
    const notice = await nextMail(known)
    expect(notice.text).not.toContain(voided)
    const form = { emailAddress: JANE, passwordResetCode: voided }
    expect((await post(`${PASSWORD_API}/redeemPasswordResetCode`, form)).status).toBe(401)
    expect(await voidJane()).toEqual([1015])
  })

  it('sets a new password through the hook: refused as weak, failed, and then set, once', async () => {
    await putPolicy({ kind: 'hook', url: hook.url, secret: SECRET })
    const mailed = await mailedCode()
    const known = (await mailsTo(JANE)).length
    hook.answers.push([400, { reason: 'Too short.' }], [500], [204])
    const answers: unknown[] = []
    for (let time = 0; time < 4; time++) {
      const response = await fetch(`${service.url}/api/login/authenticateWithPasswordResetCode`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: JSON.stringify({ Email: JANE, PasswordResetCode: mailed, NewPassword: PASSWORD }),
      })
      answers.push([response.status, await response.json()])
    }
    expect(answers).toEqual([
      [400, { faultcode: 'Client', faultstring: 'Too short.' }],
      [503, { faultcode: 'Server', faultstring: expect.stringMatching(/still good/) }],
      [200, { userName: 'JaneSaoirse', emailAddress: JANE }],
      [401, { faultcode: 'Client', faultstring: expect.stringMatching(/not valid/) }],
    ])
    expect(hook.calls.map(({ data }) => data)).toEqual(
      [1, 2, 3].map(() => ({
        user: { id: expect.any(String), userName: 'JaneSaoirse', emailAddress: JANE },
        newPassword: PASSWORD,
      })),
    )
    expect((await nextMail(known)).subject).toBe((await mailsTo(JANE))[1]?.subject)
  })

  it('D4: leaves no address, code, token or password in the log', async () => {
    await service.stop()
    const { events, leaks } = inspectLog(service.output)
    expect(leaks).toEqual([])
    expect(events).toBeGreaterThan(20)
    const log = service.output
      .split('\n')
      .filter((line) => line.startsWith('{"event":'))
      .join('\n')
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([])
    expect(log).not.toContain('jane')
  })
})
