import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalService, runNpm, runScript, tokenOf } from './local-service.ts'

const service = new LocalService()
/** A home without a service: what needs none is run there. */
const elsewhere = mkdtempSync(join(tmpdir(), 'rescind-operator-'))

beforeAll(() => service.start())
afterAll(async () => {
  rmSync(elsewhere, { recursive: true })
  await service.remove()
})

const tenant = (...args: string[]) => runScript(service.home, 'tenant', ...args)
const key = (...args: string[]) => runScript(service.home, 'key', ...args)

async function api(path: string, keyFile: string, method = 'GET'): Promise<Response> {
  const headers = { Authorization: `Bearer ${await tokenOf(keyFile)}` }
  return fetch(service.url + path, { method, headers })
}

type Stored = { name: string; hosts: string[]; database: string; policy: Record<string, unknown> }

/** A tenant as the operator sees it. */
async function stored(id: string): Promise<Stored> {
  return (await api(`/operator/v1/tenants/${id}`, service.keyFile('operator.key'))).json<Stored>()
}

function write(name: string, content: unknown): string {
  const path = join(service.home, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('an OAuth client of a tenant', () => {
  it('is one command, and its file one token', async () => {
    const home = service.home
    await runScript(home, 'tenant', 'oauth', '--host', 'oauth.localhost')
    const made = await runScript(home, 'client', 'oauth', 'rsa.user.read', '--description', 'Of a journey')
    const path = service.keyFile('oauth-client.json')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toContain(`TOKEN=$(npm run --silent token -- ${path})`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      issuer: `http://oauth.localhost:${service.port}/oauth`,
      tokenEndpoint: `http://oauth.localhost:${service.port}/oauth/token`,
      privateKey: { kty: 'RSA', d: expect.any(String), kid: expect.any(String) },
    })
    expect((await api('/scim/v2/Users', path)).status).toBe(200)
    expect((await api('/operator/v1/tenants', path)).status).toBe(401)
    const again = await runScript(home, 'client', 'oauth', 'rsa.user.read')
    expect(again).toMatchObject({ code: 1 })
    expect(again.stderr).toContain('is there already')
  })

  it.each([
    [['oauth'], 2, 'Name a scope.'],
    [['oauth', 'rsa.everything'], 2, 'There is no scope rsa.everything.'],
    [['No Tenant', 'rsa.user.read'], 2, 'Name a tenant by its id.'],
    [['nobody', 'rsa.user.read'], 1, 'There is no such tenant.'],
  ])('is refused: %j', async (args, code, words) => {
    const refused = await runScript(service.home, 'client', ...args)
    expect([refused.code, refused.stderr.includes(words)]).toEqual([code, true])
    expect(existsSync(service.keyFile('nobody-client.json'))).toBe(false)
  })
})

describe('a tenant of your own', () => {
  it('is two commands, of which each says the next', async () => {
    const made = await runNpm(service.home, 'tenant', 'acme', '--host', 'acme.localhost', '--name', 'Acme')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toMatch(
      /^Created tenant acme \(Acme\)\.\n[^]*\n {2}npm run key -- acme super-admin\n$/,
    )

    const keyed = await runNpm(service.home, 'key', 'acme', 'super-admin', 'Of a journey')
    const path = service.keyFile('acme.key')
    expect(keyed).toMatchObject({ code: 0, stderr: '' })
    expect(keyed.stdout).toContain(`TOKEN=$(npm run --silent token -- ${path})`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      customerName: 'Acme',
      accessID: expect.any(String),
      accessKey: expect.stringMatching(/^-----BEGIN RSA PRIVATE KEY-----\n/),
      adminRestApiUrl: `http://acme.localhost:${service.port}/AdminInterface/restapi`,
      description: 'Of a journey',
    })
    expect((await api('/scim/v2/Users', path)).status).toBe(200)
  })
})

describe('npm run tenant', () => {
  it('changes what is named, and nothing else', async () => {
    const policy = write('policy.json', { code: { length: 12 }, csrf: 'off' })
    await tenant('change', '--host', 'a.localhost', '--host', 'b.localhost', '--policy', policy)
    const before = await stored('change')
    expect(before).toMatchObject({ name: 'change', hosts: ['a.localhost', 'b.localhost'], database: 'DB' })
    expect(before.policy).toMatchObject({ code: { length: 12 }, csrf: 'off' })

    const renamed = await tenant('change', '--name', 'Changed')
    expect(renamed.stdout).toMatch(/^Changed tenant change \(Changed\)/)
    expect(await stored('change')).toEqual({ ...before, name: 'Changed' })

    await tenant('change', '--policy', write('other.json', { csrf: 'always' }))
    const after = await stored('change')
    expect(after).toMatchObject({
      name: 'Changed',
      hosts: before.hosts,
      policy: { csrf: 'always', code: { length: 8 } },
    })

    expect((await tenant('change')).stdout).toMatch(/^Nothing to change in tenant change/)
    expect(await stored('change')).toEqual(after)
  })

  it('lets a host go only when told to', async () => {
    await tenant('hosts', '--host', 'old.localhost')
    const refused = await tenant('hosts', '--host', 'new.localhost')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/would lose old\.localhost.*--host old\.localhost.*--replace-hosts/)
    expect((await stored('hosts')).hosts).toEqual(['old.localhost'])
    expect((await tenant('hosts', '--host', 'new.localhost', '--replace-hosts')).code).toBe(0)
    expect((await stored('hosts')).hosts).toEqual(['new.localhost'])
  })

  it('keeps the hook of a policy that it does not name, and never shows its secret', async () => {
    const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
    const policy = write('hook.json', { redeem: { kind: 'hook', url: 'https://hook.example/p', secret } })
    await tenant('hooked', '--host', 'hooked.localhost', '--policy', policy)
    const renamed = await tenant('hooked', '--name', 'Hooked')
    expect([renamed.code, renamed.stdout + renamed.stderr]).toEqual([0, expect.not.stringContaining(secret)])
    expect(await stored('hooked')).toMatchObject({
      name: 'Hooked',
      policy: { redeem: { kind: 'hook', url: 'https://hook.example/p' } },
    })
  })

  it.for<[string, string[], RegExp]>([
    ['a new tenant without a host', ['fresh'], /There is no tenant fresh yet.*--host fresh\.localhost/],
    ['a host of another tenant', ['thief', '--host', 'localhost'], /answered 409: .*another tenant/],
    ['a host with a port', ['port', '--host', 'a.localhost:80'], /answered 400: .*without a port/],
    [
      'a policy that is not there',
      ['p', '--host', 'p.localhost', '--policy', 'none.json'],
      /none\.json is not there/,
    ],
    [
      'a policy that is not JSON',
      ['p', '--host', 'p.localhost', '--policy', 'README.md'],
      /README\.md is not JSON/,
    ],
    [
      'a database that is not bound',
      ['d', '--host', 'd.localhost', '--database', 'DB_EU'],
      /answered 400: .*D1 binding/,
    ],
    ['another database', ['demo', '--database', 'DB_EU'], /answered 409: .*cannot be changed/],
  ])('says what is wrong with %s', async ([, args, message]) => {
    const { code, stdout, stderr } = await tenant(...args)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\bat .*:\d+/)
  })
})

describe('npm run key', () => {
  it('never writes over a key file, and registers nothing then', async () => {
    const before = readFileSync(service.keyFile('demo.key'), 'utf8')
    const refused = await key('demo', 'help-desk')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/demo\.key is there already, and is never overwritten.*--out FILE/)
    expect(readFileSync(service.keyFile('demo.key'), 'utf8')).toBe(before)
    const out = join(service.home, 'other.key')
    expect((await key('demo', 'help-desk', '--out', out)).code).toBe(0)
    expect((await api('/scim/v2/Users', out)).status).toBe(200)
    expect(await keysOf('demo')).toHaveLength(2)
  })

  it('registers no key that it cannot write', async () => {
    const refused = await key('demo', 'help-desk', '--out', join(service.home, 'no/such/folder.key'))
    expect(refused.stderr).toMatch(/cannot be written \(its folder is not there\)/)
    expect(refused.code).toBe(1)
    expect(await keysOf('demo')).toHaveLength(2)
  })

  it('lists the keys when there are ten, and says how to revoke one', async () => {
    await tenant('many', '--host', 'many.localhost')
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const body = JSON.stringify({ publicKey: publicKey.export({ format: 'jwk' }), role: 'help-desk' })
    const operator = service.keyFile('operator.key')
    const headers = { Authorization: `Bearer ${await tokenOf(operator)}`, 'Content-Type': 'application/json' }
    for (let index = 0; index < 10; index++) {
      await fetch(`${service.url}/operator/v1/tenants/many/keys`, { method: 'POST', headers, body })
    }
    const refused = await key('many', 'help-desk')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    for (const { accessID } of await keysOf('many')) expect(refused.stderr).toContain(accessID)
    expect(refused.stderr).toMatch(/Revoke one first[^]*-X DELETE .*\/tenants\/many\/keys\/ACCESS_ID/)
    expect(existsSync(service.keyFile('many.key'))).toBe(false)
  })

  it('says how to make a tenant that is not there', async () => {
    const { code, stderr } = await key('nobody', 'help-desk')
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/no tenant nobody.*npm run tenant -- nobody --host/),
    ])
    expect(existsSync(service.keyFile('nobody.key'))).toBe(false)
  })

  const keysOf = async (id: string) => {
    const response = await api(`/operator/v1/tenants/${id}/keys`, service.keyFile('operator.key'))
    return (await response.json<{ keys: { accessID: string }[] }>()).keys
  }
})

describe.for(['key', 'tenant'])('npm run %s', (name) => {
  const args = name === 'key' ? ['acme', 'help-desk'] : ['acme', '--host', 'acme.localhost']

  it('explains itself', async () => {
    const { code, stdout } = await runScript(elsewhere, name, 'a', 'b', '--help')
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^Usage: npm run ${name} -- [^]*--operator`)),
    ])
  })

  it.for(
    name === 'key'
      ? [
          [],
          ['acme'],
          ['acme', 'helpdesk'],
          ['Acme', 'help-desk'],
          ['acme', 'help-desk', 'a', 'b'],
          ['--nonsense'],
        ]
      : [
          [],
          ['Acme'],
          ['acme', 'b'],
          ['--host', 'a.localhost'],
          ['acme', '--hosts', 'a.localhost'],
          ['acme', '--host'],
        ],
  )('exits with 2 when used wrongly: %j', async (wrong) => {
    const { code, stdout, stderr } = await runScript(elsewhere, name, ...wrong)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Usage:[^]*\n\n\S.*\n$/)
  })

  it('says so when there is no operator key, no service, or a service of another', async () => {
    const without = await runScript(elsewhere, name, ...args)
    expect([without.code, without.stderr]).toEqual([
      1,
      expect.stringMatching(/There is no key file .*operator\.key.*npm start/),
    ])

    const operator = JSON.parse(readFileSync(service.keyFile('operator.key'), 'utf8')) as {
      privateKey: object
    }
    const path = join(elsewhere, 'moved.key')
    writeFileSync(path, JSON.stringify({ ...operator, baseUrl: 'http://localhost:1' }))
    const stopped = await runScript(elsewhere, name, ...args, '--operator', path)
    expect([stopped.code, stopped.stderr]).toEqual([
      1,
      expect.stringMatching(/Nothing answers on http:\/\/localhost:1.*npm start/),
    ])

    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const stranger = { baseUrl: service.url, privateKey: privateKey.export({ format: 'jwk' }) }
    writeFileSync(path, JSON.stringify(stranger))
    const refused = await runScript(elsewhere, name, ...args, '--operator', path)
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/does not accept the operator's key/),
    ])

    const strange = await runScript(elsewhere, name, ...args, '--operator', service.keyFile('demo.key'))
    expect([strange.code, strange.stderr]).toEqual([
      1,
      expect.stringMatching(/tenant's key file where the operator's is needed/),
    ])
  })
})
