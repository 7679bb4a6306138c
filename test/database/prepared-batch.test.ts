import { sql } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { PreparedBatch } from '../../src/database/prepared-batch.ts'

const statement = (query: ReturnType<typeof sql>) => ({
  toSQL: () => new SQLiteAsyncDialect().sqlToQuery(query),
})

describe('a prepared batch', () => {
  it('binds each value once, and never takes a constant for the placeholder of that name', async () => {
    const batch = new PreparedBatch<{ one: string; two: number }>((_, { one, two }) => [
      statement(sql`SELECT ${one} AS a, ${'one'} AS b, ${two} AS c, ${one} AS d, ${'one'} AS e`),
      statement(sql`SELECT ${two} AS a, ${1} AS b, ${'1'} AS c, ${null} AS d`),
    ])
    const prepare = vi.spyOn(env.DB, 'prepare')
    for (const [one, two] of [
      ['x', 2],
      ['?1', 3],
    ] as const) {
      const [left, right] = await batch.run(env.DB, { one, two })
      expect(left?.results).toEqual([{ a: one, b: 'one', c: two, d: one, e: 'one' }])
      expect(right?.results).toEqual([{ a: two, b: 1, c: '1', d: null }])
    }
    expect(prepare.mock.calls[0]).toEqual(['SELECT ?1 AS a, ?2 AS b, ?3 AS c, ?1 AS d, ?2 AS e'])
  })

  it('builds its statements once', async () => {
    const build = vi.fn(() => [statement(sql`SELECT 1 AS a`)])
    const batch = new PreparedBatch(build)
    await batch.run(env.DB, {})
    await batch.run(env.DB, {})
    expect(build).toHaveBeenCalledOnce()
  })

  it('refuses to run without a value that D1 can bind, naming the placeholder and no value', () => {
    const batch = new PreparedBatch<{ one: string }>((_, { one }) => [statement(sql`SELECT ${one} AS a`)])
    for (const values of [
      {},
      { one: undefined },
      { one: { secret: 1 } },
      Object.create({ one: 'inherited' }),
    ]) {
      const run = () => batch.run(env.DB, values as { one: string })
      expect(run).toThrow(/^the placeholder one has no value that D1 can bind$/)
    }
  })
})
