import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { ask, handle, requestHeld } from '../rig/deliveries.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { newTenant, NO_LIMITS, type GenerateResult, type Tenant } from '../rig/service.ts'
import { userEvents } from '../rig/user-events.ts'

/** Which way codes leave, and who is told. */

const USER = 'user1@example.com'
const OTHER = 'Eve@Elsewhere.example'

async function newMailed(policy: object = {}) {
  const hook = newMailHook()
  return { hook, tenant: await newTenant({ policy: { ...NO_LIMITS, ...hook.policy, ...policy }, users: 2 }) }
}

/** Generates codes, and keeps what is to be mailed. */
async function generate(tenant: Tenant, entries: readonly object[], mode = 'resetPassword') {
  const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/${mode}`
  const headers = { 'CF-Connecting-IP': '10.9.113.9' }
  const { response, messages } = await requestHeld(url, {
    token: await tenant.token(),
    body: entries,
    headers,
  })
  return { results: await response.json<GenerateResult[]>(), messages }
}

async function ways({ id }: Tenant): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT result, channel, destination, source_ip FROM admin_events WHERE tenant_id = ? AND mode IS NOT NULL ORDER BY id',
  )
    .bind(id)
    .all<Record<string, string | null>>()
  return results.map((row) => [row['result'], row['channel'], row['destination'], row['source_ip']].join(' '))
}

const EMAIL = { email: USER, code_send_to: 'EMAIL' }

describe('every code that leaves', () => {
  it.each(['resetPassword', 'enroll'])(
    'F5: has an event that says by which channel, whereto and from where: %s',
    async (mode) => {
      const { tenant } = await newMailed()
      const entries = [
        { email: USER },
        EMAIL,
        { ...EMAIL, custom_email: OTHER },
        { ...EMAIL, custom_email: '' },
        { ...EMAIL, custom_email: 'USER1@example.com' },
      ]
      for (const entry of entries) await generate(tenant, [entry], mode)
      expect(await ways(tenant)).toEqual([
        'issued DISPLAY  10.9.113.9',
        'issued EMAIL u***@example.com 10.9.113.9',
        'issued custom e***@elsewhere.example 10.9.113.9',
        'issued EMAIL u***@example.com 10.9.113.9',
        'issued EMAIL u***@example.com 10.9.113.9',
      ])
    },
  )

  it('F5: says so too where it was refused, as far as it was understood', async () => {
    const { tenant } = await newMailed()
    await generate(tenant, [
      { ...EMAIL, custom_email: 'no address' },
      { ...EMAIL, custom_email: ['a@b.example'] },
      { email: USER, code_send_to: 'PIGEON' },
      { email: 'no address', code_send_to: 'EMAIL' },
      { email: USER, code_validity: '1', validity_time_duration_unit: 'MIN' },
    ])
    expect(await ways(tenant)).toEqual([
      'bad-custom-email custom (not an address) 10.9.113.9',
      'bad-custom-email custom (not an address) 10.9.113.9',
      'bad-delivery   10.9.113.9',
      'unknown EMAIL (not an address) 10.9.113.9',
      'bad-validity DISPLAY  10.9.113.9',
    ])
  })

  it('F5: has an event when it is mailed, also one that a user asked for', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
    const { hook, tenant } = await newMailed()
    const { messages } = await generate(tenant, [
      { ...EMAIL, custom_email: OTHER },
      { ...EMAIL, email: 'user2@example.com' },
    ])
    await handle(messages)
    vi.setSystemTime(Date.now() + 1_000)
    await handle([await ask(tenant, USER)])
    vi.useRealTimers()
    const sent = (await userEvents(tenant)).filter(({ action }) => action === 'sent')
    expect(sent.map(({ channel, destination }) => `${channel} ${destination}`).toSorted()).toEqual([
      'EMAIL u***@example.com',
      'EMAIL u***@example.com',
      'custom e***@elsewhere.example',
    ])
    const mailed = hook.mails.flatMap(({ to, code }) => (code === undefined ? [] : to))
    expect(mailed.toSorted()).toEqual([OTHER.toLowerCase(), USER, 'user2@example.com'].toSorted())
  })
})

describe('the user is told at the stored address', () => {
  it.each([
    ['resetPassword', 'PASSWORD_RESET'],
    ['enroll', 'ENROLLMENT'],
  ])('F5: when a code was shown or sent elsewhere, and only then: %s', async (path, mode) => {
    const { hook, tenant } = await newMailed()
    const { results, messages } = await generate(
      tenant,
      [
        { email: USER },
        { ...EMAIL, email: 'user2@example.com', custom_email: OTHER },
        { email: 'x@y.example' },
      ],
      path,
    )
    await handle(messages)
    const told = hook.mails.filter(({ type }) => type === 'reset-code.notice')
    const seen = told.map(({ to, notice, mode, channel }) => [to, notice, mode, channel].join(' '))
    expect(seen.toSorted()).toEqual([
      `${USER} issued ${mode} DISPLAY`,
      `user2@example.com issued ${mode} custom`,
    ])
    const code = results[0]?.verify_code ?? '-'
    expect(JSON.stringify(told).replaceAll('-', '')).not.toContain(code)
    expect(JSON.stringify(told).toLowerCase()).not.toContain(OTHER.toLowerCase())

    const own = await generate(
      tenant,
      [EMAIL, { ...EMAIL, email: 'user2@example.com', custom_email: null }],
      path,
    )
    expect(own.messages).toHaveLength(2)
    await handle(own.messages)
    expect(hook.mails.filter(({ type }) => type === 'reset-code.notice')).toHaveLength(2)
  })

  it.each([
    ['the policy is off', { notify: { issued: false } }],
    ['there is no mailer', { mail: {} }],
  ])('of nothing where %s', async (_, policy) => {
    const { tenant } = await newMailed(policy)
    const { results, messages } = await generate(tenant, [{ email: USER }])
    expect([results[0]?.status, messages.length]).toEqual([1000, 0])
  })

  it('of nothing that did not leave: a code that could not be queued', async () => {
    const { tenant } = await newMailed()
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
    const queued: string[] = []
    const broken = {
      send: () => Promise.resolve(queued.push('send')).then(() => Promise.reject(new Error('broken'))),
    } as unknown as Queue
    const body = [{ ...EMAIL, custom_email: OTHER }]
    const { response } = await requestHeld(url, { token: await tenant.token(), body }, { DELIVERIES: broken })
    expect(await response.json()).toMatchObject([{ status: 1006 }])
    expect(queued).toEqual(['send'])
  })
})
