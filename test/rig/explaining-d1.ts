import { env } from 'cloudflare:workers'

/** The database, and by which plan it runs each statement that is bound. */
export function explainingD1(): { db: D1Database; plans: Promise<string>[] } {
  const plans: Promise<string>[] = []
  const statement = (text: string): D1PreparedStatement => {
    const inner = env.DB.prepare(text)
    return new Proxy(inner, {
      get(target, name) {
        if (name !== 'bind') return Reflect.get(target, name, target) as unknown
        return (...values: unknown[]) => {
          const explained = env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`).bind(...values)
          plans.push(explained.all<{ detail: string }>().then(planOf))
          return target.bind(...values)
        }
      },
    })
  }
  const db = { prepare: statement, batch: env.DB.batch.bind(env.DB) }
  return { db: db as unknown as D1Database, plans }
}

function planOf({ results }: D1Result<{ detail: string }>): string {
  return results.map(({ detail }) => detail).join('; ')
}
