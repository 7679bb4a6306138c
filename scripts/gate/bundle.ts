import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './command.ts'
import { oneResult, type Step } from './step.ts'

/** Compressed size of a Worker, as Cloudflare counts it. */
const BUNDLE_GZIP_KIB_MAX = 120

/** Cloudflare allows 1 s of start-up; a tenant waits for it whenever an isolate is new. */
const STARTUP_CPU_MS_MAX = 50
const STARTUP_RUNS = 5

/** The deploy of a Worker by its environment, up to the upload. */
export function deployDryRun(environment: string, entry: string): Step {
  return {
    name: `deploy --dry-run, ${environment}`,
    async run() {
      const outdir = mkdtempSync(join(tmpdir(), 'rescind-bundle-'))
      try {
        const metafile = join(outdir, 'meta.json')
        const args = ['deploy', '--dry-run', '--env', environment, '--outdir', outdir, '--metafile', metafile]
        const { code, output } = await run('wrangler', args)
        if (code !== 0) return oneResult(false, output)
        const gzipKib = Number(/gzip: ([\d.]+) KiB/.exec(output)?.[1] ?? Infinity)
        const strange = foreignSources(readFileSync(metafile, 'utf8'), entry)
        const report = [
          `bundle ${gzipKib} KiB gzip, at most ${BUNDLE_GZIP_KIB_MAX}`,
          ...strange.map((path) => `${path} has no place in a deploy`),
        ]
        return oneResult(gzipKib <= BUNDLE_GZIP_KIB_MAX && strange.length === 0, report.join('\n'))
      } finally {
        rmSync(outdir, { recursive: true })
      }
    },
  }
}

/**
 * Files in a bundle that are neither the Worker's nor a library's: the inbox of local runs, which shows
 * codes to whoever asks, must never be deployed.
 *
 * @throws {Error} when the bundle does not name the Worker's entry, and so was not understood.
 */
export function foreignSources(metafile: string, entry: string): string[] {
  const { inputs } = JSON.parse(metafile) as { inputs: Record<string, unknown> }
  const paths = Object.keys(inputs)
  if (!paths.includes(entry)) throw new Error(`the bundle does not name ${entry}`)
  return paths.filter((path) => /^(?:scripts|test|bench)\/|^src\/local\.ts$/.test(path))
}

/** CPU time until a Worker can take its first request, as the median of some runs. */
export function startupCpu(environment: string): Step {
  return {
    name: `start-up CPU, ${environment}`,
    async run() {
      const folder = mkdtempSync(join(tmpdir(), 'rescind-startup-'))
      const timesMs: number[] = []
      try {
        for (let index = 0; index < STARTUP_RUNS; index += 1) {
          const profile = join(folder, `${index}.cpuprofile`)
          const args = ['check', 'startup', '--env', environment, '--outfile', profile]
          const { code, output } = await run('wrangler', args)
          if (code !== 0) return oneResult(false, output)
          timesMs.push(activeMs(readFileSync(profile, 'utf8')))
        }
      } finally {
        rmSync(folder, { recursive: true })
      }
      const median = timesMs.toSorted((a, b) => a - b)[Math.floor(STARTUP_RUNS / 2)] ?? Infinity
      return oneResult(
        median <= STARTUP_CPU_MS_MAX,
        `${median.toFixed(1)} ms of ${timesMs.map((ms) => ms.toFixed(1)).join(', ')}; at most ${STARTUP_CPU_MS_MAX}`,
      )
    },
  }
}

type CpuProfile = {
  nodes: { id: number; callFrame: { functionName: string } }[]
  samples: number[]
  /** Microseconds since the sample before. */
  timeDeltas: number[]
}

function activeMs(text: string): number {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as CpuProfile
  const idle = new Set(
    nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id),
  )
  const activeUs = timeDeltas.filter((_, index) => !idle.has(samples[index] ?? 0))
  return activeUs.reduce((sum, delta) => sum + delta, 0) / 1000
}
