import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/**
 * A process, as `/proc` describes it where there is one, since not every Linux has `ps`, and else as `ps`
 * does. One that has ended and whose parent has not noticed yet counts as gone.
 */
export type Process = {
  pid: number
  /** The process group. */
  group: number
  /** When it started, in the system's own form: with the pid it names one process, as pids are used again. */
  startedAt: string
  command: string
}

const HAS_PROC = existsSync('/proc/self/stat')

export function findProcess(pid: number): Process | undefined {
  return HAS_PROC ? readProc(String(pid)) : listByPs(['-p', String(pid)])[0]
}

/** The processes of a group. */
export function groupMembers(group: number): Process[] {
  const all = HAS_PROC
    ? readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProc(name) ?? []) : []))
    : listByPs(['-A'])
  return all.filter((process) => process.group === group)
}

/** Fields of proc_pid_stat(5), counted from the one behind the command's parentheses. */
const STATE = 0
const GROUP = 2
const START_TICKS = 19

function readProc(pid: string): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[STATE] === 'Z') return undefined
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid: Number(pid), group: Number(fields[GROUP]), startedAt: fields[START_TICKS] ?? '', command }
  } catch {
    // It has ended meanwhile.
    return undefined
  }
}

function listByPs(which: readonly string[]): Process[] {
  const columns = ['pid', 'pgid', 'stat', 'lstart', 'command'].flatMap((column) => ['-o', `${column}=`])
  // The C locale, because another writes the time in another form.
  const { stdout } = spawnSync('ps', [...which, ...columns], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  return parsePs(stdout ?? '')
}

/** Lines of `ps` with pid, group, state, the five words of the start time, and the command. */
export function parsePs(text: string): Process[] {
  const line = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/
  return text.split('\n').flatMap((row) => {
    const [, pid, group, state = '', startedAt = '', command = ''] = line.exec(row) ?? []
    if (pid === undefined || state.startsWith('Z')) return []
    return { pid: Number(pid), group: Number(group), startedAt: startedAt.replace(/\s+/g, ' '), command }
  })
}
