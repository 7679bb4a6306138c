/** A policy that is being changed: read and written by the paths of its members. */

export type Draft = Record<string, unknown>

export function valueAt(draft: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), draft)
}

/** The draft with another value; `undefined` leaves the member out. */
export function withValue(draft: Draft, path: string, value: unknown): Draft {
  const [name = '', ...below] = path.split('.')
  const inner = below.length === 0 ? value : withValue(asRecord(draft[name]), below.join('.'), value)
  const { [name]: _, ...rest } = draft
  return inner === undefined ? rest : { ...rest, [name]: inner }
}

export type Difference = { path: string; before: unknown; after: unknown }

/** What two policies differ in, by the paths of the members. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
    return names.flatMap((name) =>
      differences(before[name], after[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }]
}

export function isRecord(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asRecord(value: unknown): Draft {
  return isRecord(value) ? value : {}
}

/** A value in a word, as a list of differences shows it. */
export function shown(path: string, value: unknown): string {
  if (value === undefined) return 'not set'
  if (/(?:^|\.)(?:client)?secret$/i.test(path)) return 'a new secret'
  if (typeof value === 'string') return value === '' ? 'empty' : value
  return JSON.stringify(value)
}
