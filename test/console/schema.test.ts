import { expect, it } from 'vitest'
import { formOf, formsOf, namesOf, tagOf, type Schema } from '../../console/src/settings/schema.ts'
import { openApiDocument } from '../../scripts/openapi/document.ts'

/** The form of the policy tells the forms of a member apart as the service does. */

const { schemas } = openApiDocument().components as unknown as { schemas: { PolicyRequest: Schema } }

function member(path: string): Schema {
  return path
    .split('.')
    .reduce<Schema>((schema, name) => schema.properties?.[name] ?? {}, schemas.PolicyRequest)
}

it.each([
  ['redeem', { kind: 'grant' }, ['grant']],
  ['redeem', { kind: 'hook' }, ['hook']],
  ['desk.verification', { by: 'mail' }, ['mail', 'phone']],
  ['desk.verification', { by: 'sign-in', claim: 'email' }, ['sign-in']],
  ['pages', 'off', ['off']],
  ['pages', {}, ['custom']],
  ['code.customEmail', 'any', ['any', 'off']],
  ['code.customEmail', { domains: [] }, ['custom']],
])('%s of %j is %j', (path, value, names) => {
  const schema = member(path)
  const form = formOf(schema, value)
  expect(form && namesOf(form, tagOf(schema))).toEqual(names)
})

it.each(['redeem', 'desk.verification', 'pages', 'code.customEmail'])(
  'no two forms of %s have one name',
  (path) => {
    const schema = member(path)
    const names = formsOf(schema).flatMap((form) => namesOf(form, tagOf(schema)))
    expect(new Set(names).size).toBe(names.length)
  },
)
