import { isRecord } from '../../record.ts'

/** What is always in an answer (RFC 7643 §3.1). */
const ALWAYS = new Set(['schemas', 'id'])

/** Which attributes an answer is to have (RFC 7644 §3.9). */
export type Selection = { attributes?: string; excludedAttributes?: string }

/** The resource with the attributes, and parts of them, that are asked for; or without those that are not wanted. */
export function selected(resource: object, { attributes, excludedAttributes }: Selection): object {
  const wanted = namesOf(attributes)
  const unwanted = namesOf(excludedAttributes)
  if (wanted.length + unwanted.length === 0) return resource
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
  const kept = Object.entries(resource).flatMap(([key, value]: [string, unknown]) => {
    const name = key.toLowerCase()
    if (ALWAYS.has(key)) return [[key, value]]
    const isPartWanted = wanted.some((each) => each.startsWith(`${name}.`))
    if (unwanted.includes(name) || !(isWanted(name) || isPartWanted)) return []
    const isKept = (part: string) => {
      const whole = `${name}.${part.toLowerCase()}`
      return (isWanted(name) || isWanted(whole)) && !unwanted.includes(whole)
    }
    return [[key, Array.isArray(value) ? value.map((each) => partsOf(each, isKept)) : partsOf(value, isKept)]]
  })
  return Object.fromEntries(kept)
}

function partsOf(value: unknown, isKept: (part: string) => boolean): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([part]) => isKept(part))) : value
}

/** Names are compared without case, and may have their schema before them. */
function namesOf(list = ''): string[] {
  const names = list.split(',').map((name) => name.trim().toLowerCase())
  return names
    .map((name) => name.replace(/^urn:.*:user:/, '').replace(/\[.*\]/, ''))
    .filter((name) => name !== '')
}
