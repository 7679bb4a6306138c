import { newEventIdPrefix } from '../../src/audit/admin-event.ts'
import { emailOf } from '../load/subjects.ts'
import type { Parameter } from './template.ts'

/** Puts the users from number `first` on into a call's parameters. */
export function binder(first: number, stride = 1) {
  const eventIdPrefix = newEventIdPrefix(Date.now())
  return function bind(parameter: Parameter): unknown {
    switch (parameter.kind) {
      case 'constant':
        return parameter.value
      case 'email':
        return emailOf(first)
      case 'event id prefix':
        return eventIdPrefix
      case 'emails':
        return JSON.stringify(
          parameter.entries.map((entry, index) => {
            const email = emailOf(first + index * stride)
            return Array.isArray(entry) ? [email, ...(entry as unknown[]).slice(1)] : email
          }),
        )
    }
  }
}
