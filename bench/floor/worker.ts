import { emailOf } from '../load/subjects.ts'
import { binder } from './bind.ts'
import type { Call } from './template.ts'

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
