import { decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { seal, unseal } from '../../src/crypto/seal.ts'

const newKey = (id: string) => {
  const bytes = crypto.getRandomValues(Buffer.alloc(32))
  return `${id}:${bytes.toString('base64url')}`
}
const [OLD, NEW] = [newKey('old'), newKey('new')]
const keysBefore = parseKeyring('KEYS', OLD)
const keysAfter = parseKeyring('KEYS', `${NEW},${OLD}`)

describe('a sealed value', () => {
  it('opens again, also after a newer key has come, and is sealed by the newest', async () => {
    const before = await seal(keysBefore, 'test', { code: 'ABCD' })
    const after = await seal(keysAfter, 'test', { code: 'ABCD' })
    for (const sealed of [before, after]) {
      expect(sealed).not.toContain('ABCD')
      expect(await unseal(keysAfter, 'test', sealed)).toEqual({ code: 'ABCD' })
    }
    expect(decodeProtectedHeader(after)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'new' })
    expect(await unseal(keysBefore, 'test', after)).toBeUndefined()
  })

  it('J1: does not open for another purpose, with another key of that name, or changed anywhere', async () => {
    const sealed = await seal(keysAfter, 'test', { code: 'ABCD' })
    expect(await unseal(keysAfter, 'another', sealed)).toBeUndefined()
    expect(await unseal(parseKeyring('KEYS', newKey('new')), 'test', sealed)).toBeUndefined()
    const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: 'old' })).toString(
      'base64url',
    )
    const parts = sealed.split('.')
    const changed = [
      [header, ...parts.slice(1)].join('.'),
      ...[0, 2, 3, 4].map((place) =>
        parts.map((part, index) => (index === place ? `A${part.slice(1)}` : part)).join('.'),
      ),
      parts.slice(0, 4).join('.'),
      '',
      'A256GCM',
      {},
      null,
    ]
    for (const each of changed.filter((text) => text !== sealed)) {
      expect(await unseal(keysAfter, 'test', each)).toBeUndefined()
    }
  })
})
