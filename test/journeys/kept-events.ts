import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Where `wrangler dev` keeps D1, below the home of a local service. */
const D1_FOLDER = '.wrangler/state/v3/d1/miniflare-D1DatabaseObject'

/** What the database holds of a user: the state of their code, and the events that led there. */
export type Kept = {
  state: { code_id: string; ended_as: string | null; attempts: number; failures: number } | undefined
  /** Ids of the events of codes that were issued, in their order. */
  issued: string[]
  /** Events of voids that ended a code. */
  voided: number
  /** Ids of the events of codes that were redeemed. */
  redeemed: string[]
  validated: number
  wrong: number
  /** The requests that administrators' events came from. */
  requestIds: string[]
}

/**
 * Reads a service that has been killed, by address. It reads a copy: to open a database is to recover it,
 * and that is for the service to do.
 */
export function readKept(home: string, tenantId: string): Map<string, Kept> {
  const copy = mkdtempSync(join(tmpdir(), 'rescind-kept-'))
  try {
    cpSync(join(home, D1_FOLDER), copy, { recursive: true })
    const file = readdirSync(copy).find((name) => /^[\da-f]{64}\.sqlite$/.test(name))
    if (file === undefined) throw new Error('wrangler dev keeps no database where it is looked for')
    const database = new DatabaseSync(join(copy, file))
    try {
      return readUsers(database, tenantId)
    } finally {
      database.close()
    }
  } finally {
    rmSync(copy, { recursive: true })
  }
}

type Row = Record<string, string | number | null>

function readUsers(database: DatabaseSync, tenantId: string): Map<string, Kept> {
  const rowsOf = (table: string, order: string) =>
    database.prepare(`SELECT * FROM ${table} WHERE tenant_id = ? ORDER BY ${order}`).all(tenantId) as Row[]
  const users = rowsOf('users', 'id')
  const codes = rowsOf('reset_codes', 'user_id')
  const adminEvents = rowsOf('admin_events', 'id')
  const userEvents = rowsOf('user_events', 'occurred_at, id')
  return new Map(
    users.map(({ id, email_key: emailKey }) => {
      const isTheirs = ({ user_id: userId }: Row) => userId === id
      const done = adminEvents.filter(isTheirs)
      const happened = userEvents.filter(isTheirs)
      const total = (action: string, reason: string) =>
        happened
          .filter((event) => event['action'] === action && event['reason'] === reason)
          .reduce((sum, { count }) => sum + Number(count), 0)
      const kept: Kept = {
        state: stateOf(codes.find(isTheirs)),
        issued: done.filter(({ result }) => result === 'issued').map((event) => String(event['id'])),
        voided: done.filter(({ result }) => result === 'voided').length,
        redeemed: happened.filter(({ action }) => action === 'redeemed').map((event) => String(event['id'])),
        validated: total('validated', ''),
        wrong: total('refused', 'wrong'),
        requestIds: done.map((event) => String(event['request_id'])),
      }
      return [String(emailKey), kept]
    }),
  )
}

function stateOf(row: Row | undefined): Kept['state'] {
  if (row === undefined) return undefined
  const { code_id, ended_as, attempts, failures } = row
  return { code_id, ended_as, attempts, failures } as Kept['state']
}
