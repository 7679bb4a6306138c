import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import { SEEN } from './contract.ts'

/** Writes what the answers of a run have shown of openapi.json, as test/rig/setup.ts tells it with each file. */
export default class ContractReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const seen = modules.flatMap((module) => (module.meta() as { seen?: string[] }).seen ?? [])
    mkdirSync(dirname(SEEN), { recursive: true })
    writeFileSync(SEEN, JSON.stringify([...new Set(seen)]))
  }
}
