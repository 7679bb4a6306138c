import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenApiDocument } from '../openapi/document.ts'
import { promisesOf } from '../openapi/promises.ts'
import { ROOT } from '../local/home.ts'
import { oneResult, type Step } from './step.ts'

/** Where the tests in workerd leave what their answers have shown of openapi.json. */
export const SEEN = join(ROOT, '.wrangler', 'seen.json')

/** Nothing stands in openapi.json that no answer of any test has shown: operations, statuses, headers, members. */
export const everythingWasSeen: Step = {
  name: 'openapi.json promises nothing unseen',
  async run() {
    if (!existsSync(SEEN)) return oneResult(false, 'The tests have left nothing to compare with.')
    const seen = new Set(JSON.parse(readFileSync(SEEN, 'utf8')) as string[])
    rmSync(SEEN)
    const path = join(ROOT, 'public', 'docs', 'openapi.json')
    const promises = promisesOf(JSON.parse(readFileSync(path, 'utf8')) as OpenApiDocument)
    const unseen = promises.filter((promise) => !seen.has(promise))
    return oneResult(unseen.length === 0, [`${promises.length} promises`, ...unseen].join('\n'))
  },
}
