import { describe, expect, it } from 'vitest'
import { ExpiringMap } from '../src/expiring-map.ts'

describe('a map of what an isolate remembers', () => {
  it('J2: holds so many entries, and forgets the one that was used longest ago', () => {
    const map = new ExpiringMap<number>(3)
    for (const nth of [0, 1, 2]) map.set(`${nth}`, nth, 10)
    // Used again, the oldest is the newest.
    expect(map.get('0', 0)).toBe(0)
    map.set('3', 3, 10)
    const held = () => ['0', '1', '2', '3', '4'].map((key) => map.get(key, 0))
    expect(held()).toEqual([0, undefined, 2, 3, undefined])
    map.set('4', 4, 10)
    expect(held()).toEqual([undefined, undefined, 2, 3, 4])
  })

  it('J2: an entry that is set again takes no other place', () => {
    const map = new ExpiringMap<string>(2)
    map.set('other', 'kept', 10)
    map.set('one', 'old', 10)
    map.set('one', 'new', 10)
    expect([map.get('one', 0), map.get('other', 0)]).toEqual(['new', 'kept'])
  })

  it('J5: an entry is there until it expires, and not from then on', () => {
    const map = new ExpiringMap<string>(2)
    map.set('key', 'value', 10)
    expect(map.get('key', 9)).toBe('value')
    expect(map.get('key', 10)).toBeUndefined()
    // Gone, not hidden: a clock that steps back does not bring it back.
    expect(map.get('key', 9)).toBeUndefined()
  })

  it('J5: nothing is there once it was cleared', () => {
    const map = new ExpiringMap<string>(2)
    map.set('key', 'value', 10)
    map.clear()
    expect(map.get('key', 9)).toBeUndefined()
  })
})
