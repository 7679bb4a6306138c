import service, { TenantLimiter } from '../../src/local.ts'
import { recordingD1, type Trip } from './recording-d1.ts'

/**
 * Rescind itself, with a record of what it does to the outside. Never put under load: it gives the
 * statements that the floor repeats, and the counts that the costs are worked out from.
 */

export type Record = {
  trips: Trip[]
  objectCalls: number
  objectRowsRead: number
  objectRowsWritten: number
  messages: number
}

let record = newRecord()
const cursors: SqlStorageCursor<{}>[] = []

function newRecord(): Record {
  return { trips: [], objectCalls: 0, objectRowsRead: 0, objectRowsWritten: 0, messages: 0 }
}

const wrappers = new WeakMap<Env, Env>()

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === '/record') return Response.json(takeRecord())
    return service.fetch(request, recording(env), ctx)
  },
  queue: (batch, env) => service.queue(batch, recording(env)),
} satisfies ExportedHandler<Env>

/** The limiter, with a count of the rows that it touches. */
class RecordingLimiter extends TenantLimiter {
  constructor(ctx: DurableObjectState, env: Env) {
    super(watched(ctx), env)
  }
}
export { RecordingLimiter as TenantLimiter }

/** The same state, whose writes are recorded from now on. */
function watched(ctx: DurableObjectState): DurableObjectState {
  const { storage } = ctx
  const { sql } = storage
  const watchedSql = through(sql, {
    exec: (query: string, ...values: unknown[]) => {
      const cursor = sql.exec(query, ...values)
      cursors.push(cursor)
      return cursor
    },
  })
  const setAlarm = (scheduledTime: number | Date) => {
    record.objectRowsWritten += 1
    return storage.setAlarm(scheduledTime)
  }
  Object.defineProperty(ctx, 'storage', { value: through(storage, { sql: watchedSql, setAlarm }) })
  return ctx
}

function takeRecord(): Record {
  for (const { rowsRead, rowsWritten } of cursors.splice(0)) {
    record.objectRowsRead += rowsRead
    record.objectRowsWritten += rowsWritten
  }
  const taken = record
  record = newRecord()
  return taken
}

function recording(env: Env): Env {
  let known = wrappers.get(env)
  if (known === undefined) {
    known = {
      ...env,
      DB: recordingD1(env.DB, (trip) => record.trips.push(trip)),
      TENANT_LIMITER: recordingNamespace(env.TENANT_LIMITER),
      DELIVERIES: recordingQueue(env.DELIVERIES),
    }
    wrappers.set(env, known)
  }
  return known
}

function recordingNamespace(namespace: Env['TENANT_LIMITER']): Env['TENANT_LIMITER'] {
  const counted = (stub: object) =>
    new Proxy(stub, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          record.objectCalls += 1
          return Reflect.apply(member, target, args) as unknown
        }
      },
    })
  return through(namespace, {
    get: (...args: Parameters<typeof namespace.get>) => counted(namespace.get(...args)),
    getByName: (...args: Parameters<typeof namespace.getByName>) => counted(namespace.getByName(...args)),
  })
}

function recordingQueue(queue: Queue): Queue {
  return through(queue, {
    send: (...args: Parameters<typeof queue.send>) => {
      record.messages += 1
      return queue.send(...args)
    },
    sendBatch: (messages: Iterable<MessageSendRequest>, ...args: []) => {
      const all = [...messages]
      record.messages += all.length
      return queue.sendBatch(all, ...args)
    },
  })
}

/** The object with some members replaced; its own methods keep it as their `this`. */
function through<Target extends object>(target: Target, replaced: object): Target {
  return new Proxy(target, {
    get: (real, name) => {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown
      const member: unknown = Reflect.get(real, name, real)
      return typeof member === 'function' ? (member.bind(real) as unknown) : member
    },
  })
}
