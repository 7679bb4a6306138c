import { describe, expect, it } from 'vitest'
import { isOurAccessId, newAccessId } from '../../src/auth/access-id.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'

const KEYS = ['new', 'old', 'alien'].map((id) => `${id}:${Buffer.alloc(32, id).toString('base64url')}`)
const [fresh = '', old = '', alien = ''] = KEYS
const keyring = (...keys: string[]) => parseKeyring('ACCESS_ID_KEYS', keys.join(','))

const bytesOf = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex')
const uuidOf = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

describe('access ids', () => {
  it('are UUIDs of version 8, no two alike', () => {
    const ids = Array.from({ length: 200 }, () => newAccessId(keyring(fresh)))
    expect(new Set(ids).size).toBe(200)
    for (const id of ids) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
      expect(isOurAccessId(keyring(fresh), id)).toBe(true)
    }
  })

  it('are minted by the newest key and known by every key, so that keys rotate', () => {
    const ofOld = newAccessId(keyring(old))
    const ofFresh = newAccessId(keyring(fresh, old))
    expect(isOurAccessId(keyring(fresh, old), ofOld)).toBe(true)
    expect(isOurAccessId(keyring(fresh), ofFresh)).toBe(true)
    expect(isOurAccessId(keyring(fresh), ofOld)).toBe(false)
    expect(isOurAccessId(keyring(alien), ofFresh)).toBe(false)
  })

  it('J2: an access id with any one bit changed, or an invented one, is not ours', () => {
    const keys = keyring(fresh, old)
    const id = newAccessId(keys)
    for (let bit = 0; bit < 128; bit += 1) {
      const bytes = bytesOf(id)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
      expect(isOurAccessId(keys, uuidOf(bytes)), `bit ${bit}`).toBe(false)
    }
    for (let round = 0; round < 1_000; round += 1) {
      expect(isOurAccessId(keys, crypto.randomUUID())).toBe(false)
      const random = crypto.getRandomValues(new Uint8Array(16))
      random[6] = ((random[6] ?? 0) & 0x0f) | 0x80
      random[8] = ((random[8] ?? 0) & 0x3f) | 0x80
      expect(isOurAccessId(keys, uuidOf(random))).toBe(false)
    }
  })

  it('J2: is known in lower case alone, so that its other spellings cost no database read', () => {
    const keys = keyring(fresh)
    for (let id = newAccessId(keys); ; id = newAccessId(keys)) {
      const spelled = id.toUpperCase()
      if (spelled === id) continue
      expect(isOurAccessId(keys, spelled)).toBe(false)
      expect(
        isOurAccessId(
          keys,
          id.replace(/[a-f]/, (letter) => letter.toUpperCase()),
        ),
      ).toBe(false)
      break
    }
  })

  it.each([
    '',
    'x',
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '\u0000',
  ])('J2: "%s" is not ours', (text) => {
    expect(isOurAccessId(keyring(fresh), text)).toBe(false)
    expect(isOurAccessId(keyring(fresh), `${newAccessId(keyring(fresh))}${text || ' '}`)).toBe(false)
  })
})
