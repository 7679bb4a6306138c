import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { CSRF_TOKEN_TTL_MS, isCsrfToken, newCsrfToken } from '../../src/auth/csrf-token.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'

const newKey = (id: string) =>
  `${id}:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`

const keys = parseKeyring('TRANSIENT_KEYS', env.TRANSIENT_KEYS)
const TENANT = 'acme'
const NOW = 1_800_000_000_000
const token = newCsrfToken(keys, TENANT, NOW)
const isGood = (value: string, now = NOW, tenantId = TENANT) => isCsrfToken(keys, tenantId, value, now)

/** Id and expiry of a token. */
function partsOf(value: string): [uuid: string, expiresAt: number] {
  const [, uuid = '', expiresAt = ''] = /^TokenID%3D(.{36})%2CexpirationTime%3D(\d{13})$/.exec(value) ?? []
  return [uuid, Number(expiresAt)]
}
const tokenOf = (uuid: string, expiresAt: number | string) =>
  `TokenID%3D${uuid}%2CexpirationTime%3D${expiresAt}`
const [uuid, expiresAt] = partsOf(token)

describe('a CSRF token', () => {
  it('J6: has the vendor’s form, and lives for half an hour', () => {
    expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    expect(expiresAt).toBe(NOW + 30 * 60_000)
    expect(CSRF_TOKEN_TTL_MS).toBe(30 * 60_000)
  })

  it('J6: is good percent-encoded and decoded, and nothing in between', () => {
    expect(isGood(token)).toBe(true)
    expect(isGood(decodeURIComponent(token))).toBe(true)
    expect(isGood(encodeURIComponent(token))).toBe(false)
  })

  it('J6: is good to the last millisecond, and not a millisecond longer', () => {
    expect(isGood(token, expiresAt - 1)).toBe(true)
    expect(isGood(token, expiresAt)).toBe(false)
  })

  it('J6: is of one tenant', () => {
    for (const other of ['acm', 'acme2', 'ACME', '', 'beta']) expect(isGood(token, NOW, other)).toBe(false)
  })

  it('J6: is bound to its expiry', () => {
    for (const changed of [
      expiresAt + 1,
      expiresAt - 1,
      expiresAt + 3_600_000,
      `0${expiresAt}`,
      `${expiresAt}0`,
    ]) {
      expect(isGood(tokenOf(uuid, changed))).toBe(false)
    }
  })

  it('J6: is refused with any bit of its id flipped', () => {
    const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
    for (let bit = 0; bit < 128; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const id = flipped.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      expect(isGood(tokenOf(id, expiresAt))).toBe(false)
    }
  })

  it('J6: is not made of another one’s id, nor of an id of ours for another purpose', () => {
    const [otherId] = partsOf(newCsrfToken(keys, TENANT, NOW + 1))
    expect(isGood(tokenOf(otherId, expiresAt))).toBe(false)
    expect(isGood(tokenOf(otherId, expiresAt + 1))).toBe(true)
    expect(isGood(tokenOf(crypto.randomUUID(), expiresAt))).toBe(false)
  })

  it('J6: no two are the same', () => {
    const ids = Array.from({ length: 1_000 }, () => newCsrfToken(keys, TENANT, NOW))
    expect(new Set(ids).size).toBe(1_000)
  })

  it.each([
    '',
    'x',
    '%',
    `${token}x`,
    ` ${token}`,
    `${token}\n`,
    token.toUpperCase(),
    token.replaceAll('-', ''),
    `${token}, ${token}`,
    `TokenID=${uuid}`,
    `expirationTime=${expiresAt},TokenID=${uuid}`,
    'TokenID=,expirationTime=',
    'TokenID%3D%E0%A4%A,expirationTime%3D1',
    `TokenID=${'-'.repeat(36)},expirationTime=${expiresAt}`,
    'x'.repeat(60_000),
  ])('J6: is refused in another form: %s', (value) => {
    expect(isGood(value)).toBe(false)
  })

  it('J6: outlives a rotation of keys while its key is listed', () => {
    const old = newKey('old')
    const made = newCsrfToken(parseKeyring('KEYS', old), TENANT, NOW)
    const rotated = parseKeyring('KEYS', `${newKey('new')},${old}`)
    expect(isCsrfToken(rotated, TENANT, made, NOW)).toBe(true)
    expect(isCsrfToken(parseKeyring('KEYS', newKey('new')), TENANT, made, NOW)).toBe(false)
    expect(isCsrfToken(parseKeyring('KEYS', old), TENANT, newCsrfToken(rotated, TENANT, NOW), NOW)).toBe(
      false,
    )
  })
})
