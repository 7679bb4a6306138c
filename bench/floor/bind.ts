import { emailOf } from '../load/subjects.ts'
import type { Parameter } from './template.ts'

/** Puts the users from number `first` on into a call's parameters. */
export function binder(first: number, stride = 1) {
  const lists = new Map<number, string>()
  return function bind(parameter: Parameter): unknown {
    switch (parameter.kind) {
      case 'constant':
        return parameter.value
      case 'email':
        return emailOf(first)
      case 'entries': {
        const { entries } = parameter
        const known = lists.get(entries.length)
        if (known !== undefined) return known
        const list = JSON.stringify(
          entries.map((entry, index) => ({
            ...entry,
            emailKey: emailOf(first + index * stride),
            eventId: eventId(),
          })),
        )
        lists.set(entries.length, list)
        return list
      }
    }
  }
}

/** In the order of time, as Rescind's are: where a row is put in its table decides over its price. */
function eventId(): string {
  return `${Date.now().toString(16).padStart(12, '0')}-${crypto.randomUUID()}`
}
