import { describe, expect, it } from 'vitest'
import {
  codeDigests,
  drawCode,
  newCodeDigest,
  normaliseCode,
  type CodeBinding,
} from '../../src/codes/code.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64url')}`
const peppers = parseKeyring('PEPPERS', key('one', 1))
const rotated = parseKeyring('PEPPERS', `${key('two', 2)},${key('one', 1)}`)
const binding: CodeBinding = { tenantId: 'a', emailKey: 'b@c.d', mode: 'PASSWORD_RESET' }
const digestOf = (change: Partial<CodeBinding>, code = 'AAAA1111') =>
  newCodeDigest(peppers, { ...binding, ...change }, code).digest

describe('drawCode', () => {
  // A fair draw passes a bound once in a billion times; a symbol that never comes scores over a thousand,
  // and digits by a bare modulo over 170 when all positions are counted together.
  it.each([
    { alphabet: 'base32', length: 8, symbols: '0123456789ABCDEFGHJKMNPQRSTVWXYZ', bound: 110 },
    { alphabet: 'digits', length: 12, symbols: '0123456789', bound: 70 },
  ] as const)('G7: every symbol of $alphabet comes at every position, evenly', (expected) => {
    const { alphabet, length, symbols, bound } = expected
    const positions = Array.from({ length }, () => new Map<string, number>())
    const together = new Map<string, number>()
    for (let draw = 0; draw < 40_000; draw++) {
      const code = drawCode({ alphabet, length })
      if (code.length !== length) throw new Error(`drew ${code.length} symbols`)
      for (const [position, counts] of positions.entries()) {
        for (const each of [counts, together]) {
          each.set(code.charAt(position), (each.get(code.charAt(position)) ?? 0) + 1)
        }
      }
    }
    for (const counts of [...positions, together]) {
      expect([...counts.keys()].toSorted().join('')).toBe(symbols)
      expect(chiSquare(counts)).toBeLessThan(bound)
    }
  })

  it('G7: codes do not repeat', () => {
    const codes = Array.from({ length: 2_000 }, () => drawCode({ alphabet: 'base32', length: 8 }))
    expect(new Set(codes).size).toBe(codes.length)
  })

  it.each([4, 8, 32])('draws as many symbols as the policy says: %i', (length) => {
    expect(drawCode({ alphabet: 'base32', length })).toHaveLength(length)
  })
})

describe('normaliseCode', () => {
  it.each([
    ['AB12CD34', 'AB12CD34'],
    ['ab12cd34', 'AB12CD34'],
    ['AB12-CD34', 'AB12CD34'],
    [' ab12 cd34\t\r\n', 'AB12CD34'],
    ['--AB--12--', 'AB12'],
    ['OoIiLl', '001111'],
    ['', ''],
  ])('base 32: %j is read as %j', (input, code) => {
    expect(normaliseCode(input, 'base32')).toBe(code)
  })

  it.each([
    ['1234-5678', '12345678'],
    [' 12 34 ', '1234'],
    ['oOiIlL', 'OOIILL'],
  ])('digits: %j is read as %j, since O is no zero there', (input, code) => {
    expect(normaliseCode(input, 'digits')).toBe(code)
  })

  it.each(['\u212A', 'ı', 'ſ', 'Ａ', '１', '٣', 'é', 'U'])(
    'folds ASCII letters alone, so %j stays what it is',
    (symbol) => {
      expect(normaliseCode(symbol, 'base32')).toBe(symbol)
      expect(normaliseCode(symbol, 'digits')).toBe(symbol)
    },
  )
})

describe('codeDigests', () => {
  it('G8: a digest is bound to the tenant, the address, the mode and the code', () => {
    const digests = [
      digestOf({}),
      digestOf({ tenantId: 'b' }),
      digestOf({ emailKey: 'c@c.d' }),
      digestOf({ mode: 'ENROLLMENT' }),
      digestOf({}, 'AAAA1112'),
    ]
    expect(new Set(digests).size).toBe(digests.length)
    expect(digestOf({})).toBe(digests[0])
  })

  it('E3: what is bound cannot move from one part to the next', () => {
    expect(digestOf({ tenantId: 'ab', emailKey: 'c@c.d' })).not.toBe(
      digestOf({ tenantId: 'a', emailKey: 'bc@c.d' }),
    )
    expect(digestOf({ emailKey: 'b@c.dPASSWORD_RESET' }, '')).not.toBe(
      digestOf({ emailKey: 'b@c.d' }, 'PASSWORD_RESET'),
    )
    expect(digestOf({ tenantId: '' })).not.toBe(digestOf({ tenantId: '\0' }))
  })

  it('R9: a digest is 256 bits under a secret pepper, and shows nothing of the code', () => {
    const { digest, pepperId } = newCodeDigest(peppers, binding, 'AAAA1111')
    expect(Buffer.from(digest, 'base64url')).toHaveLength(32)
    expect(pepperId).toBe('one')
    const others = parseKeyring('PEPPERS', key('one', 3))
    expect(newCodeDigest(others, binding, 'AAAA1111').digest).not.toBe(digest)
  })

  it('the newest pepper signs and all verify, newest first', () => {
    const before = newCodeDigest(peppers, binding, 'AAAA1111')
    const after = newCodeDigest(rotated, binding, 'AAAA1111')
    expect(after.pepperId).toBe('two')
    expect(codeDigests(rotated, binding, 'AAAA1111')).toEqual([after, before])
  })
})

/** How far counts are from even, in the usual measure. */
function chiSquare(counts: ReadonlyMap<string, number>): number {
  const seen = [...counts.values()]
  const even = seen.reduce((sum, count) => sum + count, 0) / seen.length
  return seen.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)
}
