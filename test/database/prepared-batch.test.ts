import { sql } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { CompiledBatch, slot } from '../../src/database/prepared-batch.ts'

const statement = (query: ReturnType<typeof sql>) => ({
  toSQL: () => new SQLiteAsyncDialect().sqlToQuery(query),
})

describe('a compiled batch', () => {
  it('binds each value once, and never takes a constant for the slot of that name', async () => {
    const one = slot<string>('one')
    const batch = new CompiledBatch(() => [
      statement(sql`SELECT ${one} AS a, ${'one'} AS b, ${slot('two')} AS c, ${one} AS d, ${'one'} AS e`),
      statement(sql`SELECT ${slot('two')} AS a, ${1} AS b, ${'1'} AS c, ${null} AS d`),
    ])
    const prepare = vi.spyOn(env.DB, 'prepare')
    for (const [first, second] of [
      ['x', 2],
      ['?1', 3],
    ] as const) {
      const [left, right] = await batch.run(env.DB, { one: first, two: second })
      expect(left?.results).toEqual([{ a: first, b: 'one', c: second, d: first, e: 'one' }])
      expect(right?.results).toEqual([{ a: second, b: 1, c: '1', d: null }])
    }
    expect(prepare.mock.calls[0]).toEqual(['SELECT ?1 AS a, ?2 AS b, ?3 AS c, ?1 AS d, ?2 AS e'])
  })

  it('builds its statements once', async () => {
    const build = vi.fn(() => [statement(sql`SELECT ${slot('one')} AS a`)])
    const batch = new CompiledBatch(build)
    await batch.run(env.DB, { one: 1 })
    await batch.run(env.DB, { one: 2 })
    expect(build).toHaveBeenCalledOnce()
  })
})
