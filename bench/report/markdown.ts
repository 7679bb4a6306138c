import { cpus, loadavg, platform, release, totalmem } from 'node:os'
import { createRequire } from 'node:module'
import { decimal } from './figures.ts'
import { isReached, type Section, type Table, type Target } from './section.ts'

const require = createRequire(import.meta.url)

/** bench/results.md, whole. */
export function markdown(sections: readonly Section[], minutes: number): string {
  const targets = sections.flatMap((section) => section.targets)
  const reached = targets.filter(isReached).length
  return `${[
    '# Benchmarks',
    'Written by `npm run bench`; do not edit. Medians of the rounds, and the least and the greatest round in parentheses.',
    machine(minutes),
    `${reached} of ${targets.length} targets reached.`,
    '![Results against the targets](results.svg)',
    ...sections.map(sectionMarkdown),
  ].join('\n\n')}\n`
}

/** One section: what was done, what was found, and what of it was to be reached. */
export function sectionMarkdown({ title, text, tables, targets }: Section): string {
  const parts = [`## ${title}`, text, ...tables.map(tableMarkdown)]
  if (targets.length > 0) {
    const rows = targets.map((target) => [
      target.what,
      shown(target.value, target),
      boundOf(target),
      isReached(target) ? 'reached' : '**not reached**',
    ])
    parts.push(tableMarkdown({ head: ['target', 'measured', 'to reach', ''], rows }))
  }
  return parts.join('\n\n')
}

/** The bound of a target in words. */
export function boundOf(target: Target): string {
  const { least, most } = target
  if (least !== undefined) return `≥ ${shown(least, target)}`
  return most === undefined ? '' : `≤ ${shown(most, target)}`
}

/** A value of the target as its unit shows it. */
export function shown(value: number, { unit, digits }: Pick<Target, 'unit' | 'digits'>): string {
  return `${decimal(value, digits)}${unit}`
}

function tableMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function machine(minutes: number): string {
  const all = cpus()
  const model = all[0]?.model.trim() || 'processors unknown'
  const [load = 0] = loadavg()
  const versions = ['workerd', 'miniflare', 'wrangler'].map(
    (name) => `${name} ${(require(`${name}/package.json`) as { version: string }).version}`,
  )
  return [
    `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, in ${decimal(minutes, 1)} minutes, on ${all.length} × ${model}, ${decimal(totalmem() / 2 ** 30)} GiB, ${platform()} ${release()}, load average ${decimal(load, 1)} at the end (the benchmark's own included).`,
    `Node ${process.version}, ${versions.join(', ')}.`,
    'Every server is a bundle made by `wrangler deploy --dry-run`, in a workerd of its own under miniflare, with its databases in memory; the load comes from another process over kept-alive connections. Where things are compared, they take turns within each round. An answer that is wrong ends the benchmark.',
  ].join(' ')
}
