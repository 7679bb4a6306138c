import { describe, expect, it } from 'vitest'
import { openApiDocument } from '../../scripts/openapi/document.ts'
import { operationsOf, resolve } from '../../scripts/openapi/promises.ts'
import { app } from '../../src/local.ts'
import { Contract } from '../rig/contract.ts'

const document = openApiDocument()
const operations = operationsOf(document)
const contract = new Contract(document)

it('has an operation for every route of the app, and a route for every operation', () => {
  const served = app.routes.filter(({ method }) => method !== 'ALL')
  const routes = new Set(served.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`))
  expect(operations.map(({ name }) => name).toSorted()).toEqual([...routes].toSorted())
})

it('calls every operation by a name of its own', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})

type Content = Record<string, { schema: object; examples?: Record<string, { value: unknown }> }>

/** Every example with its schema. */
function examplesOf(title: string, content: Content = {}): [string, object, unknown][] {
  return Object.values(content).flatMap(({ schema, examples = {} }) =>
    Object.entries(examples).map(([name, { value }]): [string, object, unknown] => [
      `${title} ${name}`,
      schema,
      value,
    ]),
  )
}

describe('every example', () => {
  it('of a request is valid', () => {
    const all = operations.flatMap(({ name, operation }) => examplesOf(name, operation.requestBody?.content))
    expect(all.length).toBeGreaterThan(20)
    // A request may have members that nobody looks at.
    const wrong = all.flatMap(([title, schema, value]) =>
      contract.openFaultsOf(schema, value).map((fault) => `${title} ${fault}`),
    )
    expect(wrong).toEqual([])
  })

  it('of an answer is valid, and has no member that is not named', () => {
    const all = operations.flatMap(({ name, operation }) =>
      Object.entries(operation.responses).flatMap(([status, { $ref, content }]) => {
        const whole =
          $ref === undefined ? content : (resolve(document, $ref) as { content?: Content }).content
        return examplesOf(`${name} ${status}`, whole)
      }),
    )
    expect(all.length).toBeGreaterThan(300)
    const wrong = all.flatMap(([title, schema, value]) =>
      contract.faultsOf(schema, JSON.stringify(value)).map((fault) => `${title} ${fault}`),
    )
    expect(wrong).toEqual([])
  })
})
