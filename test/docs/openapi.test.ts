import { describe, expect, it } from 'vitest'
import api from '../../docs/api.md?raw'
import { openApiDocument } from '../../scripts/openapi/document.ts'
import { operationsOf, partsOf, type Named } from '../../scripts/openapi/promises.ts'
import { STATUS_NAMES } from '../../src/http/error-status.ts'
import { tables } from './markdown.ts'

/** The tables of docs/api.md against the document of the API, which every answer of the tests is held against. */

const document = openApiDocument()
const operations = operationsOf(document)

function rows(...columns: string[]): string[][] {
  const found = tables(api).find(([header]) => columns.every((column, index) => header?.[index] === column))
  if (found === undefined) throw new Error(`no table with the columns ${columns.join(', ')}`)
  return found.slice(1).map((cells) => cells.map((cell) => cell.replaceAll('`', '')))
}

/** Who may call it, in the words of the table: the least that does. */
function whoOf({ name, operation: { security } }: Named): string {
  if (name === 'POST /oauth/token') return 'OAuth client'
  if (security.some((each) => 'operatorToken' in each)) return 'operator'
  const roles = security.flatMap((each) => each['apiKeyToken'] ?? [])
  return roles.includes('help-desk') ? 'help-desk' : (roles[0] ?? 'anyone')
}

it('the table of endpoints says who may call each', () => {
  const endpoints = rows('Method', 'Path')
  const documented = endpoints.map(([method, path = '', who]) => {
    return [`${method} ${path.replace(/:(\w+)/g, '{$1}')}`, who]
  })
  expect(Object.fromEntries(documented)).toEqual(
    Object.fromEntries(operations.map((each) => [each.name, whoOf(each)])),
  )
})

describe('the table of errors', () => {
  const errors = rows('Status', 'When')
  const faces: Record<string, number> = { 'Admin API': 2, 'Password API': 3, 'Reset pages': 4 }
  const shapes: Record<string, string> = {
    AdminError: '{code, description}',
    SpringError: 'Spring',
    Fault: 'fault',
    Page: 'page',
    Problem: 'problem',
    ScimError: 'problem',
    OAuthError: 'problem',
  }

  /** The shape of a refusal by status and column, as the operations have it. */
  function described(): Record<string, string> {
    const cells = operations.flatMap(({ name, tag, operation }) =>
      Object.entries(operation.responses)
        .filter(([status]) => Object.hasOwn(STATUS_NAMES, status))
        .map(([status, response]) => {
          const [schema] = partsOf(document, name, status, response).schemas
          const shape = String(schema?.['$ref']).replace('#/components/schemas/', '')
          return [`${status} ${faces[tag] ?? 5}`, shapes[shape] ?? shape]
        }),
    )
    return Object.fromEntries(cells)
  }

  it('says what each face answers, and nothing that no operation does', () => {
    // A wrong method is no operation's: whatever path it comes to is answered so.
    const told = errors.filter(([status]) => status !== '405')
    const cells = told.flatMap((row) =>
      [2, 3, 4, 5].flatMap((column) => (row[column] ? [[`${row[0]} ${column}`, row[column]]] : [])),
    )
    expect(Object.fromEntries(cells)).toEqual(described())
  })
})
