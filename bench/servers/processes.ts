import { existsSync, readFileSync } from 'node:fs'

/** What Linux tells of processes. Elsewhere nothing is known, and nothing is measured. */

/** Length of the clock tick that /proc counts CPU time in. */
const TICK_MS = 10

/** Process ids of this process's children. */
export function children(): number[] {
  const path = `/proc/${process.pid}/task/${process.pid}/children`
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** CPU time that a process has used so far, in user and system mode. */
export function cpuMs(pid: number): number {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return NaN
  // The name, in parentheses, may hold spaces.
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
