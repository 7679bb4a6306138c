/** What is always in an answer (RFC 7643 §3.1). */
const ALWAYS = new Set(['schemas', 'id'])

/** Which attributes an answer is to have (RFC 7644 §3.9). */
export type Selection = { attributes?: string; excludedAttributes?: string }

/**
 * The resource with the attributes that are asked for, or without those that are not wanted. A part of an attribute,
 * as `name.familyName`, stands for the whole of it.
 */
export function selected(resource: object, { attributes, excludedAttributes }: Selection): object {
  const wanted = namesOf(attributes)
  const unwanted = namesOf(excludedAttributes)
  if (wanted === undefined && unwanted === undefined) return resource
  const isKept = (name: string) =>
    ALWAYS.has(name) || ((wanted?.has(name.toLowerCase()) ?? true) && !unwanted?.has(name.toLowerCase()))
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isKept(name)))
}

function namesOf(list: string | undefined): Set<string> | undefined {
  if (list === undefined || list.trim() === '') return undefined
  const names = list.split(',').map((name) => name.trim().toLowerCase())
  return new Set(names.map((name) => name.replace(/^urn:.*:user:/, '').replace(/[.[].*$/, '')))
}
