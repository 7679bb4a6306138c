import { expect, it } from 'vitest'
import api from '../../docs/api.md?raw'
import operating from '../../docs/operating.md?raw'
import type { WebhookLogEvent } from '../../src/log.ts'
import { EVENT_TYPES } from '../../src/webhooks/event-type.ts'
import { RETRY_MS } from '../../src/webhooks/schedule.ts'
import { tables } from './markdown.ts'

/** The cells of the table whose header starts with these. */
function table(page: string, ...columns: string[]): string[][] {
  const found = tables(page).find(([header]) => columns.every((column, index) => header?.[index] === column))
  return (found ?? []).slice(1).map((cells) => cells.map((cell) => cell.replaceAll('`', '')))
}

it('docs/api.md lists every type of event that a webhook is told of', () => {
  expect(table(api, 'Type', 'What has happened').map(([type]) => type)).toEqual([...EVENT_TYPES])
})

it('docs/api.md states when a webhook is called again', () => {
  const units = { second: 1_000, minute: 60_000, hour: 3_600_000 }
  const pauses = table(api, 'Attempt', 'After the one before').map(([attempt, pause = '']) => {
    const [, count, unit] = /^(\d+) (second|minute|hour)s$/.exec(pause) ?? []
    return [Number(attempt), unit === undefined ? 0 : Number(count) * units[unit as keyof typeof units]]
  })
  expect(pauses).toEqual([0, ...RETRY_MS].map((pause, index) => [index + 1, pause]))
})

it('docs/operating.md lists every outcome of a run', () => {
  const outcomes: Record<WebhookLogEvent['outcome'], true> = {
    delivered: true,
    failing: true,
    disabled: true,
    fault: true,
    'poke-lost': true,
  }
  const documented = table(operating, "Webhook's `outcome`", 'Meaning').map(([outcome]) => outcome)
  expect(documented).toEqual(Object.keys(outcomes))
})
