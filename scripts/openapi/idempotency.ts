import * as v from 'valibot'
import type { Parameter } from './operation.ts'

/** Calls that may be repeated. */

export const idempotencyKey: Parameter = {
  name: 'Idempotency-Key',
  description:
    '1 to 255 characters of ASCII, in quotes or bare: for 24 hours, the same call with the same key has its effect once. Take a key that nobody can guess, such as a UUID.',
  schema: v.pipe(v.string(), v.minLength(1), v.maxLength(257)),
}

export const IDEMPOTENT = {
  409: 'The first call with this Idempotency-Key is still running. Repeat it later for its answer.',
  422: 'This Idempotency-Key was used for another request in the last 24 hours. Take a new one.',
}
export const BAD_KEY = {
  badKey: 'Idempotency-Key must be one key of 1 to 255 characters of ASCII, in quotes or without blanks.',
}
