import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, expect } from 'vitest'
import { contract, watchAnswers } from './watched.ts'

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)

watchAnswers()

afterEach(({ task }) => {
  const before = (task.file.meta as { seen?: string[] }).seen ?? []
  Object.assign(task.file.meta, { seen: [...before, ...contract.newlySeen()] })
  expect(contract.newViolations(), 'answers that contradict openapi.json').toEqual([])
})
