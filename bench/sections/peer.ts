import type { Load } from '../load/load.ts'
import type { PlanName } from '../load/plans.ts'
import { decimal, median, quotients, spread } from '../report/figures.ts'
import type { Section } from '../report/section.ts'
import { interleave, type Contender, type Measured } from '../rounds.ts'
import { reviveCodes } from '../seed.ts'
import { reviveBetterAuth, startBetterAuth } from '../servers/better-auth.ts'
import { bundleWorker } from '../servers/bundle.ts'
import { mailsOf, startMailing } from '../servers/mailing.ts'
import { installPeers } from '../servers/peers.ts'
import type { Server } from '../servers/server.ts'

const USERS = 2_000
const LEAST = 4

const FLOWS = [
  { flow: 'check the right code', plan: 'validate' },
  { flow: 'check a wrong code', plan: 'validate wrong' },
  { flow: 'reset', plan: 'redeem' },
  { flow: 'request a code', plan: 'send' },
] as const

const LOADS = [
  { connections: 16, rounds: 5, roundMs: 700 },
  { connections: 1, rounds: 5, roundMs: 400 },
]

type Result = { flow: string; connections: number; measured: Measured[] }

/** Rescind against better-auth's email-OTP plugin. */
export async function peer(load: Load, say: (line: string) => void): Promise<Section> {
  say('installing better-auth into its own folder')
  await installPeers()
  const { folder, gzipKib } = await bundleWorker(['--config', 'bench/peers/better-auth.toml'])
  const rescind = await startMailing(USERS)
  const peers = [await startBetterAuth(folder, false, USERS), await startBetterAuth(folder, true, USERS)]
  try {
    const results: Result[] = []
    const done: Result[] = []
    for (const { flow, plan } of FLOWS) {
      for (const { connections, ...rounds } of LOADS) {
        const contenders = [
          { ...contender(rescind, `rescind/${plan}`), before: () => reviveCodes(rescind.db) },
          ...peers.map((server) => ({
            ...contender(server, `peer/${plan}`),
            before: () => reviveBetterAuth(server),
          })),
        ]
        if (plan === 'send') Object.assign(contenders[0] ?? {}, await mailsOf(rescind))
        const measured = await interleave(load, contenders, { connections, ...rounds })
        const result = { flow, connections, measured }
        results.push(result)
        if (plan === 'send')
          done.push({ flow: 'request a code, until mailed', connections, measured: measured.map(asDone) })
        say(`${flow} at ${connections}: ${factors(result).join(' and ')} times better-auth`)
      }
    }
    return sectionOf(results, done, gzipKib)
  } finally {
    await Promise.all([rescind, ...peers].map((server) => server.stop()))
  }
}

function contender({ name, url, pid }: Server, plan: PlanName): Contender {
  return { name, url, pid, plan, context: {}, countMax: USERS }
}

function factors({ measured }: Result): string[] {
  const [ours, ...theirs] = measured
  return theirs.map(({ rates }) => spread(quotients(ours?.rates ?? [], rates), 1))
}

function asDone(measured: Measured): Measured {
  return { ...measured, rates: measured.doneRates }
}

function sectionOf(results: readonly Result[], done: readonly Result[], gzipKib: number): Section {
  return {
    name: 'peer',
    title: 'Against better-auth',
    text: `better-auth with its email-OTP plugin on workerd and D1, eight symbols, codes stored hashed, ten attempts, and the two indexes its documentation recommends (${decimal(gzipKib)} KiB gzip). With its limiter on it counts in the database, since a count in memory holds for one isolate alone. Rescind's limiter always runs, with limits so high that nothing is refused; both of better-auth's columns are compared with that. A mailer that only counts is behind both. better-auth answers "request a code" when the code is stored and handed to it; Rescind when it is safely queued, and a consumer in the same workerd issues and mails it meanwhile and afterwards: the last rows count until that is done. "Reset": better-auth hashes the new password with scrypt, which is most of its time; Rescind redeems the code for a signed grant, and leaves the password to the tenant's own service.`,
    tables: [
      {
        head: [
          'answers per second',
          'connections',
          'Rescind',
          'limiter off',
          'factor',
          'limiter on',
          'factor',
        ],
        rows: [...results, ...done].map((result) => {
          const [ours, off, on] = result.measured.map(({ rates }) => spread(rates))
          const [byOff, byOn] = factors(result)
          return [result.flow, String(result.connections), ours, off, byOff, on, byOn].map(
            (cell) => cell ?? '',
          )
        }),
      },
    ],
    targets: results.flatMap(({ flow, connections, measured: [ours, ...theirs] }) =>
      theirs.map(({ rates }, index) => ({
        what: `${flow}, ${connections === 1 ? '1 connection' : `${connections} connections`}, limiter ${index === 0 ? 'off' : 'on'}`,
        value: median(quotients(ours?.rates ?? [], rates)),
        least: LEAST,
        unit: '×',
        digits: 1,
      })),
    ),
    isPlotted: true,
  }
}
