import type { Parameter, Who } from './operation.ts'
import { wholeNumber } from './parameters.ts'

/** What the operations of the admin API have in common. */

export const BASE = '/AdminInterface/restapi'

export const may = (permission: Extract<Who, object>['permission']): Who => ({ permission, face: 'admin' })

export const NOT_FOUND = { 404: 'User not found.' }
export const NO_OBJECT = { notObject: 'Send a JSON object.' }
export const NO_USER = { noUser: 'The request names no user.' }
export const tooMany = (count: number) => ({
  tooMany: `Number of user details (${count}) in request exceeds maximum allowed (100)`,
})
export const wholeFrom = (name: string, least: number, most: number) =>
  `${name} must be a whole number from ${least} to ${most}.`
export const pageSize = (most: number): Parameter => ({
  name: 'pageSize',
  description: 'How many a page holds.',
  schema: wholeNumber(1, most, most),
  example: 10,
})
export const pageNumber: Parameter = {
  name: 'pageNumber',
  description: 'Which page, from 0.',
  schema: wholeNumber(0, 1_000_000, 0),
  example: 0,
}
