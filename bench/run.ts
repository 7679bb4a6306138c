import { Load } from './load/load.ts'
import { SECTION_NAMES, type Section, type SectionName } from './report/section.ts'
import { floor } from './sections/floor.ts'

/** `npm run bench [-- SECTION ...]`: measures, and writes what it found to bench/results.md and .svg. */

const SECTIONS: Partial<Record<SectionName, (load: Load, say: (line: string) => void) => Promise<Section>>> =
  { floor }

const wanted = process.argv.slice(2)
const startedAt = Date.now()
const load = new Load()
try {
  for (const name of SECTION_NAMES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const section = await SECTIONS[name]?.(load, (line) =>
      console.log(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${name}: ${line}`),
    )
    console.log(JSON.stringify(section?.tables, null, 1))
  }
} finally {
  load.stop()
}
