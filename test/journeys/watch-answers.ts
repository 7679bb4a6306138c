import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect } from 'vitest'
import type { OpenApiDocument } from '../../scripts/openapi/document.ts'
import { Contract } from '../rig/contract.ts'

/** Holds what a journey is answered by the Worker against the API reference, as it was made by `npm start`. */

const PATH = join(resolve(import.meta.dirname, '../..'), 'public', 'docs', 'openapi.json')
/** Pages of local runs, which are no part of the Worker. */
const LOCAL = /^\/(?:dev|docs)\//

const fetch = globalThis.fetch
let contract: Contract | undefined

globalThis.fetch = async function watched(...args: Parameters<typeof fetch>) {
  const [input, init] = args
  const response = await fetch(...args)
  const url = input instanceof Request ? input.url : String(input)
  if (!response.headers.has('X-Request-Id') || LOCAL.test(new URL(url).pathname)) return response
  contract ??= new Contract(JSON.parse(readFileSync(PATH, 'utf8')) as OpenApiDocument)
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET')
  await contract.look(
    new Request(url, { method }),
    response,
    typeof init?.body === 'string' ? init.body : undefined,
  )
  return response
}

afterEach(() => {
  expect(contract?.newViolations() ?? [], 'answers that contradict openapi.json').toEqual([])
})
