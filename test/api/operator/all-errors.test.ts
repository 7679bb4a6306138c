import { expect, it } from 'vitest'
import { BASE_URL, call, operate, operatorToken, publicKey } from '../../rig/service.ts'

type Problem = { type: string; title: string; status: number; detail: string; errors?: object[] }

async function refusalOf(path: string, body: unknown, method = 'PUT'): Promise<Problem> {
  const response = await operate(method, path, body)
  expect(response.status).toBe(400)
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  return response.json()
}

const put = (body: object) => refusalOf(`/tenants/t-${crypto.randomUUID()}`, body)

const membersOf = ({ errors = [] }: Problem) => errors.map((error) => (error as { member: string }).member)

it('I1: everything that is wrong with a tenant is told at once, in words and as a list', async () => {
  const policy = {
    code: { alphabet: 'digits', length: 5, attemptsMax: 0, colour: 'red', taste: 1 },
    limits: { admin: { burst: 1.5 }, none: {} },
    origins: ['https://app.acme.com', 'https://app.acme.com/x', 7],
    csrf: 'on',
    mail: { from: 'x', hook: { url: 'https://hooks.example.com' } },
    x: 1,
    y: 2,
  }
  const problem = await put({ name: '', hosts: ['A'], policy, z: 3 })
  expect(membersOf(problem).toSorted()).toEqual([
    'hosts.0',
    'name',
    'policy.code.attemptsMax',
    'policy.code.colour',
    'policy.code.length',
    'policy.code.taste',
    'policy.csrf',
    'policy.limits.admin.burst',
    'policy.limits.none',
    'policy.mail.from',
    'policy.mail.hook.secret',
    'policy.origins.1',
    'policy.origins.2',
    'policy.x',
    'policy.y',
    'z',
  ])
  const sentences = (problem.errors as { member: string; problem: string }[]).map(
    ({ member, problem: words }) => `${member} ${words}.`,
  )
  expect(problem).toStrictEqual({
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    detail: sentences.join(' '),
    errors: problem.errors,
  })
  expect(sentences).toContain('policy.code.length must be 4 to 32 for base32, 6 to 12 for digits.')
  expect(sentences).toContain('policy.code.taste is not a member.')
})

it('I1: so are the hooks of a policy that lead nowhere, and what contradicts the path or the Worker', async () => {
  const hook = (url: string) => ({ url, secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` })
  const policy = {
    mail: { resetUrl: 'https://10.0.0.1/reset', hook: hook('https://intranet/mail') },
    redeem: { kind: 'hook', ...hook('https://hooks.example.com') },
  }
  const problem = await put({ id: 'other', name: 'Acme', hosts: [], policy, database: 'NONE' })
  expect(membersOf(problem)).toEqual(['id', 'database', 'policy.mail.resetUrl', 'policy.mail.hook.url'])
})

it('I1: and everything that is wrong with a key', async () => {
  const path = `/tenants/t-${crypto.randomUUID()}/keys`
  const key = { publicKey: { ...publicKey, kty: 'EC', use: 'enc' }, role: 'boss', description: 7, x: 1 }
  expect(membersOf(await refusalOf(path, key, 'POST'))).toEqual([
    'publicKey.kty',
    'publicKey.use',
    'role',
    'description',
    'x',
  ])
})

it('I1: of a thousand wrong members fifty are told', async () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `x${index}`)
  const policy = Object.fromEntries(names.map((name) => [name, 1]))
  expect(membersOf(await put({ name: 'Acme', hosts: [], policy }))).toHaveLength(50)
  const hosts = names.map((name) => name.toUpperCase())
  expect(membersOf(await put({ name: 'Acme', hosts }))).toHaveLength(50)
})

it('I1: a list where an object is wanted is refused, however long or deep', async () => {
  for (const list of ['[]', '[[]]', '[1, {"x": 2}]', `${'['.repeat(9_000)}${']'.repeat(9_000)}`]) {
    const name = '{"name": "Acme", "hosts": [], "policy": '
    for (const body of [
      list,
      `${name}${list}}`,
      `${name}{"mail": ${list}}}`,
      `${name}{"redeem": ${list}}}`,
    ]) {
      const response = await call(`${BASE_URL}/operator/v1/tenants/t-${crypto.randomUUID()}`, {
        method: 'PUT',
        token: await operatorToken(),
        headers: { 'Content-Type': 'application/json' },
        body,
      })
      expect(response.status, body.slice(0, 80)).toBe(400)
    }
  }
})

it('I3: a member of the prototype is unknown like any other, and is told with the rest', async () => {
  const policy: unknown = JSON.parse('{"__proto__": {"csrf": "off"}, "constructor": 1, "csrf": "on"}')
  const problem = await put({ name: 'Acme', hosts: [], policy })
  expect(membersOf(problem).toSorted()).toEqual(['policy.__proto__', 'policy.constructor', 'policy.csrf'])
})
