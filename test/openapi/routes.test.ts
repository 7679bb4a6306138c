import { Validator } from '@cfworker/json-schema'
import { describe, expect, it } from 'vitest'
import { openApiDocument } from '../../scripts/openapi/document.ts'
import { operationsOf, resolve } from '../../scripts/openapi/promises.ts'
import { app } from '../../src/app.ts'

const document = openApiDocument()
const operations = operationsOf(document)

it('has an operation for every route of the app, and a route for every operation', () => {
  const served = app.routes.filter(({ method }) => method !== 'ALL')
  const routes = new Set(served.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`))
  expect(operations.map(({ name }) => name).toSorted()).toEqual([...routes].toSorted())
})

it('calls every operation by a name of its own', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
})

/** Every schema with an example of it, in requests and answers. */
function examples(): [string, object, unknown][] {
  return operations.flatMap(({ name, operation: { requestBody, responses } }) => {
    const whole = Object.values(responses).map(({ $ref, ...own }) =>
      $ref === undefined ? own : resolve(document, $ref),
    )
    return [requestBody, ...whole].flatMap((part) =>
      Object.values((part as typeof requestBody)?.content ?? {}).flatMap(({ schema, ...media }) => {
        const { examples = {} } = media as { examples?: Record<string, { value: unknown }> }
        return Object.entries(examples).map(([title, { value }]): [string, object, unknown] => [
          `${name}: ${title}`,
          schema,
          value,
        ])
      }),
    )
  })
}

describe('every example', () => {
  it('is valid by its schema', () => {
    const all = examples()
    expect(all.length).toBeGreaterThan(200)
    const wrong = all.flatMap(([title, schema, value]) => {
      const validator = new Validator(
        { ...schema, components: { schemas: document.components.schemas } },
        '2020-12',
      )
      const { errors } = validator.validate(value)
      return errors.map(({ instanceLocation, error }) => `${title} ${instanceLocation} ${error}`)
    })
    expect(wrong).toEqual([])
  })
})
