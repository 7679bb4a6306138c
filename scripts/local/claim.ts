import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { writePrivateFile } from '../private-file.ts'
import { UserError } from '../user-error.ts'
import { keyPath, ROOT, shown } from './home.ts'
import { findProcess, groupMembers } from './processes.ts'

const processSchema = v.object({ pid: v.number(), startedAt: v.string() })

/** The `npm start` that a home belongs to, and the group of its `wrangler dev` once there is one. */
const holderSchema = v.object({
  ...processSchema.entries,
  port: v.number(),
  server: v.optional(processSchema),
})

type Holder = v.InferOutput<typeof holderSchema>

/** The right of one `npm start` to write into its home. */
export type Claim = {
  /** Notes the leader of the group that would outlive this process if it were killed. */
  noteServer: (pid: number) => void
  release: () => void
}

/**
 * Claims the home for this process, before anything in it is written. Of two that start at once, one
 * claims it.
 *
 * @throws {UserError} while another `npm start` holds it, or has left its `wrangler dev` behind.
 */
export function claimHome(port: number): Claim {
  const path = keyPath('running.json')
  const mine: Holder = { ...named(process.pid), port }
  while (!isCreated(path, mine)) {
    const found = readHolder(path)
    if (found === undefined) continue
    refuseIfRunning(found)
    removeStale(path, found)
  }
  return {
    noteServer: (pid) => writeHolder(path, { ...mine, server: named(pid) }),
    release() {
      if (isSame(readHolder(path), mine)) rmSync(path, { force: true })
    },
  }
}

/** A process by pid and start time. Where the system tells no start time, the pid alone must do. */
function named(pid: number) {
  return { pid, startedAt: findProcess(pid)?.startedAt ?? '' }
}

function refuseIfRunning({ pid, startedAt, port, server }: Holder): void {
  if (isRunning({ pid, startedAt })) {
    throw new UserError(
      [
        `npm start runs here already, as process ${pid} on port ${port}.`,
        `Use it, or end it with Ctrl-C in its terminal or with: kill ${pid}`,
        'To run another beside it, give that one a folder of its own: RESCIND_HOME=/some/folder PORT=... npm start',
      ].join('\n'),
    )
  }
  if (server === undefined || !isLeftBehind(server)) return
  throw new UserError(
    [
      `An earlier npm start (process ${pid}) was killed, and its wrangler dev still runs on port ${port}.`,
      'End it, and start again:',
      '',
      `  kill -- -${server.pid}`,
    ].join('\n'),
  )
}

function isRunning({ pid, startedAt }: { pid: number; startedAt: string }): boolean {
  const found = findProcess(pid)
  if (found !== undefined) return startedAt === '' || found.startedAt === startedAt
  return startedAt === '' && canBeSignalled(pid)
}

/**
 * Whether processes of this repository are left in the group. The group's number is its leader's pid: if
 * that pid belongs to another process by now, so does the group.
 */
function isLeftBehind({ pid, startedAt }: { pid: number; startedAt: string }): boolean {
  const leader = findProcess(pid)
  if (leader !== undefined && leader.startedAt !== startedAt) return false
  return groupMembers(pid).some(({ command }) => command.includes(join(ROOT, 'node_modules')))
}

/** For systems that have neither `/proc` nor `ps`. */
function canBeSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Creates the file, whole at once, unless it is there. */
function isCreated(path: string, holder: Holder): boolean {
  const draft = `${path}.${process.pid}`
  writeHolder(draft, holder)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft)
  }
}

/** Takes a stale claim away, and puts back what another start has put there since it was read. */
export function removeStale(path: string, stale: Holder): void {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
    if (!isSame(readHolder(aside), stale)) linkSync(aside, path)
  } catch (error) {
    // Another start has taken the stale one away, or has claimed the home: the next round finds out.
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function isSame(a: Holder | undefined, b: Holder): boolean {
  return a?.pid === b.pid && a.startedAt === b.startedAt
}

function writeHolder(path: string, holder: Holder): void {
  writePrivateFile(path, `${JSON.stringify(holder)}\n`)
}

/** @throws {UserError} when the file says nothing: then nobody knows whether somebody runs. */
function readHolder(path: string): Holder | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const holder = v.safeParse(v.pipe(v.string(), v.parseJson(), holderSchema), text)
  if (holder.success) return holder.output
  throw new UserError(
    `${shown(path)} does not say which npm start runs here. If none does, remove it and start again.`,
  )
}
