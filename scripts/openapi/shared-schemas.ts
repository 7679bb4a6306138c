import * as v from 'valibot'

/** Kinds of members that several dialects have. */

/** An instant as ISO 8601 in UTC. */
export const instant = v.pipe(v.string(), v.isoTimestamp())

/** Text with what it means and an example of it. */
export function text(description: string, ...examples: string[]) {
  return v.pipe(v.string(), v.metadata({ description, ...(examples.length > 0 && { examples }) }))
}

/** A member that has no value here: the vendor's clients read it. */
export const nothing = v.pipe(v.null(), v.description('Always null here.'))

/** Values that are known now, where more may come. */
export function open<const Values extends readonly string[]>(values: Values, description: string) {
  return v.pipe(
    v.union([v.picklist(values), v.string()]),
    v.description(`${description} Open: more may come.`),
  )
}

/** The same of numbers. */
export function openNumbers(values: readonly number[], description: string) {
  const numbers = v.pipe(v.number(), v.integer(), v.values([...values]))
  const any = v.pipe(v.number(), v.integer())
  return v.pipe(v.union([numbers, any]), v.description(`${description} Open: more may come.`))
}
