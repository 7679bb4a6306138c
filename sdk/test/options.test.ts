import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { Rescind, type OAuthClientFile } from '@rescind/client'
import { BASE_URL, KEY, scripted, usersOf, voided } from './scripted.ts'

/** Bad input of every kind: refused before anything is sent, and never quoted. */

const NONE = [undefined, null, 0, '', {}, [], true, Symbol('none')] as never[]

function faultOf(make: () => unknown): Error {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return error as Error
  }
  throw new Error('nothing was thrown')
}

describe('new Rescind', () => {
  it.each([
    ...NONE,
    'reset.example.com',
    'ftp://reset.example.com',
    'http://reset.example.com',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1',
    'https://user:secret@reset.example.com',
    'https://reset.example.com/path',
    'https://reset.example.com/?query',
    'https://reset.example.com/#hash',
    'javascript:alert(1)',
  ])('refuses the baseUrl %j', (baseUrl) => {
    expect(faultOf(() => new Rescind({ baseUrl })).message).not.toContain('secret')
  })

  it.each([
    'https://reset.example.com',
    'https://reset.example.com/',
    'https://reset.example.com:8443',
    'http://localhost:8787',
    'http://acme.localhost:8787',
    'http://127.0.0.1:8787',
    'http://[::1]:8787',
  ])('takes the baseUrl %s', (baseUrl) => {
    expect(new Rescind({ baseUrl })).toBeInstanceOf(Rescind)
  })

  it.each<[key: unknown, message: RegExp]>([
    ...[null, 0, '', 'a', [], true].map((key): [unknown, RegExp] => [key, /^key\.accessID must be text/]),
    [{}, /^key\.accessID/],
    [{ ...KEY, accessKey: undefined }, /^key\.accessKey/],
    [{ ...KEY, adminRestApiUrl: 7 }, /^key\.adminRestApiUrl/],
    [{ clientId: 'a' }, /^key\.tokenEndpoint/],
    [
      { clientId: 'a', tokenEndpoint: 'http://evil.example/oauth/token', privateKey: {} },
      /^key\.tokenEndpoint/,
    ],
    [{ clientId: 'a', tokenEndpoint: `${BASE_URL}/oauth/token` }, /^key\.privateKey\.d/],
    [
      { clientId: 'a', tokenEndpoint: `${BASE_URL}/oauth/token`, privateKey: { d: 's' } },
      /^key\.privateKey\.kid/,
    ],
  ])('refuses the key %j', (key, message) => {
    expect(faultOf(() => new Rescind({ baseUrl: BASE_URL, key: key as never })).message).toMatch(message)
  })

  it.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 31, '1000'])('refuses the timeoutMs %j', (timeoutMs) => {
    faultOf(() => new Rescind({ baseUrl: BASE_URL, timeoutMs: timeoutMs as number }))
  })

  it('shows nothing of its key to whoever prints it', async () => {
    const { rescind } = scripted(voided)
    await rescind.codes.void(usersOf(1))
    const printed = inspect(rescind, { depth: 9, showHidden: true }) + JSON.stringify(rescind)
    expect(printed).not.toMatch(/PRIVATE KEY|eyJ|a key of nobody/)
  })
})

describe('a key', () => {
  const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  const [pkcs1, pkcs8] = (['pkcs1', 'pkcs8'] as const).map((type) =>
    String(rsa.export({ type, format: 'pem' })),
  )

  it.each([
    ['PKCS#1', pkcs1],
    ['PKCS#8', pkcs8],
    ['with other ends of lines', pkcs1?.replaceAll('\n', '\r\n')],
    ['with blanks around', `\n  ${pkcs1}\n\n`],
  ])('may be RSA as %s', async (_, accessKey = '') => {
    const { rescind, sent } = scripted(voided, { key: { ...KEY, accessKey } })
    await rescind.codes.void(usersOf(1))
    expect(sent[0]?.headers['authorization']).toMatch(/^Bearer eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/)
  })

  it.each([
    ['text', 'a secret that nobody may see'],
    ['a key of another kind', String(ec.export({ type: 'sec1', format: 'pem' }))],
    ['another kind of key as PKCS#8', String(ec.export({ type: 'pkcs8', format: 'pem' }))],
    ['a part of one', pkcs1?.slice(0, 400)],
    ['one without an end', pkcs1?.replace(/-----END.*/, '')],
    ['one with a letter changed', pkcs1?.replace('MII', 'MIQ')],
    [
      'an encrypted one',
      String(rsa.export({ type: 'pkcs1', format: 'pem', cipher: 'aes256', passphrase: 'a' })),
    ],
  ])('is refused where it is %s, and never quoted', async (_, accessKey = '') => {
    const { rescind, sent } = scripted(voided, { key: { ...KEY, accessKey } })
    const error = await Promise.resolve(rescind.codes.void(usersOf(1))).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toBe('key must be a private key.')
    expect((error as Error).cause).toBeUndefined()
    expect(sent).toEqual([])
  })

  const clientOf = async (alg: string): Promise<OAuthClientFile> => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(privateKey)), kid: 'one', alg }
    return { clientId: 'a', tokenEndpoint: `${BASE_URL}/oauth/token`, privateKey: jwk }
  }

  it.each(['RS256', 'ES256', 'EdDSA'])('of an OAuth client may be of %s', async (alg) => {
    const { rescind, sent } = scripted(
      (each) =>
        each.url.endsWith('/oauth/token')
          ? Response.json({ access_token: 'token', expires_in: 3600 })
          : voided(each),
      { key: await clientOf(alg) },
    )
    const results = await rescind.codes.void(usersOf(2), { chunkSize: 1 })
    expect(results.map(({ outcome }) => outcome)).toEqual(['voided', 'voided'])
    // One token, also for calls that begin at once.
    const bearers = sent.map(({ headers }) => headers['authorization'])
    expect(bearers).toEqual([undefined, 'Bearer token', 'Bearer token'])
    const form = new URLSearchParams(sent[0]?.body)
    const [header, claims] = (form.get('client_assertion') ?? '')
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object)
    expect(header).toEqual({ alg, kid: 'one', typ: 'JWT' })
    expect(claims).toMatchObject({
      iss: 'a',
      sub: 'a',
      aud: `${BASE_URL}/oauth/token`,
      jti: expect.any(String),
    })
  })

  it('of an OAuth client that gets no token fails its users, and nothing was done', async () => {
    for (const [answer, error] of [
      [
        () => Response.json({ error: 'invalid_client', error_description: 'No.' }, { status: 401 }),
        { code: 'invalid_client', status: 401, message: 'No.' },
      ],
      [
        () => Response.json({ error: 'invalid_scope', error_description: 'No.' }, { status: 400 }),
        { code: 'invalid_scope', status: 400 },
      ],
      [() => Response.json({ token: 'a' }), { name: 'AnswerError' }],
      [() => Response.json({}, { status: 503 }), { status: 503, effect: 'none' }],
    ] as const) {
      const { rescind } = scripted(answer, { key: await clientOf('ES256') })
      const [result] = await rescind.codes.void(usersOf(1), { waitMs: 0 })
      expect(result).toMatchObject({ outcome: 'failed', error })
    }
  })
})

describe('a call', () => {
  it.each([...NONE, 'user@example.com'])('refuses what is no list of users: %j', (users) => {
    const { rescind, sent } = scripted(voided)
    if (!Array.isArray(users)) {
      expect(faultOf(() => rescind.codes.generate(users)).message).toBe('users must be a list.')
      expect(faultOf(() => rescind.codes.void(users)).message).toBe('emails must be a list.')
    }
    expect(sent).toEqual([])
  })

  it.each(NONE)('refuses what is no user: %j', (user) => {
    const { rescind } = scripted(voided)
    expect(faultOf(() => rescind.codes.generate(['a@b.example', user])).message).toMatch(
      /^users\[1\] must be/,
    )
    expect(faultOf(() => rescind.codes.generate([{ email: user }])).message).toMatch(/^users\[0\] must be/)
    expect(faultOf(() => rescind.codes.void(['a@b.example', user])).message).toMatch(/^emails\[1\] must be/)
  })

  it.each([
    { chunkSize: 0 },
    { chunkSize: 101 },
    { chunkSize: 1.5 },
    { chunkSize: '10' },
    { concurrency: 0 },
    { concurrency: 17 },
    { concurrency: Number.NaN },
    { waitMs: -1 },
    { waitMs: Infinity },
    { waitMs: 2 ** 31 },
    { mode: 'password_reset' },
    { mode: '' },
    { idempotencyKey: '' },
    { idempotencyKey: 'a b' },
    { idempotencyKey: 'a"' },
    { idempotencyKey: 'a\r\nX-Evil: 1' },
    { idempotencyKey: 'a'.repeat(201) },
  ])('refuses the options %j', (options) => {
    const { rescind, sent } = scripted(voided)
    faultOf(() => rescind.codes.generate(usersOf(1), options as never))
    faultOf(() => rescind.codes.void(usersOf(1), options as never))
    expect(sent).toEqual([])
  })

  it.each(NONE)('refuses what is no address and no code: %j', async (value) => {
    const { rescind, sent } = scripted(voided)
    for (const call of [
      () => rescind.codes.validate(value, 'CODE'),
      () => rescind.codes.validate('a@b.example', value),
      () => rescind.codes.redeem(value, 'CODE'),
      () => rescind.codes.redeem('a@b.example', value),
      () => rescind.codes.send(value),
    ]) {
      await expect(call()).rejects.toThrow(/^(?:email|code) must be text\.$/)
    }
    expect(sent).toEqual([])
  })

  it('says that it needs a key, and which', async () => {
    const { rescind } = scripted(voided, { key: undefined })
    expect(faultOf(() => rescind.codes.void(usersOf(1))).message).toBe('key must be given for this.')
    const clientIp = '203.0.113.7'
    await expect(rescind.codes.send('a@b.example', { clientIp })).rejects.toThrow('key must be given')
    await expect(rescind.codes.send('a@b.example', { waitMs: -1 })).rejects.toThrow('waitMs must be')
    const empty = scripted(voided).rescind.codes.send('a@b.example', { clientIp: '' })
    await expect(empty).rejects.toThrow('clientIp must be text')
  })
})
