import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { STATEMENTS } from '../../src/webhooks/run-store.ts'
import { DELIVERIES, REPLAY } from '../../src/webhooks/webhook-store.ts'

/** Tables that one webhook may fill, or all tenants together. */
const LARGE =
  /\b(?:SCAN|SEARCH) (webhook_deliveries|admin_events|user_events|webhooks|tenants|d|e|a|u|w)\b(.*)/

it.each(Object.entries({ ...STATEMENTS, DELIVERIES, REPLAY }))(
  'E3: %s reads by an index, and by the tenant first',
  async (_, text) => {
    const values = Array.from({
      length: Math.max(...[...text.matchAll(/\?(\d)/g)].map(([, nth]) => Number(nth))),
    })
    const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...values.map(() => null))
      .all<{ detail: string }>()
    const reads = plan.results.flatMap(({ detail }) => LARGE.exec(detail) ?? [])
    expect(reads).not.toEqual([])
    for (const { detail } of plan.results) {
      const [read, , how = ''] = LARGE.exec(detail) ?? []
      if (read === undefined) continue
      expect(detail).toMatch(/^SEARCH /)
      expect(how).toMatch(/USING (?:COVERING )?(?:INDEX|PRIMARY KEY).*\(tenant_id=\?/)
    }
  },
)
