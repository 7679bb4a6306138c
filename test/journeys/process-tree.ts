import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const DEATH_TIMEOUT_MS = 10_000

/**
 * Kills a process and all that it has started, at once and without a word, as a crash of the machine does.
 *
 * @throws {Error} when one of them is still there after 10 s.
 */
export async function killTree(pid: number): Promise<void> {
  const pids = [pid, ...descendantsOf(pid)]
  for (const each of pids) signal(each, 'SIGKILL')
  const deadlineAt = Date.now() + DEATH_TIMEOUT_MS
  while (pids.some((each) => signal(each, 0))) {
    if (Date.now() > deadlineAt) throw new Error('a killed process does not end')
    await sleep(10)
  }
}

function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const line of execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n')) {
    const [child = 0, parent = 0] = line.trim().split(/\s+/).map(Number)
    children.set(parent, [...(children.get(parent) ?? []), child])
  }
  const found: number[] = []
  for (const open = [pid]; open.length > 0;) {
    const next = children.get(open.pop() ?? 0) ?? []
    found.push(...next)
    open.push(...next)
  }
  return found
}

/** @returns whether there was such a process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
