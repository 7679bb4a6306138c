import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { SettingError } from '../../src/setting-error.ts'

const secretOf = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64url')
const GOOD = `good:${secretOf(32)}`
const MESSAGE = 'must be a list of id:base64url, each key of 32 bytes or more'

describe('a keyring', () => {
  it.each([32, 33, 64])('takes a secret of %i bytes', (bytes) => {
    const [key] = parseKeyring('PEPPERS', `a:${secretOf(bytes)}`)
    expect([key.id, key.key.symmetricKeySize]).toEqual(['a', bytes])
  })

  it('keeps its keys in their order, with blanks around them or not', () => {
    const keys = parseKeyring('PEPPERS', ` new:${secretOf(32)} , old-1.2_x:${secretOf(40)}`)
    expect(keys.map(({ id, key }) => [id, key.symmetricKeySize])).toEqual([
      ['new', 32],
      ['old-1.2_x', 40],
    ])
  })

  it.each([
    ['a secret of 31 bytes', `a:${secretOf(31)}`],
    ['a secret of 31 bytes behind a good one', `${GOOD},a:${secretOf(31)}`],
    ['a secret of 31 bytes before a good one', `a:${secretOf(31)},${GOOD}`],
    ['no secret', 'a:'],
    ['no name', `:${secretOf(32)}`],
    ['a name of 33 characters', `${'a'.repeat(33)}:${secretOf(32)}`],
    ['a name with a blank', `a b:${secretOf(32)}`],
    ['a secret that is no base64url', `a:${secretOf(32)}!`],
    ['an empty place', `${GOOD},`],
    ['nothing', ''],
    ['nothing at all', undefined],
  ])('J2, D4: with %s is refused by the name of its setting, and not quoted', (_, value) => {
    // The whole message: a secret has no place in it.
    expect(() => parseKeyring('PEPPERS', value)).toThrow(new SettingError('PEPPERS', MESSAGE))
  })
})

describe('the configuration', () => {
  it.each(['PEPPERS', 'ACCESS_ID_KEYS', 'TRANSIENT_KEYS'] as const)(
    'J2: names %s when a secret in it has 31 bytes',
    (name) => {
      expect(() => config({ ...env, [name]: `a:${secretOf(31)}` })).toThrow(new SettingError(name, MESSAGE))
      expect(() => config({ ...env, [name]: GOOD })).not.toThrow()
    },
  )
})
