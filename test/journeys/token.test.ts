import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt, jwtVerify } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { runToken } from './local-service.ts'

const folder = mkdtempSync(join(tmpdir(), 'rescind-token-'))
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const tenantFile = {
  customerName: 'Acme',
  accessID: '298b265f-1cb2-8f5c-b62a-d39756edb4ff',
  accessKey: String(rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })),
  adminRestApiUrl: 'https://acme.example.com/AdminInterface/restapi',
  description: 'Help desk',
}

afterAll(() => rmSync(folder, { recursive: true }))

function write(content: unknown): string {
  const path = join(folder, 'a.key')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('npm run token', () => {
  it("prints the vendor's token for a tenant's key file, alone", async () => {
    const { code, stdout, stderr } = await runToken(write(tenantFile))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const { protectedHeader, payload } = await jwtVerify(stdout.trim(), rsa.publicKey)
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT' })
    const { iat = 0, exp = 0, ...claims } = payload
    expect(claims).toEqual({ sub: tenantFile.accessID, aud: tenantFile.adminRestApiUrl })
    expect(exp - iat).toBeLessThanOrEqual(3600)
  })

  it("prints an operator token for the operator's key file", async () => {
    const privateKey = ec.privateKey.export({ format: 'jwk' })
    const path = write({ description: '', baseUrl: 'https://reset.example.com', privateKey })
    const { stdout } = await runToken(path)
    expect((await jwtVerify(stdout.trim(), ec.publicKey)).protectedHeader.alg).toBe('ES256')
    const { iat = 0, exp = 0, ...claims } = decodeJwt(stdout)
    expect(claims).toEqual({ iss: 'rescind-operator', aud: 'https://reset.example.com/operator' })
    expect(exp - iat).toBeLessThanOrEqual(3600)
  })

  it.each([
    ['text that is no JSON', 'S3CRET {', /is not a key file: it is not JSON/],
    ['an empty file', '', /is not a key file: it is not JSON/],
    ['JSON of another kind', ['S3CRET'], /is not a key file/],
    ['a file without accessID', { ...tenantFile, accessID: undefined }, /accessID is missing or malformed/],
    ['a key that is no PEM', { ...tenantFile, accessKey: 'S3CRET' }, /accessKey is not an RSA private key/],
    [
      'a key cut short',
      { ...tenantFile, accessKey: tenantFile.accessKey.slice(0, 300) },
      /accessKey is not an RSA private key/,
    ],
    [
      'an operator key off the curve',
      {
        baseUrl: 'https://a.example',
        privateKey: { kty: 'EC', crv: 'P-256', x: 'S3CRET', y: 'AA', d: 'AA' },
      },
      /privateKey is not a private P-256 key/,
    ],
  ])('says what is wrong with %s, on stderr, and quotes none of it', async (_, content, message) => {
    const { code, stdout, stderr } = await runToken(write(content))
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/S3CRET|BEGIN RSA|\bat .*:\d+/)
  })

  it('says where key files come from when there is none', async () => {
    const { code, stderr } = await runToken(join(folder, 'missing.key'))
    expect(code).toBe(1)
    expect(stderr).toMatch(/There is no key file .*npm start/)
  })

  it('explains itself, and exits with 2 when used wrongly', async () => {
    expect(await runToken('--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage:/) })
    for (const args of [[], ['a.key', 'b.key'], ['--nonsense']]) {
      const { code, stdout, stderr } = await runToken(...args)
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/^Usage:/)
    }
  })
})
