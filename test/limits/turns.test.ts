import { describe, expect, it } from 'vitest'
import { Turns } from '../../src/limits/turns.ts'

describe('turns', () => {
  it('L2: come one after another, one to an isolate', () => {
    const turns = new Turns()
    expect(turns.take('one', 100, 50, 0)).toBe(100)
    expect(turns.take('other', 100, 50, 0)).toBe(150)
    expect(turns.take('third', 400, 50, 0)).toBe(400)
    expect(turns.take('one', 120, 50, 10)).toBe(100)
    // A turn that has come is over.
    expect(turns.take('one', 120, 50, 100)).toBe(450)
  })

  it('L3: come within 30 seconds, however many wait', () => {
    const turns = new Turns()
    expect(turns.take('one', 20_000, 20_000, 0)).toBe(20_000)
    expect(turns.take('other', 20_000, 20_000, 0)).toBe(30_000)
  })

  it('make a bucket contended for others, until they have come', () => {
    const turns = new Turns()
    turns.take('one', 100, 50, 0)
    expect(turns.isContended('one', 99)).toBe(false)
    expect(turns.isContended('other', 99)).toBe(true)
    expect(turns.isContended('other', 100)).toBe(false)
  })
})
