import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalEmailAddress, withoutSubAddress } from '../../src/codes/email-address.ts'
import { lowerCaseAscii } from '../../src/domain-name.ts'
import { newTenant } from '../rig/service.ts'

const VICTIM = 'mike.smith@kiosk.example'

/** Addresses that look like the victim's, or become it under some folding. */
const LOOK_ALIKES: [string, string][] = [
  ['Kelvin sign', 'mi\u212Ae.smith@kiosk.example'],
  ['dotless i', 'mıke.smith@kiosk.example'],
  ['dotted capital I', 'mİke.smith@kiosk.example'],
  ['i and a combining dot', 'mi\u0307ke.smith@kiosk.example'],
  ['long s', 'mike.ſmith@kiosk.example'],
  ['full-width letter', 'ｍike.smith@kiosk.example'],
  ['full-width at', 'mike.smith＠kiosk.example'],
  ['full-width full stop', 'mike．smith@kiosk.example'],
  ['mathematical letter', '𝐦ike.smith@kiosk.example'],
  ['circled letter', 'ⓜike.smith@kiosk.example'],
  ['Cyrillic letter', 'mikе.smith@kiosk.example'],
  ['Greek letter', 'mιke.smith@kiosk.example'],
  ['combining mark', 'mike.smith\u0301@kiosk.example'],
  ['variation selector', 'mike.smith\uFE0F@kiosk.example'],
  ['Hangul filler', 'mike.smith\u3164@kiosk.example'],
  ['full-width letter in the domain', 'mike.smith@ｋiosk.example'],
  ['long s in the domain', 'mike.smith@kioſk.example'],
  ['Kelvin sign in the domain', 'mike.smith@\u212Aiosk.example'],
  ['ideographic full stop in the domain', 'mike.smith@kiosk。example'],
  ['half-width ideographic full stop', 'mike.smith@kiosk｡example'],
  ['full-width full stop in the domain', 'mike.smith@kiosk．example'],
  ['soft hyphen in the domain', 'mike.smith@kio\u00ADsk.example'],
  ['zero-width space in the domain', 'mike.smith@kio\u200Bsk.example'],
  ['word joiner in the domain', 'mike.smith@kio\u2060sk.example'],
  ['mathematical letters in the domain', 'mike.smith@𝐤𝐢𝐨𝐬𝐤.example'],
  ['Cyrillic letter in the domain', 'mike.smith@kiоsk.example'],
  ['percent-encoded domain', 'mike.smith@k%69osk.example'],
  ['percent-encoded local part', 'mike%2Esmith@kiosk.example'],
  ['trailing dot', 'mike.smith@kiosk.example.'],
  ['tag', 'mike.smith+x@kiosk.example'],
  ['dots left out', 'mikesmith@kiosk.example'],
  ['subdomain', 'mike.smith@mail.kiosk.example'],
]

/** Not one address: lists, header injection, quotes, comments, invisible characters, bounds. */
const NOT_ADDRESSES: [string, string][] = [
  ['nothing', ''],
  ['blank', '   '],
  ['no at', 'mike.example.com'],
  ['no local part', '@example.com'],
  ['no domain', 'mike@'],
  ['two ats', 'mike@evil.com@example.com'],
  ['list by comma', 'mike@example.com,eve@evil.com'],
  ['list by semicolon', 'mike@example.com;eve@evil.com'],
  ['list by space', 'mike@example.com eve@evil.com'],
  ['list by line', 'mike@example.com\neve@evil.com'],
  ['header injection', 'mike@example.com\r\nBcc: eve@evil.com'],
  ['header injection in the local part', 'mike\r\nBcc:eve@example.com'],
  ['encoded header injection', 'mike@example.com%0d%0aBcc:eve@evil.com'],
  ['NUL', 'mike\0@example.com'],
  ['NUL at the end', 'mike@example.com\0'],
  ['comma in the domain', 'user3@example,com'],
  ['name and angle brackets', 'Mike <mike@example.com>'],
  ['angle brackets', '<mike@example.com>'],
  ['quoted local part', '"mike"@example.com'],
  ['quoted space', '"mike smith"@example.com'],
  ['comment', 'mike(comment)@example.com'],
  ['backslash', 'mike\\@example.com'],
  ['route', '@evil.com:mike@example.com'],
  ['mailto', 'mailto:mike@example.com'],
  ['address literal', 'mike@[127.0.0.1]'],
  ['port', 'mike@example.com:25'],
  ['path', 'mike@example.com/x'],
  ['dot first', '.mike@example.com'],
  ['dot last', 'mike.@example.com'],
  ['two dots', 'mi..ke@example.com'],
  ['empty label', 'mike@example..com'],
  ['dot before the domain', 'mike@.example.com'],
  ['trailing dot', 'mike@example.com.'],
  ['hyphen first in a label', 'mike@-example.com'],
  ['hyphen last in a label', 'mike@example-.com'],
  ['underscore in the domain', 'mike@ex_ample.com'],
  ['zero-width space', 'mi\u200Bke@example.com'],
  ['zero-width joiner', 'mi\u200Dke@example.com'],
  ['zero-width non-joiner', 'mi\u200Cke@example.com'],
  ['byte order mark inside', 'mi\uFEFFke@example.com'],
  ['soft hyphen', 'mi\u00ADke@example.com'],
  ['right-to-left override', 'mi\u202Eke@example.com'],
  ['no-break space', 'mi\u00A0ke@example.com'],
  ['line separator', 'mi\u2028ke@example.com'],
  ['control', 'mi\u0085ke@example.com'],
  ['local part over 64 bytes', `${'a'.repeat(65)}@example.com`],
  ['local part over 64 bytes outside ASCII', `${'é'.repeat(33)}@example.com`],
  ['label over 63', `mike@${'a'.repeat(64)}.com`],
  ['over 254 bytes', `mike@${`${'a'.repeat(61)}.`.repeat(4)}com`],
  ['far too long', `${'a'.repeat(100_000)}@example.com`],
]

describe('canonicalEmailAddress', () => {
  it.each([
    ['user1@example.com', 'user1@example.com'],
    ['User1@Example.COM', 'user1@example.com'],
    ['  user1@example.com\t\r\n', 'user1@example.com'],
    ['a@b', 'a@b'],
    ["o'neil+tag_%x@mail.example.co.uk", "o'neil+tag_%x@mail.example.co.uk"],
    ['!#$%&*/=?^`{|}~-@example.com', '!#$%&*/=?^`{|}~-@example.com'],
    ['É.Renée@example.com', 'É.renée@example.com'],
    ['用户@example.com', '用户@example.com'],
    ['user@bücher.example', 'user@xn--bcher-kva.example'],
    ['user@XN--Bcher-KVA.example', 'user@xn--bcher-kva.example'],
    ['user@straße.example', 'user@xn--strae-oqa.example'],
    ['user@例え.jp', 'user@xn--r8jz45g.jp'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
    [`a@${'b'.repeat(63)}.com`, `a@${'b'.repeat(63)}.com`],
  ])('reads %j as %j', (input, canonical) => {
    expect(canonicalEmailAddress(input)).toBe(canonical)
  })

  it.each(LOOK_ALIKES)('E2: a look-alike is another address, or none: %s', (_, lookAlike) => {
    expect(canonicalEmailAddress(lookAlike)).not.toBe(canonicalEmailAddress(VICTIM))
  })

  it.each(NOT_ADDRESSES)('E1: %s is not one address', (_, input) => {
    expect(canonicalEmailAddress(input)).toBeUndefined()
  })

  it('E1: half a symbol is not one address', () => {
    // Compared here, since half a symbol in a report would break the report itself.
    expect(canonicalEmailAddress('mi\uD800ke@example.com') === undefined).toBe(true)
    expect(canonicalEmailAddress('mike@ex\uDC00ample.com') === undefined).toBe(true)
  })

  it('E2: composed and decomposed letters are not folded into each other', () => {
    const composed = 'ren\u00E9e@example.com'
    expect(canonicalEmailAddress(composed)).toBe(composed)
    expect(canonicalEmailAddress(composed.normalize('NFD'))).not.toBe(composed)
    expect(canonicalEmailAddress('user@b\u00FCcher.example'.normalize('NFD'))).toBeUndefined()
  })

  it('E2: whatever is not ASCII stays as it is, or makes the input no address', () => {
    const anySymbol = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })
    const notAscii = anySymbol.filter((symbol) => !/^[\0-\x7F]$/.test(symbol))
    fc.assert(
      fc.property(notAscii, (symbol) => {
        expect([undefined, `mi${symbol}ke@example.com`]).toContain(
          canonicalEmailAddress(`Mi${symbol}kE@Example.com`),
        )
        expect(canonicalEmailAddress(`mike@ki${symbol}osk.com`) ?? '').not.toMatch(/^mike@[a-z.]*$/)
      }),
      { numRuns: 2_000 },
    )
  })

  it('E2: the canonical form of a canonical form is itself', () => {
    const text = fc.string({
      unit: fc.constantFrom(...Array.from('aZ09.-_+ ı\u212AſéＡ。ßü\u0301例\u200B')),
      maxLength: 12,
    })
    const address = fc
      .tuple(fc.oneof(text, fc.string({ unit: 'binary' })), fc.oneof(text, fc.domain(), fc.string()))
      .map(([localPart, domain]) => `${localPart}@${domain}`)
    fc.assert(
      fc.property(fc.oneof(address, fc.emailAddress()), (input) => {
        const canonical = canonicalEmailAddress(input)
        if (canonical === undefined) return
        expect(canonicalEmailAddress(canonical)).toBe(canonical)
        expect(canonical).toMatch(/^[^\s@]+@[a-z0-9.-]+$/)
        expect(canonical).toBe(lowerCaseAscii(canonical))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('through the service', () => {
  it('E2: no look-alike of a registered address reaches its code, in any call', async () => {
    const tenant = await newTenant({ policy: { code: { attemptsMax: 1 } } })
    await tenant.addUser(VICTIM)
    const code = await tenant.newCode(VICTIM)
    const lookAlikes = LOOK_ALIKES.map(([, lookAlike]) => lookAlike)
    for (const lookAlike of lookAlikes) {
      expect({ lookAlike, status: (await tenant.validate(lookAlike, code)).status }).toEqual({
        lookAlike,
        status: 401,
      })
    }
    const results = [...(await tenant.generate(lookAlikes)), ...(await tenant.void(lookAlikes))]
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([1002]))
    expect((await tenant.validate(' MIKE.smith@KIOSK.example ', code)).status).toBe(200)
  })
})

describe('an address without its sub-address', () => {
  it.each([
    ['jane@example.com', 'jane@example.com'],
    ['jane+1@example.com', 'jane@example.com'],
    ['jane+a+b@example.com', 'jane@example.com'],
    ['jane+@example.com', 'jane@example.com'],
    ['jane@plus+minus.example', 'jane@plus+minus.example'],
    ['+jane@example.com', '+jane@example.com'],
    ['no+address', 'no+address'],
  ])('of %s is %s', (address, folded) => {
    expect(withoutSubAddress(address)).toBe(folded)
  })
})
