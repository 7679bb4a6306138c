import { emailOf } from '../load/subjects.ts'
import type { Call, Parameter } from './template.ts'

/**
 * The least that a Worker can do: the statements that Rescind executes, in one batch, and their rows
 * as the answer; for a send, one message. No authentication, no limits, no validation, no digests.
 */

type FloorEnv = { DB: D1Database; DELIVERIES: Queue; CALLS: Record<string, Call> }

export default {
  async fetch(request, { DB, DELIVERIES, CALLS }) {
    const { pathname, search } = new URL(request.url)
    const op = pathname.slice(1)
    const first = Number(search.slice(1))
    if (op === 'send') {
      await DELIVERIES.send(`send ${emailOf(first)}`)
      return new Response(null)
    }
    const call = CALLS[op]
    if (call === undefined) return new Response(null, { status: 404 })
    const bind = binder(first)
    const [rows] = await DB.batch(
      call.map(({ sql, parameters }) => DB.prepare(sql).bind(...parameters.map(bind))),
    )
    return Response.json(rows?.results.map((row) => Object.values(row as object)))
  },
} satisfies ExportedHandler<FloorEnv>

function binder(first: number) {
  const lists = new Map<number, string>()
  return function bind(parameter: Parameter): unknown {
    switch (parameter.kind) {
      case 'constant':
        return parameter.value
      case 'email':
        return emailOf(first)
      case 'entries': {
        const { entries } = parameter
        const known = lists.get(entries.length)
        if (known !== undefined) return known
        const list = JSON.stringify(
          entries.map((entry, index) => ({ ...entry, emailKey: emailOf(first + index), eventId: eventId() })),
        )
        lists.set(entries.length, list)
        return list
      }
    }
  }
}

/** In the order of time, as Rescind's are: where a row is put in its table decides over its price. */
function eventId(): string {
  return `${Date.now().toString(16).padStart(12, '0')}-${crypto.randomUUID()}`
}
