import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../load/load.ts'
import { emailOf } from '../load/subjects.ts'
import { decimal, median, spread } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { interleave, type Measured } from '../rounds.ts'
import { addUsers, reviveCodes } from '../seed.ts'
import { COUNTED, mailsOf, startMailing } from '../servers/mailing.ts'
import { startRecording } from '../servers/recording.ts'
import { consumers, makeTenant, POLICY } from '../servers/rescind.ts'
import type { Server } from '../servers/server.ts'

const USERS = 2_000
const LOADS = [
  { connections: 16, rounds: 7, roundMs: 700 },
  { connections: 1, rounds: 5, roundMs: 400 },
]
const BULKS = 5
const BULK_USERS = 100

const HANGING = 1_000
/** Id and host of the other tenant. */
const NEIGHBOUR = { id: 'neighbour', host: 'neighbour.example' }
const NEIGHBOUR_TARGET = { most: 2_000, unit: ' ms', digits: 0 }
const TRIPS_PER_MAIL_MOST = 0.1

/** What the queue's consumer costs, and what a tenant with a hanging hook does to another. */
export async function delivery(load: Load, say: (line: string) => void): Promise<Section> {
  const tripsPerMail = await tripsOfBulk(load)
  say(`${decimal(tripsPerMail, 3)} D1 trips per mail in a bulk of ${BULK_USERS}`)
  const rates: { connections: number; measured: Measured }[] = []
  const server = await startMailing(USERS)
  try {
    for (const { connections, ...rounds } of LOADS) {
      const { name, url, pid } = server
      const contender = {
        name,
        url,
        pid,
        plan: 'rescind/send' as const,
        context: {},
        countMax: USERS,
        before: () => reviveCodes(server.db),
        ...(await mailsOf(server)),
      }
      const [measured] = await interleave(load, [contender], { connections, ...rounds })
      if (measured === undefined) throw new Error('one contender, one result')
      rates.push({ connections, measured })
      say(`until mailed at ${connections}: ${spread(measured.doneRates)} per second`)
    }
  } finally {
    await server.stop()
  }
  const waitsMs = await waitsBehindHanging(load)
  say(`a neighbour waits ${waitsMs.map((ms) => decimal(ms)).join(' and ')} ms`)
  return sectionOf(tripsPerMail, rates, waitsMs)
}

/** Trips to D1 that the consumer makes for each mail of codes that an administrator has generated. */
async function tripsOfBulk(load: Load): Promise<number> {
  const policy = { ...POLICY, mail: COUNTED }
  const recording = await startRecording({ config: { triggers: consumers() }, policy })
  try {
    const { db } = recording.server
    await addUsers(db, BULKS * BULK_USERS)
    // The call that warms up is one bulk.
    const awaited = [BULK_USERS, BULKS * BULK_USERS].values()
    const settle = () => recorded(db, awaited.next().value ?? 0)
    const { trips } = await recording.recordOf(load, 'rescind/generate mailed(100)', { calls: BULKS, settle })
    // Each request makes one trip itself.
    return (trips.length - BULKS) / (BULKS * BULK_USERS)
  } finally {
    await recording.server.stop()
  }
}

/** Waits until so many mails are out and recorded. */
async function recorded(db: D1Database, mails: number): Promise<void> {
  const statement = db.prepare(`SELECT count(*) AS mails FROM user_events WHERE action = 'delivered'`)
  const deadlineAt = Date.now() + 60_000
  while (((await statement.first<number>('mails')) ?? 0) < mails) {
    if (Date.now() > deadlineAt) throw new Error(`fewer than ${mails} mails were recorded`)
    await sleep(50)
  }
}

/** How long another tenant's mail takes behind mails to a hook that hangs: when it begins to, and while it does. */
async function waitsBehindHanging(load: Load): Promise<number[]> {
  const hook = createServer(() => undefined)
  hook.listen(0, '127.0.0.1')
  await once(hook, 'listening')
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
  const server = await startMailing(HANGING, { hook: { url, secret: `whsec_${btoa('x'.repeat(32))}` } })
  try {
    await makeTenant(server, { ...POLICY, mail: COUNTED }, NEIGHBOUR)
    await server.db
      .prepare(
        `INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at) SELECT '00000000-0000-4000-8000-neighbour000', ?1, ?2, ?2, ?2, ?2, 'enabled', '{}', 0, 0`,
      )
      .bind(NEIGHBOUR.id, emailOf(0))
      .run()
    const waitsMs: number[] = []
    for (let round = 0; round < 2; round += 1) waitsMs.push(await waitBehindHanging(load, server))
    return waitsMs
  } finally {
    await server.stop()
    hook.close()
    hook.closeAllConnections()
  }
}

async function waitBehindHanging(load: Load, server: Server & { token: string }): Promise<number> {
  const { url, token } = server
  const { after } = await mailsOf(server)
  const order = { url, plan: 'rescind/generate mailed(100)' as const, context: { token }, connections: 4 }
  await load.run({ ...order, first: 0, count: HANGING / BULK_USERS })
  const askedAt = performance.now()
  await send(server)
  await after?.(1)
  return performance.now() - askedAt
}

/** The neighbour's user asks for a code. */
async function send({ url }: Server): Promise<void> {
  const sent = request(`${url}/api/passwordmanagement/sendPasswordResetCode`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Host: NEIGHBOUR.host },
  })
  sent.end(`emailAddress=${encodeURIComponent(emailOf(0))}`)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  if (response.statusCode !== 200) throw new Error(`the neighbour's send answered ${response.statusCode}`)
}

function sectionOf(
  tripsPerMail: number,
  rates: readonly { connections: number; measured: Measured }[],
  waitsMs: readonly number[],
): Section {
  const [beginning = NaN, meanwhile = NaN] = waitsMs
  return {
    name: 'delivery',
    title: 'Delivery',
    text: `Codes on their way through the queue, until the mailer has them. "Request a code, until mailed" counts until every code that was asked for has been issued and handed to a mailer that only counts. The bulk is codes for ${BULK_USERS} users, generated to EMAIL in one call; the trip of the call itself is not counted. The neighbour asks for a code when ${decimal(HANGING)} mails wait in the same queue for another tenant's hook, which takes connections and never answers: first when that is new to the consumer, then while it knows. The queue of this machine hands one batch after another to one consumer; Cloudflare's has up to 250 at once.`,
    tables: [
      {
        head: ['request a code, until mailed', 'per second', 'answered, per second', 'CPU, ms'],
        rows: rates.map(({ connections, measured }) => [
          `${connections} ${connections === 1 ? 'connection' : 'connections'}`,
          spread(measured.doneRates),
          spread(measured.rates),
          decimal(median(measured.cpuMs), 2),
        ]),
      },
    ],
    targets: [
      {
        what: `D1 trips per mail in a bulk of ${BULK_USERS}`,
        value: tripsPerMail,
        most: TRIPS_PER_MAIL_MOST,
        unit: '',
        digits: 3,
      },
      {
        ...NEIGHBOUR_TARGET,
        what: `neighbour's mail behind ${decimal(HANGING)} that hang`,
        value: beginning,
      },
      { ...NEIGHBOUR_TARGET, what: 'the same, once the consumer knows', value: meanwhile },
    ],
    isPlotted: false,
  }
}
