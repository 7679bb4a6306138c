import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { operate } from '../../rig/service.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const HOOK = { url: 'https://hooks.example.com/reset', secret: SECRET }

/** An object with one member, however deep. */
function withMember(path: string, value: unknown): object {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object
}

type Answer = { detail?: string; errors?: { member: string; problem: string }[]; policy?: object }

async function put(policy: unknown) {
  const id = `t-${crypto.randomUUID()}`
  const response = await operate('PUT', `/tenants/${id}`, { name: 'Acme', hosts: [], policy })
  return { id, response, body: await response.json<Answer>() }
}

/** Whole numbers: member, least, most, and what else the policy needs beside it. */
const NUMBERS: [string, number, number, object?][] = [
  ['code.length', 4, 32],
  ['code.length', 6, 12, { alphabet: 'digits' }],
  ['code.ttlMinutes', 10, 1440],
  ['code.attemptsMax', 1, 10],
  ['code.failuresMax', 1, 100],
  ...['admin', 'void', 'validate', 'send', 'recipient'].flatMap((bucket): [string, number, number][] => [
    [`limits.${bucket}.perMinute`, 1, 1_000_000],
    [`limits.${bucket}.burst`, 1, 100_000],
  ]),
  ['limits.issue.perHour', 2, 1_000_000],
  ['limits.issue.perDay', 2, 1_000_000],
  ['redeem.ttlSeconds', 30, 3600, { kind: 'grant', audience: 'https://app.example.com' }],
]

/** Everything else: member, values taken, values refused. */
const VALUES: [string, unknown[], unknown[]][] = [
  ['code.alphabet', ['base32', 'digits'], ['hex', 'BASE32', '', 7, null, ['digits']]],
  ['csrf', ['off', 'with-cookie', 'always'], ['on', '', true, null]],
  ['unknownAddress', ['silent', 'notify'], ['tell', null]],
  ['notify.redeemed', [true, false], ['true', 1, null]],
  ['notify.voided', [true, false], ['true', 1, null]],
  ['notify.locked', [true, false], ['true', 1, null]],
  ['notify.issued', [true, false], ['true', 1, null]],
  [
    'code.customEmail',
    ['any', 'off', { domains: ['example.com'] }, { domains: Array(100).fill('a.example') }],
    [
      'ANY',
      '',
      null,
      7,
      true,
      [],
      ['example.com'],
      {},
      { domains: [] },
      { domains: 'example.com' },
      { domains: ['example.com', 'no domain'] },
      { domains: ['@example.com'] },
      { domains: ['*.example.com'] },
      { domains: ['ｅxample.com'] },
      { domains: [7] },
      { domains: Array(101).fill('a.example') },
      { domains: ['example.com'], x: 1 },
    ],
  ],
  [
    'mail.from',
    ['reset@example.com'],
    ['x', 'a@b.example, c@d.example', 'a@example.com\r\nBcc: b@example.com', '', 7],
  ],
  ['mail.name', ['Acme', 'x'.repeat(100)], ['', 'x'.repeat(101), 'a\r\nBcc: b@example.com', 7]],
  ['mail.resetUrl', ['https://a.example.com/reset', 'http://localhost:3000/', 'http://127.0.0.1/'], ['http://a.example.com/', 'javascript:alert(1)', 'https://user:pw@a.example.com/', '/reset', `https://a.example.com/${'x'.repeat(2048)}`, 7]], // oxfmt-ignore
  ['mail.language', ['en', 'de', 'fr', 'es', 'ja'], ['xx', 'EN', null]],
  ['mail.hook.url', [], ['http://hooks.example.com/', 'https://u@hooks.example.com/', 'ftp://x', '']],
  ['redeem.kind', [], ['other', null, '']],
]

describe('the policy of a tenant', () => {
  it.each(NUMBERS)('R7: %s is a whole number from %i to %i', async (path, min, max, beside = {}) => {
    const [parent = '', ...rest] = path.split('.')
    const policyWith = (value: unknown) => {
      const inner = withMember(rest.join('.'), value)
      return { [parent]: { ...beside, ...inner } }
    }
    for (const value of [min, max]) {
      const { id, response, body } = await put(policyWith(value))
      expect(response.status, `${value}`).toBe(201)
      // Its audience is free again for the next.
      await operate('DELETE', `/tenants/${id}`)
      expect(body.policy).toMatchObject(withMember(path, value))
    }
    for (const value of [min - 1, max + 1, min + 0.5, -1, 1e308, String(min), null, true, [min]]) {
      const { response, body } = await put(policyWith(value))
      expect([response.status, body.detail?.split(' ')[0]], JSON.stringify(value)).toEqual([
        400,
        `policy.${path}`,
      ])
    }
  })

  it.each(VALUES)('%s takes only its values', async (path, taken, refused) => {
    for (const value of taken) {
      const { response, body } = await put(withMember(path, value))
      expect(response.status, JSON.stringify(value)).toBe(201)
      expect(body.policy).toMatchObject(withMember(path, value))
    }
    for (const value of refused) {
      const { response, body } = await put(withMember(path, value))
      expect(response.status, JSON.stringify(value)).toBe(400)
      expect(body.detail).toMatch(new RegExp(`^policy\\.${path.replaceAll('.', '\\.')}[ .]`))
    }
  })

  it.each(['x', 'code.x', 'limits.x', 'limits.admin.x', 'notify.x', 'mail.x', 'code.Length', 'Code'])(
    'I3: the unknown member %s is refused by name',
    async (path) => {
      const { response, body } = await put(withMember(path, 1))
      expect(response.status).toBe(400)
      expect(body.detail).toBe(`policy.${path} is not a member.`)
    },
  )

  it.each(['code', 'limits', 'limits.admin', 'notify', 'mail', 'mail.hook', 'redeem'])(
    'I1: %s of another type is refused by name',
    async (path) => {
      for (const value of [null, 7, 'x', []]) {
        const { response, body } = await put(withMember(path, value))
        expect(response.status, JSON.stringify(value)).toBe(400)
        expect(body.detail).toMatch(new RegExp(`^policy\\.${path.replaceAll('.', '\\.')}`))
      }
    },
  )

  it.each([
    'https://app.acme.com',
    'https://app.acme.com:8443',
    'https://xn--bcher-kva.example',
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    'http://app.localhost',
    'http://[::1]:3000',
  ])('origins takes %s', async (origin) => {
    const { response, body } = await put({ origins: [origin] })
    expect(response.status).toBe(201)
    expect(body.policy).toMatchObject({ origins: [origin] })
  })

  it.each([
    '*',
    'null',
    '',
    'app.acme.com',
    'https://*.acme.com',
    'https://app.acme.com/',
    'https://app.acme.com/reset',
    'https://app.acme.com?x',
    'https://app.acme.com#x',
    'https://app.acme.com:443',
    'https://APP.acme.com',
    'https://user@app.acme.com',
    'https://bücher.example',
    'http://app.acme.com',
    'http://10.0.0.1:3000',
    'ftp://app.acme.com',
    'file://',
    'chrome-extension://abc',
    `https://${'a.'.repeat(130)}com`,
    ' https://app.acme.com',
    7,
    null,
    ['https://app.acme.com'],
  ])('origins does not take %j', async (origin) => {
    const { response, body } = await put({ origins: ['https://app.acme.com', origin] })
    expect([response.status, body.detail?.split(' ')[0]]).toEqual([400, 'policy.origins.1'])
  })

  it('origins is a list of 20 at most, empty by default', async () => {
    const origins = Array.from({ length: 21 }, (_, index) => `https://app${index}.acme.com`)
    expect((await put({ origins: origins.slice(1) })).response.status).toBe(201)
    expect((await put({})).body.policy).toMatchObject({ origins: [] })
    for (const wrong of [origins, 'https://app.acme.com', null, {}]) {
      const { response, body } = await put({ origins: wrong })
      expect([response.status, body.detail?.split(' ')[0]]).toEqual([400, 'policy.origins'])
    }
  })

  it('G2: no policy makes a code under 20 bits', async () => {
    for (const code of [
      { length: 3 },
      { alphabet: 'digits', length: 5 },
      { alphabet: 'digits', length: 13 },
    ]) {
      const { response, body } = await put({ code })
      expect([response.status, body.detail?.split(' ')[0]]).toEqual([400, 'policy.code.length'])
    }
  })

  it.each([
    ['__proto__', '{"__proto__":{"csrf":"off"}}'],
    ['constructor', '{"constructor":{"prototype":{"csrf":"off"}}}'],
    ['code.__proto__', '{"code":{"__proto__":{"attemptsMax":10}}}'],
    ['limits.admin.__proto__', '{"limits":{"admin":{"__proto__":{"burst":10}}}}'],
  ])('I3: %s, a name of a prototype, is refused by name and sets nothing', async (path, policy) => {
    const { id, response, body } = await put(JSON.parse(policy))
    expect([response.status, body.detail]).toEqual([400, `policy.${path} is not a member.`])
    expect((await operate('GET', `/tenants/${id}`)).status).toBe(404)
    const plain = await put({})
    expect(plain.body.policy).toMatchObject({ csrf: 'with-cookie', code: { attemptsMax: 10 } })
  })

  it.each([
    ['base32', 4, 5],
    ['base32', 6, 8],
    ['base32', 8, 10],
    ['base32', 32, 10],
    ['digits', 6, 5],
    ['digits', 9, 7],
    ['digits', 12, 10],
  ])('G1: of codes of %s, %i long, allows %i attempts by default', async (alphabet, length, attemptsMax) => {
    const { body } = await put({ code: { alphabet, length } })
    expect(body.policy).toMatchObject({ code: { attemptsMax } })
    const { body: own } = await put({ code: { alphabet, length, attemptsMax: 3 } })
    expect(own.policy).toMatchObject({ code: { attemptsMax: 3 } })
  })

  it('D4: secrets of hooks are kept, and never shown', async () => {
    const { id, response, body } = await put({ mail: { hook: HOOK }, redeem: { kind: 'hook', ...HOOK } })
    expect(response.status).toBe(201)
    expect(body.policy).toMatchObject({
      mail: { hook: { url: HOOK.url } },
      redeem: { kind: 'hook', url: HOOK.url },
    })
    const answers = [
      body,
      await (await operate('GET', `/tenants/${id}`)).json(),
      // The page that begins with this tenant: others may have made many.
      await (await operate('GET', `/tenants?limit=1&after=${id.slice(0, -1)}`)).json(),
    ]
    for (const answer of answers) {
      expect(JSON.stringify(answer)).not.toContain('whsec_')
      expect(JSON.stringify(answer)).toContain(HOOK.url)
    }
    const stored = await env.DB.prepare('SELECT policy FROM tenants WHERE id = ?')
      .bind(id)
      .first<string>('policy')
    expect(stored).toContain(SECRET)
  })

  const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`
  const policiesWith = (secret: unknown) => [
    { mail: { hook: { ...HOOK, secret } } },
    { redeem: { kind: 'hook', ...HOOK, secret } },
  ]

  it.each([24, 25, 26, 63, 64])(
    'R5: a secret of %i bytes signs, with its padding or without',
    async (bytes) => {
      for (const secret of [secretOf(bytes), secretOf(bytes).replace(/=+$/, '')]) {
        for (const policy of policiesWith(secret)) expect((await put(policy)).response.status).toBe(201)
      }
    },
  )

  it.each([0, 1, 16, 22, 23, 65, 66])('R5: a secret of %i bytes is refused by name', async (bytes) => {
    for (const policy of policiesWith(secretOf(bytes))) {
      const { response, body } = await put(policy)
      expect(response.status).toBe(400)
      expect(body.detail).toMatch(/^policy\.(?:mail\.hook|redeem)\.secret must be whsec_ and 24 to 64 bytes /)
    }
  })

  it.each(['A'.repeat(33), `${'A'.repeat(32)}=`, `${'A'.repeat(34)}=`, `${'A'.repeat(35)}==`])(
    'R5: a secret that is no base64 is refused: %s',
    async (encoded) => {
      for (const policy of policiesWith(`whsec_${encoded}`))
        expect((await put(policy)).response.status).toBe(400)
    },
  )

  it('D4: a secret that is refused is not quoted', async () => {
    for (const secret of [
      'whsec_short',
      'sk_live_0123456789012345678901234567890123',
      '',
      7,
      `whsec_${'A'.repeat(89)}`,
    ]) {
      for (const policy of policiesWith(secret)) {
        const { response, body } = await put(policy)
        expect(response.status).toBe(400)
        expect(body.detail).toMatch(/^policy\.(?:mail\.hook|redeem)\.secret /)
        expect(body.detail).not.toMatch(/short|0123|AAAA/)
      }
    }
  })
})
