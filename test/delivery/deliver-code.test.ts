import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sealMessage } from '../../src/delivery/message.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { ask, DEAD_LETTERS, handle } from '../rig/deliveries.ts'
import { failWrites } from '../rig/fail-writes.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { patch } from '../rig/scim.ts'
import { newTenant, NO_LIMITS, operate, wrongCode, type Tenant } from '../rig/service.ts'
import { storedCode, storedCodes } from '../rig/stored-code.ts'
import { userEvents, whatHappened } from '../rig/user-events.ts'

const USER = 'user1@example.com'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

async function newMailed({ policy = {}, users = 1 }: { policy?: object; users?: number } = {}) {
  const hook = newMailHook()
  const tenant = await newTenant({
    policy: {
      ...NO_LIMITS,
      notify: { voided: false, locked: false, issued: false },
      ...hook.policy,
      ...policy,
    },
    users,
  })
  return { hook, tenant }
}

const isGood = async (tenant: Tenant, code: string | undefined) =>
  (await tenant.validate(USER, code ?? '')).status === 200

describe('a code that was asked for', () => {
  it('is issued and mailed by the queue itself, and works', async () => {
    const { hook, tenant } = await newMailed()
    expect((await tenant.send(USER)).status).toBe(200)
    await vi.waitFor(() => expect(hook.mails).toHaveLength(1), { timeout: 10_000 })
    expect(await isGood(tenant, hook.mails[0]?.code)).toBe(true)
  })

  it('goes through the send_email binding from the tenant’s address, when it has no hook', async () => {
    const policy = { mail: { from: 'help@tenant.example', name: 'The Tenant' } }
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...policy }, users: 1 })
    const sent: { from: unknown; to: unknown; subject: string; text: string; html: string }[] = []
    const EMAIL = {
      send: (mail: (typeof sent)[number]) => {
        sent.push(mail)
        return env.EMAIL.send(mail as Parameters<typeof env.EMAIL.send>[0])
      },
    } as unknown as typeof env.EMAIL
    expect(await handle([await ask(tenant, USER)], { bindings: { EMAIL } })).toEqual(['ack'])
    expect(sent).toMatchObject([
      {
        from: { email: 'help@tenant.example', name: 'The Tenant' },
        to: USER,
        subject: 'Your password reset code for The Tenant',
      },
    ])
    const code = sent[0]?.text.match(/^ {4}(\S+)$/m)?.[1]
    expect(sent[0]?.html).toContain(`>${code}</p>`)
    expect(await isGood(tenant, code)).toBe(true)
    expect((await whatHappened(tenant)).toSorted()).toEqual(['delivered', 'sent', 'validated'])
  })

  it('is valid from when it was asked for, as long as the policy says, to the millisecond (R6, R7)', async () => {
    const { hook, tenant } = await newMailed({ policy: { code: { ttlMinutes: 15 } } })
    const message = await ask(tenant, USER)
    later(300_000)
    await handle([message])
    expect(hook.mails[0]?.expiresAt).toBe(new Date(Date.now() + 600_000).toISOString())
    later(599_999)
    expect(await isGood(tenant, hook.mails[0]?.code)).toBe(true)
    later(1)
    expect(await isGood(tenant, hook.mails[0]?.code)).toBe(false)
  })

  it('is one code, however often its message is handled', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, USER)
    await handle([message])
    const issued = await storedCode(tenant.id, USER)
    later(1_000)
    expect(await handle([message, message])).toEqual(['ack', 'ack'])
    expect(await storedCode(tenant.id, USER)).toEqual(issued)
    const [first] = hook.mails
    expect(new Set(hook.mails.map(({ id, code }) => `${id} ${code}`))).toEqual(
      new Set([`${first?.id} ${first?.code}`]),
    )
    expect(await isGood(tenant, first?.code)).toBe(true)
    expect((await userEvents(tenant)).filter(({ action }) => action === 'sent')).toHaveLength(1)
  })

  it('is not issued again, attempts and all, when its message comes back after guesses', async () => {
    const { hook, tenant } = await newMailed({ policy: { code: { attemptsMax: 3 } } })
    const message = await ask(tenant, USER)
    await handle([message])
    const code = hook.mails[0]?.code ?? ''
    for (let guess = 0; guess < 2; guess++) await tenant.validate(USER, wrongCode(code))
    await handle([message])
    expect(await storedCode(tenant.id, USER)).toMatchObject({ attempts: 2, failures: 2, ended_as: null })
    await tenant.validate(USER, wrongCode(code))
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.mails).toHaveLength(2)
    expect(await isGood(tenant, code)).toBe(false)
  })

  it.each([
    ['an older one', async (tenant: Tenant) => handle([await ask(tenant, USER)])],
    ['a displayed one', (tenant: Tenant) => tenant.newCode(USER)],
  ])('R2: is dropped when a newer one is there: %s never comes back', async (_, issueNewer) => {
    const { hook, tenant } = await newMailed()
    const older = await ask(tenant, USER)
    later(1)
    await issueNewer(tenant)
    const newer = await storedCode(tenant.id, USER)
    const mailed = hook.calls.length
    later(1_000)
    expect(await handle([older])).toEqual(['ack'])
    expect(hook.calls).toHaveLength(mailed)
    expect(await storedCode(tenant.id, USER)).toEqual(newer)
    expect(await whatHappened(tenant)).toContain('delivery-failed:superseded')
  })

  it('R2: is the only one live after many sends, handled in any order and at once', async () => {
    const { hook, tenant } = await newMailed()
    const messages: unknown[] = []
    for (let count = 0; count < 6; count++) {
      messages.push(await ask(tenant, USER))
      later(1)
    }
    await Promise.all(messages.toReversed().map((message) => handle([message, message])))
    const codes = [...new Set(hook.mails.map(({ code }) => code))]
    const good = await Promise.all(codes.map((code) => isGood(tenant, code)))
    expect(good.filter(Boolean)).toHaveLength(1)
  })
})

describe('a code that was asked for, and handled when its time is over', () => {
  it('R7: is neither issued nor mailed, and leaves an older code alive that lives longer', async () => {
    const { hook, tenant } = await newMailed()
    const day = { code_validity: '24', validity_time_duration_unit: 'HOUR' }
    const code = (await tenant.generate([USER], day))[0]?.verify_code
    later(1)
    const message = await ask(tenant, USER)
    const older = await storedCode(tenant.id, USER)
    later(600_000)
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
    expect(await storedCode(tenant.id, USER)).toEqual(older)
    expect(await isGood(tenant, code)).toBe(true)
  })

  it('R7: is issued in its last millisecond', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, USER)
    later(599_999)
    expect(await handle([message])).toEqual(['ack'])
    expect(await isGood(tenant, hook.mails[0]?.code)).toBe(true)
  })
})

describe('a void after a send was asked for', () => {
  it.each<[string, (tenant: Tenant) => Promise<unknown>]>([
    ['who never had a code', async () => undefined],
    ['whose code is live', (tenant) => tenant.newCode(USER)],
    [
      'whose code was voided',
      async (tenant) => {
        await tenant.newCode(USER)
        await tenant.void([USER])
      },
    ],
    [
      'whose code has expired',
      async (tenant) => {
        await tenant.newCode(USER)
        later(600_000)
      },
    ],
  ])('R11: wins over it, for a user %s', async (_, before) => {
    const { hook, tenant } = await newMailed()
    await before(tenant)
    later(1)
    const message = await ask(tenant, USER)
    later(1)
    await tenant.void([USER])
    later(1)
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
    expect(await whatHappened(tenant)).toEqual(['delivery-failed:voided'])

    later(1)
    await handle([await ask(tenant, USER)])
    expect(await isGood(tenant, hook.mails[0]?.code)).toBe(true)
  })

  it('R11: wins over it in the same millisecond too', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, USER)
    await tenant.void([USER])
    await handle([message])
    expect(hook.calls).toEqual([])
  })

  it('R11: stops a code that is waiting for another attempt', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, USER)
    hook.answer = 500
    expect(await handle([message])).toEqual([10])
    later(5_000)
    expect(await tenant.void([USER])).toMatchObject([{ status: 1016 }])
    hook.answer = 200
    later(5_000)
    expect(await handle([message], { attempts: 2 })).toEqual(['ack'])
    expect(hook.mails).toEqual([])
    expect(await isGood(tenant, hook.calls[0]?.code)).toBe(false)
  })

  it('R11: of enrolment codes is no void of this one', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, USER)
    await tenant.void([USER], 'ENROLLMENT')
    await handle([message])
    expect(await isGood(tenant, hook.mails[0]?.code)).toBe(true)
  })

  it('R11: leaves no live code, when both happen at once', async () => {
    const { hook, tenant } = await newMailed()
    for (let round = 0; round < 20; round++) {
      const message = await ask(tenant, USER)
      later(1)
      const race = [() => tenant.void([USER]), () => handle([message])]
      await Promise.all((round % 2 === 0 ? race : race.toReversed()).map((start) => start()))
      const code = hook.mails.at(-1)?.code
      expect(code !== undefined && (await isGood(tenant, code))).toBe(false)
      later(1)
    }
  })
})

describe('nothing is mailed', () => {
  it('to a user who was disabled or deleted since, nor to an address without an account', async () => {
    const { hook, tenant } = await newMailed({ users: 0 })
    const ids = [await tenant.addUser('disabled@example.com'), await tenant.addUser('deleted@example.com')]
    const addresses = ['disabled@example.com', 'deleted@example.com', 'nobody@example.com', 'no address']
    const messages = await Promise.all(addresses.map((address) => ask(tenant, address)))
    await patch(tenant, ids[0] ?? '', { op: 'replace', value: { active: false } })
    await tenant.scim('DELETE', `/Users/${ids[1]}`)
    expect(await handle(messages)).toEqual(['ack', 'ack', 'ack', 'ack'])
    expect(hook.calls).toEqual([])
    expect((await storedCodes(tenant.id)).filter(({ digest }) => digest !== '')).toEqual([])
  })

  it('to a user without guesses left: no code is issued, and the answer is the same (G3)', async () => {
    const { hook, tenant } = await newMailed({ policy: { code: { attemptsMax: 2, failuresMax: 2 } } })
    const code = await tenant.newCode(USER)
    for (let guess = 0; guess < 2; guess++) await tenant.validate(USER, wrongCode(code))
    const before = await storedCode(tenant.id, USER)
    later(1_000)
    expect(await handle([await ask(tenant, USER)])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
    expect(await storedCode(tenant.id, USER)).toEqual(before)
    expect(await whatHappened(tenant)).toContain('delivery-failed:locked')
  })

  it('for a message that is not ours, or whose tenant is gone: it is acknowledged', async () => {
    const { hook, tenant } = await newMailed()
    const message = String(await ask(tenant, USER))
    const [key] = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
    const [retired] = parseKeyring('TRANSIENT_KEYS', `retired:${Buffer.alloc(32, 7).toString('base64url')}`)
    const forged = { id: key.id, key: retired.key }
    const content = { kind: 'asked-code', tenantId: tenant.id, emailKey: USER, codeId: 'x' } as const
    const unreadable = await Promise.all(
      [retired, forged].map((each) => sealMessage([each], { ...content, code: 'ABCD', requestedAt: 0 })),
    )
    const [id, iv, text = ''] = message.split('.')
    const flipped = (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
    const broken = [[id, iv, flipped].join('.'), [id, iv].join('.'), 'a.b.c', '', 42, null, {}, { message }]
    const all = [...unreadable, ...broken]
    expect(await handle(all)).toEqual(all.map(() => 'ack'))
    expect((await operate('DELETE', `/tenants/${tenant.id}?force=true`)).status).toBe(204)
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.calls).toEqual([])
  })
})

describe('an address without an account', () => {
  it('is told so where the policy wants it, in a mail without a code', async () => {
    const { hook, tenant } = await newMailed({ policy: { unknownAddress: 'notify' } })
    await handle([await ask(tenant, 'No.Body@Example.com'), await ask(tenant, 'no address')])
    expect(hook.mails).toMatchObject([{ type: 'reset-code.no-account', to: 'no.body@example.com' }])
    expect(Object.keys(hook.mails[0] ?? {})).not.toContain('code')
    expect(hook.mails[0]?.text).toContain('no account')
    expect(await storedCodes(tenant.id)).toEqual([])
    expect(await userEvents(tenant)).toEqual([])
  })
})

describe('a mailer that fails', () => {
  it.each([500, 503, 404, 400, 401, 302, 'unreachable'] as const)(
    'with %s is tried again, and mails the same code in the end',
    async (answer) => {
      const { hook, tenant } = await newMailed()
      const message = await ask(tenant, USER)
      hook.answer = answer
      expect(await handle([message])).toEqual([10])
      later(10_000)
      hook.answer = 200
      expect(await handle([message], { attempts: 2 })).toEqual(['ack'])
      const [failed, mailed] = hook.calls
      expect([mailed?.id, mailed?.code]).toEqual([failed?.id, failed?.code])
      expect(await isGood(tenant, mailed?.code)).toBe(true)
      expect((await whatHappened(tenant)).toSorted()).toEqual(['delivered', 'sent', 'validated'])
    },
  )

  it('is tried after 10 s, then twice as long each time, and 20 minutes at most', async () => {
    const { hook, tenant } = await newMailed({ policy: { code: { ttlMinutes: 1440 } } })
    const message = await ask(tenant, USER)
    hook.answer = 503
    const pauses: unknown[] = []
    for (let attempts = 1; attempts <= 10; attempts++) pauses.push(...(await handle([message], { attempts })))
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1200, 1200, 1200])
  })

  it('does not hold up the other messages of its batch', async () => {
    const [{ hook, tenant }, broken] = [await newMailed(), await newMailed()]
    broken.hook.answer = 500
    const messages = [await ask(broken.tenant, USER), await ask(tenant, USER), 'unreadable']
    expect(await handle(messages)).toEqual([10, 'ack', 'ack'])
    expect(hook.mails).toHaveLength(1)
  })

  it('for good (410) is not tried again, and administrators see it', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, USER)
    hook.answer = 410
    expect(await handle([message])).toEqual(['ack'])
    const userId = (await storedCode(tenant.id, USER))?.user_id
    expect(await userEvents(tenant)).toMatchObject([
      { action: 'delivery-failed', reason: 'rejected', user_id: userId },
      { action: 'sent', user_id: userId },
    ])
  })

  it.each([
    ['E_RECIPIENT_SUPPRESSED', 'ack'],
    ['E_RATE_LIMIT_EXCEEDED', 10],
    ['E_INTERNAL_SERVER_ERROR', 10],
  ])('in the e-mail service with %s ends in %s', async (code, decision) => {
    const tenant = await newTenant({ policy: { mail: { from: 'help@tenant.example' } }, users: 1 })
    const EMAIL = {
      send: () => Promise.reject(Object.assign(new Error(`refused ${USER}`), { code })),
    } as unknown as typeof env.EMAIL
    expect(await handle([await ask(tenant, USER)], { bindings: { EMAIL } })).toEqual([decision])
  })

  it('at every attempt ends as a dead letter: an event with the user, and the message is done', async () => {
    const { hook, tenant } = await newMailed()
    const messages = [await ask(tenant, USER), await ask(tenant, 'nobody@example.com')]
    hook.answer = 500
    await handle(messages, { attempts: 10 })
    const calls = hook.calls.length
    expect(await handle(messages, { queue: DEAD_LETTERS })).toEqual(['ack', 'ack'])
    expect(hook.calls).toHaveLength(calls)
    const userId = (await storedCode(tenant.id, USER))?.user_id
    const failed = (await userEvents(tenant)).filter(({ action }) => action === 'delivery-failed')
    expect(new Set(failed.map(({ user_id }) => user_id))).toEqual(new Set([null, userId]))
    expect(failed.map(({ reason }) => reason)).toEqual(['attempts-exhausted', 'attempts-exhausted'])
  })

  it('N3: or is not there at all, is told to administrators alone', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    const { tenant: mailed } = await newMailed()
    const answers = await Promise.all(
      [tenant, mailed].map(async (each) => {
        const response = await each.send(USER)
        const headers = [...response.headers].filter(([name]) => name !== 'x-request-id')
        return [response.status, headers, await response.text()]
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(await storedCodes(tenant.id)).toEqual([])
    // Anybody can ask for as many as they like: they are counted in one row.
    await vi.waitFor(async () => expect(await userEvents(tenant)).toHaveLength(1))
    for (const address of [USER, 'nobody@example.com', 'no address']) {
      expect(await handle([await ask(tenant, address)])).toEqual(['ack'])
    }
    expect(await userEvents(tenant)).toMatchObject([
      { action: 'delivery-failed', reason: 'no-mailer', user_id: null, count: 4 },
    ])
  })

  it('D2: a database that fails is tried again, with nothing mailed before the code is kept', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, USER)
    for (const operation of ['INSERT ON reset_codes', 'INSERT ON user_events']) {
      const repair = await failWrites(tenant, operation)
      expect(await handle([message])).toEqual([10])
      await repair()
      expect(await storedCodes(tenant.id)).toEqual([])
    }
    expect(hook.calls).toEqual([])
    expect(await handle([message], { attempts: 2 })).toEqual(['ack'])
    expect(await isGood(tenant, hook.mails[0]?.code)).toBe(true)
  })
})

describe('a message in the queue', () => {
  it('D4: shows neither address nor code, and is never the same twice', async () => {
    const { hook, tenant } = await newMailed()
    const messages = [String(await ask(tenant, USER)), String(await ask(tenant, USER))]
    await handle(messages.slice(0, 1))
    const readable = messages.flatMap((text) => [
      text,
      ...text.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1')),
    ])
    for (const secret of ['user1', 'example.com', hook.mails[0]?.code ?? 'none', tenant.id, 'asked-code']) {
      expect(readable.filter((text) => text.includes(secret))).toEqual([])
    }
    // The same IV twice under one key would give both messages away.
    const keys = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
    const notice = {
      kind: 'notice',
      tenantId: tenant.id,
      userId: 'x',
      notice: 'voided',
      noticeId: 'x',
      requestedAt: 0,
    } as const
    const sealed = await Promise.all(Array.from({ length: 10 }, () => sealMessage(keys, notice)))
    expect(new Set(sealed.map((text) => text.split('.')[2])).size).toBe(10)
    expect(new Set(sealed.map((text) => text.split('.')[3])).size).toBe(10)
  })
})
