import { execFileSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { ROOT } from '../local/home.ts'

/** The versions of Node that the client is tested on. */
export const NODE_MAJORS = [20, 24] as const

/** The program of a Node of this version: this repository's own, or one in the path; the variable NODE_20 names another. */
export function findNode(major: number): string | undefined {
  const folders = [join(ROOT, 'node_modules', '.bin'), ...(process.env['PATH'] ?? '').split(delimiter)]
  const programs = [process.env[`NODE_${major}`] ?? '', ...folders.map((folder) => join(folder, 'node'))]
  return programs.find((program) => {
    try {
      const stdio = ['ignore', 'pipe', 'ignore'] as const
      return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: [...stdio] }).startsWith(
        `v${major}.`,
      )
    } catch {
      return false
    }
  })
}

/** What is said of versions that are not there, whose tests are skipped. */
export function nodeAdvice(): string[] {
  return NODE_MAJORS.filter((major) => findNode(major) === undefined).map(
    (major) => `No Node ${major} was found, so that its tests are skipped: set NODE_${major} to its program.`,
  )
}
