import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../src/local.ts'
import { countingD1 } from '../../rig/counting-d1.ts'
import { ask, DEAD_LETTERS, handle, heldQueue, requestHeld } from '../../rig/deliveries.ts'
import { newMailHook } from '../../rig/mail-hook.ts'
import { patch } from '../../rig/scim.ts'
import {
  newRequest,
  newTenant,
  NO_LIMITS,
  wrongCode,
  type GenerateResult,
  type Tenant,
} from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'
import { whatHappened } from '../../rig/user-events.ts'

const USER = 'user1@example.com'
const OTHER = 'user2@example.com'
const RESET = 'resetPassword'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)
const urlOf = ({ host }: Tenant, mode = RESET) =>
  `https://${host}/AdminInterface/restapi/v1/users/generateVerifyCode/${mode}`

async function newMailed({ code = {}, users = 2 }: { code?: object; users?: number } = {}) {
  const hook = newMailHook()
  const policy = {
    ...NO_LIMITS,
    ...hook.policy,
    code,
    notify: { voided: false, locked: false, issued: false },
  }
  return { hook, tenant: await newTenant({ policy, users }) }
}

/** Generates codes to be mailed, and keeps what mails them. */
async function generate(tenant: Tenant, entries: readonly object[], mode = RESET) {
  const body = entries.map((entry) => ({ code_send_to: 'EMAIL', ...entry }))
  const { response, ...queued } = await requestHeld(urlOf(tenant, mode), {
    token: await tenant.token(),
    body,
  })
  expect(response.status).toBe(200)
  return { results: await response.json<GenerateResult[]>(), ...queued }
}

const statuses = (results: readonly GenerateResult[]) => results.map(({ status }) => status)

describe('a code generated to EMAIL', () => {
  it('is mailed by the queue itself to the user’s own address, shown to nobody, and works', async () => {
    const { hook, tenant } = await newMailed({ users: 0 })
    await tenant.addUser('Jane@Example.com')
    const options = { code_send_to: 'email', code_validity: '1', validity_time_duration_unit: 'HOUR' }
    const [result] = await tenant.generate(['jane@example.com'], options)
    expect(result).toEqual({
      status: 1001,
      verify_code_validity_time: new Date(Date.now() + 3_600_000).toISOString(),
      verify_code_generation_mode: 'PASSWORD_RESET',
      userDetailsRequestForVerifyCodeGeneration: { email: 'jane@example.com', ...options },
    })
    await vi.waitFor(() => expect(hook.mails).toHaveLength(1), { timeout: 10_000 })
    const [mail] = hook.mails
    expect(mail).toMatchObject({ to: 'Jane@Example.com', expiresAt: result?.verify_code_validity_time })
    expect(JSON.stringify(result)).not.toContain(mail?.code)
    expect((await tenant.validate('jane@example.com', mail?.code ?? '')).status).toBe(200)
  })

  it('is issued at once: it supersedes the old one before it is mailed', async () => {
    const { hook, tenant } = await newMailed()
    const old = await tenant.newCode(USER)
    const { messages } = await generate(tenant, [{ email: USER }])
    expect((await tenant.validate(USER, old)).status).toBe(401)
    await handle(messages)
    expect((await tenant.validate(USER, hook.mails[0]?.code ?? '')).status).toBe(200)
  })

  it.each<[string, (tenant: Tenant) => Promise<unknown>]>([
    ['voided', (tenant) => tenant.void([USER])],
    ['locked', (tenant) => tenant.validate(USER, 'wrong')],
    ['superseded', (tenant) => tenant.newCode(USER)],
    ['expired', async () => later(600_000)],
  ])('R11, F5: is not mailed once it is %s, and no event says that it was sent', async (reason, end) => {
    const { hook, tenant } = await newMailed({ code: { attemptsMax: 1 } })
    const { messages } = await generate(tenant, [{ email: USER }])
    later(1)
    await end(tenant)
    expect(await handle(messages)).toEqual(['ack'])
    expect(hook.calls).toEqual([])
    const events = await whatHappened(tenant)
    expect(events).toContain(`delivery-failed:${reason}`)
    expect(events).not.toContain('sent')
  })

  it('goes to custom_email, in its canonical form, for the user all the same', async () => {
    const { hook, tenant } = await newMailed()
    const { results, messages } = await generate(tenant, [
      { email: USER, custom_email: ' Jane.Private@Other.Example ' },
    ])
    expect(statuses(results)).toEqual([1001])
    await handle(messages)
    expect(hook.mails).toMatchObject([{ to: 'jane.private@other.example', userName: USER }])
    expect((await tenant.validate(USER, hook.mails[0]?.code ?? '')).status).toBe(200)
    expect((await tenant.validate('jane.private@other.example', hook.mails[0]?.code ?? '')).status).toBe(401)
  })

  it.each([
    'no address',
    'a@example.com,b@example.com',
    'a@example.com\r\nBcc: b@example.com',
    ['a@example.com'],
    42,
  ])('E1: with custom_email %j is refused by 1005, and the live code stays', async (custom_email) => {
    const { tenant } = await newMailed()
    const code = await tenant.newCode(USER)
    const { results, calls } = await generate(tenant, [{ email: USER, custom_email }])
    expect([...statuses(results), calls]).toEqual([1005, 0])
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })

  it('is mailed to the user when custom_email is null or empty', async () => {
    const { hook, tenant } = await newMailed()
    for (const custom_email of [null, '']) {
      await handle((await generate(tenant, [{ email: USER, custom_email }])).messages)
    }
    expect(hook.mails.map(({ to }) => to)).toEqual([USER, USER])
  })

  it('of a tenant without a mailer is refused by 1005, and the live code stays', async () => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    const { results, calls } = await generate(tenant, [{ email: USER }])
    expect(results).toMatchObject([{ status: 1005, errorMessage: expect.stringContaining('no mailer') }])
    expect(calls).toBe(0)
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })
})

describe('what is never mailed', () => {
  it('R11: a code that was voided before its mail went', async () => {
    const { hook, tenant } = await newMailed()
    const { messages } = await generate(tenant, [{ email: USER }, { email: OTHER }])
    later(1)
    expect(await tenant.void([USER])).toMatchObject([{ status: 1016 }])
    expect(await handle(messages)).toEqual(['ack', 'ack'])
    expect(hook.calls.map(({ to }) => to)).toEqual([OTHER])
    expect(await whatHappened(tenant)).toContain('delivery-failed:voided')
  })

  it('R11: a code that was voided before another attempt at its mail', async () => {
    const { hook, tenant } = await newMailed()
    const { messages } = await generate(tenant, [{ email: USER }])
    hook.answer = 503
    expect(await handle(messages)).toEqual([10])
    await tenant.void([USER])
    hook.answer = 200
    expect(await handle(messages, { attempts: 2 })).toEqual(['ack'])
    expect(hook.mails).toEqual([])
  })

  it.each<[string, (tenant: Tenant) => Promise<unknown>]>([
    ['displayed', (tenant) => tenant.newCode(USER)],
    ['mailed', async (tenant) => handle((await generate(tenant, [{ email: USER }])).messages)],
  ])('R2: a code that was superseded by one that was %s', async (_, supersede) => {
    const { hook, tenant } = await newMailed()
    const { messages } = await generate(tenant, [{ email: USER }])
    later(1)
    await supersede(tenant)
    const newer = await storedCode(tenant.id, USER)
    const mailed = hook.calls.length
    expect(await handle(messages)).toEqual(['ack'])
    expect(hook.calls).toHaveLength(mailed)
    expect(await storedCode(tenant.id, USER)).toEqual(newer)
    expect(await whatHappened(tenant)).toContain('delivery-failed:superseded')
  })

  it('R2, F4: is no code beside which the user has asked for another: both are mailed, and good', async () => {
    const { hook, tenant } = await newMailed()
    const { messages } = await generate(tenant, [{ email: USER }])
    later(1)
    expect(await handle([await ask(tenant, USER)])).toEqual(['ack'])
    expect(await handle([...messages, ...messages])).toEqual(['ack', 'ack'])
    const codes = hook.calls.map(({ code }) => String(code))
    expect(new Set(codes).size).toBe(2)
    for (const code of codes) expect((await tenant.validate(USER, code)).status).toBe(200)
  })

  it('a code that has expired, was locked, or whose user was disabled or deleted', async () => {
    const { hook, tenant } = await newMailed({ code: { attemptsMax: 1 }, users: 4 })
    const [locked = '', disabled = '', deleted = '', expired = ''] = tenant.emails
    const entries = tenant.emails.map((email) => ({ email }))
    const { messages } = await generate(tenant, entries)
    await tenant.validate(locked, 'wrong')
    const idOf = async (email: string) => (await storedCode(tenant.id, email))?.user_id ?? ''
    await patch(tenant, await idOf(disabled), { op: 'replace', value: { active: false } })
    await tenant.scim('DELETE', `/Users/${await idOf(deleted)}`)
    const late = messages[tenant.emails.indexOf(expired)]
    expect(await handle(messages.filter((message) => message !== late))).toEqual(['ack', 'ack', 'ack'])
    later(600_000)
    expect(await handle([late])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
    expect((await whatHappened(tenant)).filter((event) => event.startsWith('delivery'))).toEqual([
      'delivery-failed:locked',
      'delivery-failed:expired',
    ])
  })

  it('a code whose every attempt failed: an event says so', async () => {
    const { hook, tenant } = await newMailed()
    const { messages } = await generate(tenant, [{ email: USER }])
    expect(await handle(messages, { queue: DEAD_LETTERS })).toEqual(['ack'])
    expect(hook.calls).toEqual([])
    expect(await whatHappened(tenant)).toEqual(['delivery-failed:attempts-exhausted'])
  })

  it('a code of the other mode: each goes its own way', async () => {
    const { hook, tenant } = await newMailed()
    const reset = await generate(tenant, [{ email: USER }])
    const enrolment = await generate(tenant, [{ email: USER }], 'enroll')
    await tenant.void([USER], 'ENROLLMENT')
    expect(await handle([...reset.messages, ...enrolment.messages])).toEqual(['ack', 'ack'])
    expect(hook.calls.map(({ mode }) => mode)).toEqual(['PASSWORD_RESET'])
  })
})

describe('the guesses that a user has left', () => {
  it('G3: are not refilled by EMAIL, whose last resort is DISPLAY', async () => {
    const { hook, tenant } = await newMailed({ code: { attemptsMax: 3, failuresMax: 3 } })
    await handle((await generate(tenant, [{ email: USER }])).messages)
    const code = hook.mails[0]?.code ?? ''
    for (let guess = 0; guess < 2; guess++) await tenant.validate(USER, wrongCode(code))
    await handle((await generate(tenant, [{ email: USER }])).messages)
    expect(await storedCode(tenant.id, USER)).toMatchObject({ attempts: 0, failures: 2 })
    await tenant.validate(USER, wrongCode(hook.mails[1]?.code ?? ''))
    expect(await storedCode(tenant.id, USER)).toMatchObject({ failures: 3, ended_as: 'locked' })
    const locked = await storedCode(tenant.id, USER)

    const { results, calls } = await generate(tenant, [{ email: USER }, { email: OTHER }])
    expect([...statuses(results), calls]).toEqual([1006, 1001, 1])
    expect(results[0]?.errorMessage).toContain('DISPLAY')
    expect(await storedCode(tenant.id, USER)).toEqual(locked)

    const displayed = await tenant.newCode(USER)
    expect(await storedCode(tenant.id, USER)).toMatchObject({ attempts: 0, failures: 0 })
    expect((await tenant.validate(USER, displayed)).status).toBe(200)
    expect(statuses((await generate(tenant, [{ email: USER }])).results)).toEqual([1001])
  })
})

describe('many users in one call', () => {
  it('100 of them cost one trip to the database and one call of the queue', async () => {
    const { hook, tenant } = await newMailed({ users: 100 })
    await tenant.void(['nobody@example.com'])
    const [db, held] = [countingD1(env.DB), heldQueue()]
    const bindings = { DB: db, DELIVERIES: held as unknown as Queue }
    const body = tenant.emails.map((email) => ({ email, code_send_to: 'EMAIL' }))
    const request = newRequest(urlOf(tenant), { token: await tenant.token(), body })
    const response = await app.fetch(request, { ...env, ...bindings }, createExecutionContext())
    expect(statuses(await response.json<GenerateResult[]>())).toEqual(Array(100).fill(1001))
    expect([db.trips, held.calls, held.messages.length]).toEqual([1, 1, 100])
    expect(new Set(await handle(held.messages))).toEqual(new Set(['ack']))
    expect(hook.mails.map(({ to }) => to).toSorted()).toEqual(tenant.emails.toSorted())
    expect(new Set(hook.mails.map(({ code }) => code)).size).toBe(100)
  })

  it('I4: some displayed, some mailed, some refused: each as if alone', async () => {
    const { hook, tenant } = await newMailed({ users: 4 })
    const [one = '', two = '', three = '', four = ''] = tenant.emails
    const { results, messages, calls } = await generate(tenant, [
      { email: one, code_send_to: 'DISPLAY' },
      { email: two },
      { email: 'nobody@example.com' },
      { email: three, custom_email: 'broken' },
      { email: 'no address' },
      { email: four, code_send_to: 'PIGEON' },
      { email: two },
      { email: four, custom_email: 'four@other.example' },
    ])
    expect(statuses(results)).toEqual([1000, 1006, 1002, 1005, 1002, 1004, 1001, 1001])
    expect(results.map(({ verify_code }) => verify_code !== undefined)).toEqual([
      true,
      ...Array<boolean>(7).fill(false),
    ])
    expect([calls, messages.length]).toEqual([1, 2])
    await handle(messages)
    expect(hook.mails.map(({ to }) => to).toSorted()).toEqual(['four@other.example', two])
    for (const { userName = '', code = '' } of hook.mails) {
      expect((await tenant.validate(userName, code)).status).toBe(200)
    }
    expect((await tenant.validate(one, results[0]?.verify_code ?? '')).status).toBe(200)
  })
})
