import { expect, it } from 'vitest'
import type { Schema } from '../../console/src/settings/schema.ts'
import { POLICY_WORDS } from '../../console/src/settings/policy-words.ts'
import { openApiDocument } from '../../scripts/openapi/document.ts'

/** The form of the policy explains each member that the service takes, and none that it does not. */

const { schemas } = openApiDocument().components as unknown as { schemas: { PolicyRequest: Schema } }

function pathsOf(schema: Schema, path: string): string[] {
  const forms = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return forms.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, member]) => {
      const below = path === '' ? name : `${path}.${name}`
      return [below, ...pathsOf(member, below)]
    }),
  )
}

/** A rate has the same two members wherever it stands. */
const wordsOf = (path: string) => POLICY_WORDS[path] ?? POLICY_WORDS[path.split('.').at(-1) ?? '']

const paths = [...new Set(pathsOf(schemas.PolicyRequest, ''))]

it.each(paths)('%s has words', (path) => {
  expect(wordsOf(path)?.[0]).toBeTruthy()
})

it('there are no words for what is no member', () => {
  const known = new Set(paths.flatMap((path) => [path, path.split('.').at(-1)]))
  expect(Object.keys(POLICY_WORDS).filter((path) => !known.has(path))).toEqual([])
})
