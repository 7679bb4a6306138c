import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { run } from '../scripts/gate/command.ts'
import { Load } from './load/load.ts'
import { markdown, sectionMarkdown } from './report/markdown.ts'
import { isReached, SECTION_NAMES, type Section, type SectionName } from './report/section.ts'
import { plot } from './report/plot.ts'
import { cost } from './sections/cost.ts'
import { cpu } from './sections/cpu.ts'
import { delivery } from './sections/delivery.ts'
import { directory } from './sections/directory.ts'
import { fair } from './sections/fair.ts'
import { floor } from './sections/floor.ts'
import { growth } from './sections/growth.ts'
import { incident } from './sections/incident.ts'
import { limiter } from './sections/limiter.ts'
import { limits } from './sections/limits.ts'
import { pages } from './sections/pages.ts'
import { peer } from './sections/peer.ts'

/**
 * `npm run bench [-- SECTION ...]`: measures, and prints what it found. A run of all sections writes
 * bench/results.md and bench/results.svg too.
 */

type Measure = (load: Load, say: (line: string) => void, found: readonly Section[]) => Promise<Section>
const SECTIONS: Record<SectionName, Measure> = {
  floor,
  peer,
  limiter,
  limits,
  fair,
  growth,
  delivery,
  pages,
  directory,
  incident,
  cpu,
  cost,
}

const startedAt = Date.now()
const names = namesOf(process.argv.slice(2))
// Each server's folders are removed at the end.
process.setMaxListeners(0)
const load = new Load()
const sections: Section[] = []
try {
  for (const name of names) {
    const section = await SECTIONS[name](load, (line) => say(`${name}: ${line}`), sections)
    sections.push(section)
    console.log(`\n${sectionMarkdown(section)}`)
  }
} finally {
  load.stop()
}
const minutes = (Date.now() - startedAt) / 60_000
if (names.length === SECTION_NAMES.length) {
  writeFileSync(join(import.meta.dirname, 'results.md'), markdown(sections, minutes))
  writeFileSync(join(import.meta.dirname, 'results.svg'), plot(sections))
  await run('oxfmt', ['bench/results.md'])
  say('wrote bench/results.md and bench/results.svg')
}
const targets = sections.flatMap((section) => section.targets)
say(`${targets.filter(isReached).length} of ${targets.length} targets reached`)

function namesOf(wanted: readonly string[]): SectionName[] {
  const unknown = wanted.find((name) => !SECTION_NAMES.some((known) => known === name))
  if (unknown !== undefined) {
    throw new Error(`There is no section ${unknown}. There are ${SECTION_NAMES.join(', ')}.`)
  }
  return SECTION_NAMES.filter((name) => wanted.length === 0 || wanted.includes(name))
}

function say(line: string): void {
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${line}`)
}
