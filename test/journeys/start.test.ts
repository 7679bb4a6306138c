import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { freePort, LocalService, runShell, runStart, tokenOf } from './local-service.ts'

const service = new LocalService()

afterAll(() => service.remove())

describe('npm start', () => {
  it('mends a lost operator key, says so, and keeps what codes and access ids rest on', async () => {
    await service.start()
    await service.stop()
    const keyrings = readKeyrings()
    const demoKey = readFileSync(service.keyFile('demo.key'), 'utf8')
    rmSync(service.keyFile('operator.key'))

    await service.start({ port: service.port })

    expect(service.output).toMatch(/wrote .*operator\.key \(a new key, since there was none/)
    expect(readKeyrings()).toEqual(keyrings)
    expect(readFileSync(service.keyFile('demo.key'), 'utf8')).toBe(demoKey)
    expect(await statusOf('/operator/v1/tenants', 'operator.key')).toBe(200)
  })

  it('is refused beside another in the same folder, names it, and writes nothing', async () => {
    const before = filesOf(service.home)
    for (const port of [String(service.port), String(service.port + 1)]) {
      const { code, output } = await runStart(service.home, port)
      expect(code).toBe(1)
      expect(output).toContain(
        `npm start runs here already, as process ${service.holder().pid} on port ${service.port}.`,
      )
    }
    expect(filesOf(service.home)).toEqual(before)
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
  })

  it('finds what a killed one has left behind, and says how to end it', async () => {
    await service.kill()
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200)

    const before = filesOf(service.home)
    const { code, output } = await runStart(service.home, String(service.port))
    expect(code).toBe(1)
    expect(output).toContain(`was killed, and its wrangler dev still runs on port ${service.port}.`)
    expect(filesOf(service.home)).toEqual(before)

    const [command = ''] = /kill -- -\d+/.exec(output) ?? []
    expect(await runShell('sh', command)).toMatchObject({ code: 0, stderr: '' })
    const answer = () => fetch(`${service.url}/healthz`)
    await vi.waitFor(() => expect(answer()).rejects.toThrow(), { timeout: 20_000, interval: 100 })
  })

  it('makes a new key for demo when the old one is not accepted any more, and keeps the old one', async () => {
    const old = readFileSync(service.keyFile('demo.key'), 'utf8')
    rmSync(join(service.home, '.dev.vars'))
    await service.start({ port: service.port })
    expect(service.output).toMatch(/wrote .*\.dev\.vars \(new, since there was none: PEPPERS, /)
    expect(service.output).toMatch(/demo\.key is not accepted any more, and now in .*demo\.key\.refused-1\n/)
    expect(readFileSync(service.keyFile('demo.key.refused-1'), 'utf8')).toBe(old)
    expect(await statusOf('/scim/v2/Users', 'demo.key')).toBe(200)
    await service.stop()
    expect(() => service.holder()).toThrow('ENOENT')
  })

  it.each(['abc', '0', '65536', '80.5', '-1'])('refuses PORT=%s and says what to do', async (port) => {
    const { code, output } = await runStart(service.home, port)
    expect(code).toBe(1)
    expect(output).toMatch(/PORT must be a whole number from 1 to 65535.*Try: PORT=\d+ npm start/)
  })

  it('refuses a port that is taken and says what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code, output } = await runStart(service.home, String(port))
    server.close()
    expect(code).toBe(1)
    expect(output).toContain(`Port ${port} is taken. Stop what runs there, or take another: PORT=${port + 1}`)
  })
})

describe('a file that is broken', () => {
  const operator = (privateKey: object) => JSON.stringify({ baseUrl: 'http://localhost:1', privateKey })
  const noPoint = 'S3CRET'.padEnd(43, 'A')
  const offCurve = { kty: 'EC', crv: 'P-256', x: noPoint, y: noPoint, d: noPoint }
  const cut = (text: string) => text.slice(0, text.length / 2)
  const line = (name: string, value: string) => (text: string) =>
    text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`)

  it.for<[string, string, 'a folder' | ((text: string) => string), RegExp]>([
    [
      '.rescind/operator.key',
      'cut off',
      cut,
      /operator\.key is not a key file: it is not JSON\.\nPut it back/,
    ],
    ['.rescind/operator.key', 'empty', () => '', /operator\.key is not a key file.*\nPut it back/],
    [
      '.rescind/operator.key',
      'a folder',
      'a folder',
      /operator\.key is a folder.*\nPut it back.*or move it away/,
    ],
    [
      '.rescind/operator.key',
      'off the curve',
      () => operator(offCurve),
      /operator\.key: privateKey is not.*\nPut it/,
    ],
    ['.rescind/demo.key', 'cut off', cut, /demo\.key is not a key file.*\nPut it back.*or move it away/],
    ['.rescind/demo.key', 'a folder', 'a folder', /demo\.key is a folder.*\nPut it back/],
    [
      '.rescind/demo.key',
      'without a key',
      (text) => text.replace('BEGIN', 'S3CRET'),
      /demo\.key: accessKey is not/,
    ],
    ['.dev.vars', 'a folder', 'a folder', /\.dev\.vars is a folder.*Move it away/],
    [
      '.dev.vars',
      'cut off in a name',
      (text) => `${text}PEPP`,
      /Line \d+ of .*\.dev\.vars, PEPP, is no whole NAME=/,
    ],
    [
      '.dev.vars',
      'cut off in a value',
      (text) => text.slice(0, text.indexOf('TRANSIENT_KEYS') + 25),
      /TRANSIENT_KEYS, is no whole/,
    ],
    [
      '.dev.vars',
      'with a short pepper',
      line('PEPPERS', "'k1:S3CRET'"),
      /PEPPERS must be a list of .*32 bytes.*\nPut .*every live code/,
    ],
    [
      '.dev.vars',
      'with an empty secret',
      line('ACCESS_ID_KEYS', ''),
      /ACCESS_ID_KEYS must be .*\nPut .*remove the line/,
    ],
    [
      '.dev.vars',
      'with another JSON',
      line('RESET_GRANT_KEYS', `'["S3CRET"]'`),
      /RESET_GRANT_KEYS must be a JSON list/,
    ],
    [
      '.dev.vars',
      'with a grant key off the curve',
      line('RESET_GRANT_KEYS', `'${JSON.stringify([{ ...offCurve, kid: 'k1' }])}'`),
      /RESET_GRANT_KEYS holds a key that is no point of P-256\.\nPut/,
    ],
    [
      '.dev.vars',
      'with BASE_URL',
      (text) => `${text}BASE_URL=x\n`,
      /sets BASE_URL.*derives it from PORT.*Remove/,
    ],
    [
      '.dev.vars',
      'with a deadline',
      (text) => `${text}LIMITER_DEADLINE_MS=1\n`,
      /sets LIMITER_DEADLINE_MS.*wrangler\.toml.*Remove/,
    ],
  ])('is named before anything is written, and kept as it is: %s %s', async ([name, , breakIt, message]) => {
    const home = mkdtempSync(join(tmpdir(), 'rescind-broken-'))
    for (const each of ['.dev.vars', '.rescind']) {
      cpSync(join(service.home, each), join(home, each), { recursive: true })
    }
    const path = join(home, name)
    const text = readFileSync(path, 'utf8')
    rmSync(path)
    if (breakIt === 'a folder') mkdirSync(path)
    else writeFileSync(path, breakIt(text))
    const before = filesOf(home)

    const { code, output } = await runStart(home, String(await freePort()))

    expect(output).toMatch(message)
    expect(code).toBe(1)
    expect(output).not.toMatch(/S3CRET|BEGIN RSA|\bat .*:\d+/)
    expect(filesOf(home)).toEqual(before)
    rmSync(home, { recursive: true })
  })
})

/** Every file of a home but the state of the service, with what is in it. */
function filesOf(home: string): [string, string][] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => !join(entry.parentPath, entry.name).includes('.wrangler'))
    .map((entry): [string, string] => {
      const path = join(entry.parentPath, entry.name)
      return [path, entry.isFile() ? readFileSync(path, 'utf8') : '']
    })
    .toSorted(([a], [b]) => a.localeCompare(b))
}

function readKeyrings(): string[] {
  const lines = readFileSync(join(service.home, '.dev.vars'), 'utf8').split('\n')
  return lines.filter((line) => /^(?:PEPPERS|ACCESS_ID_KEYS)=/.test(line))
}

async function statusOf(path: string, keyFile: string): Promise<number> {
  const headers = { Authorization: `Bearer ${await tokenOf(service.keyFile(keyFile))}` }
  return (await fetch(service.url + path, { headers })).status
}
