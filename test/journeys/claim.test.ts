import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeStale } from '../../scripts/local/claim.ts'
import { findProcess, groupMembers, parsePs } from '../../scripts/local/processes.ts'
import { runNode } from './local-service.ts'

let home = ''

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rescind-claim-'))
  mkdirSync(join(home, '.rescind'))
})
afterEach(() => rmSync(home, { recursive: true }))

const path = () => join(home, '.rescind/running.json')

/** Claims the home, says what came of it, and holds a claim until the process is killed, or not at all. */
const CLAIM = `
  const { claimHome } = await import('./scripts/local/claim.ts')
  try {
    const claim = claimHome(8787)
    console.log('claimed')
    if (process.env.HOLD) setInterval(() => {}, 60_000)
    else claim.release()
  } catch (error) {
    console.log(error.message)
    if (process.env.HOLD) setInterval(() => {}, 60_000)
  }`

async function claim(): Promise<string> {
  const { stdout, stderr } = await runNode(['--input-type=module', '-e', CLAIM], { RESCIND_HOME: home })
  return stdout + stderr
}

/** What came of many claims at once, none of which ends before all have been decided. */
async function claimAtOnce(count: number): Promise<string[]> {
  const env = { ...process.env, RESCIND_HOME: home, HOLD: 'yes' }
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', CLAIM], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  const outcomes = await Promise.all(
    children.map(async ({ stdout }) => String((await once(stdout, 'data'))[0])),
  )
  for (const child of children) child.kill('SIGKILL')
  return outcomes
}

const me = () => ({ pid: process.pid, startedAt: findProcess(process.pid)?.startedAt ?? '' })

describe('a home', () => {
  it.for(['nobody', 'a process that has ended'])(
    'is claimed by one of many that start at once, after %s',
    async (before) => {
      if (before !== 'nobody') {
        writeFileSync(path(), JSON.stringify({ pid: process.pid, startedAt: 'long ago', port: 1 }))
      }
      const outcomes = await claimAtOnce(8)
      const refused = outcomes.filter((outcome) => outcome !== 'claimed\n')
      expect(refused).toHaveLength(7)
      for (const outcome of refused) {
        expect(outcome).toMatch(/npm start runs here already, as process \d+ on port 8787/)
      }
    },
  )

  it('is free again after its holder', async () => {
    expect(await claim()).toBe('claimed\n')
    expect(() => readFileSync(path())).toThrow('ENOENT')
    expect(await claim()).toBe('claimed\n')
  })

  it('is not taken from whoever has claimed it since a stale claim was read', () => {
    const stale = { pid: 1, startedAt: 'long ago', port: 1 }
    const fresh = JSON.stringify({ ...me(), port: 2 })
    writeFileSync(path(), fresh)
    removeStale(path(), stale)
    expect(readFileSync(path(), 'utf8')).toBe(fresh)
    writeFileSync(path(), JSON.stringify(stale))
    removeStale(path(), stale)
    expect(readdirSync(join(home, '.rescind'))).toEqual([])
  })

  it('is refused while the holder runs, and not when another process has its pid by now', async () => {
    const holder = { ...me(), port: 4321 }
    writeFileSync(path(), JSON.stringify(holder))
    expect(await claim()).toMatch(`npm start runs here already, as process ${process.pid} on port 4321`)
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual(holder)
    writeFileSync(path(), JSON.stringify({ ...holder, startedAt: 'long ago' }))
    expect(await claim()).toBe('claimed\n')
  })

  it('is refused while a server is left behind, and not when other processes have its number by now', async () => {
    const args = ['-e', 'console.log("up"); setInterval(() => {}, 60_000)']
    const server = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    await once(server.stdout, 'data')
    const { pid = 0, startedAt = '' } = findProcess(server.pid ?? 0) ?? {}
    const dead = { pid: 2 ** 30, startedAt: 'long ago', port: 4321 }

    writeFileSync(path(), JSON.stringify({ ...dead, server: { pid, startedAt } }))
    expect(await claim()).toMatch(new RegExp(`still runs on port 4321[^]*\n  kill -- -${pid}\n`))
    writeFileSync(path(), JSON.stringify({ ...dead, server: { pid, startedAt: 'long ago' } }))
    expect(await claim()).toBe('claimed\n')

    server.kill('SIGKILL')
    await once(server, 'exit')
    writeFileSync(path(), JSON.stringify({ ...dead, server: { pid, startedAt } }))
    expect(await claim()).toBe('claimed\n')
  })

  it.for(['', '{"pid":', '[]'])('is refused when nobody knows who holds it: %j', async (text) => {
    writeFileSync(path(), text)
    expect(await claim()).toMatch(/running\.json does not say which npm start runs here.*remove it/)
    expect(readFileSync(path(), 'utf8')).toBe(text)
  })
})

describe('what the system says of a process', () => {
  it('names this one, and its group', () => {
    const found = findProcess(process.pid)
    expect(found).toMatchObject({ pid: process.pid, startedAt: expect.stringMatching(/./) })
    expect(groupMembers(found?.group ?? 0).map(({ pid }) => pid)).toContain(process.pid)
    expect(findProcess(2 ** 30)).toBeUndefined()
  })

  it('is read from ps where there is no /proc, without those that only wait to be noticed', () => {
    const text = `  123   120 Ss   Thu Nov  5 01:16:38 2026 /usr/local/bin/node --no-warnings cli.js dev
    7     7 Z+   Thu Nov 26 01:16:38 2026 (workerd)
`
    expect(parsePs(text)).toEqual([
      {
        pid: 123,
        group: 120,
        startedAt: 'Thu Nov 5 01:16:38 2026',
        command: '/usr/local/bin/node --no-warnings cli.js dev',
      },
    ])
    expect(parsePs('')).toEqual([])
  })
})
