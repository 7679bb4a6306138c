import * as v from 'valibot'
import * as example from './admin-examples.ts'
import { adminLogPage, userHistory, userLogPage } from './admin-log-schemas.ts'
import { BASE, may, NOT_FOUND, pageNumber, pageSize, wholeFrom } from './admin-shared.ts'
import { answer, type Operations, type Parameter } from './operation.ts'

/** The two logs. */

const WINDOW: readonly Parameter[] = [
  {
    name: 'startTimeAfter',
    description: 'Events after this time, which has an offset.',
    schema: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/)),
    example: '2026-11-26T10:00:00.000+01:00',
  },
  {
    name: 'endTimeOnOrBefore',
    description: 'Events at this time or before it.',
    schema: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/)),
    example: '2026-11-27T10:00:00.000+01:00',
  },
  pageNumber,
  pageSize(100),
]

const BAD_WINDOW = {
  400: {
    time: 'startTimeAfter must be a time with its offset, such as 2026-11-26T10:00:00.000+01:00.',
    order: 'startTimeAfter must not be later than endTimeOnOrBefore.',
    pageSize: wholeFrom('pageSize', 1, 100),
  },
}

export const logs: Operations = {
  [`GET ${BASE}/v1/adminlog/exportlogs`]: {
    id: 'exportAdminLog',
    summary: 'What administrators did, the oldest first.',
    who: may('logs:admin'),
    query: WINDOW,
    answers: { 200: answer('A page of events.', adminLogPage, example.ADMIN_LOG), ...BAD_WINDOW },
  },
  [`GET ${BASE}/v1/usereventlog/exportlogs`]: {
    id: 'exportUserLog',
    summary: "What happened to users' codes, the oldest first.",
    who: may('logs:user'),
    query: WINDOW,
    answers: { 200: answer('A page of events.', userLogPage, example.USER_LOG), ...BAD_WINDOW },
  },
  [`GET ${BASE}/v1/users/:id/authlogs`]: {
    id: 'listUserEvents',
    summary: 'The newest 100 events of one user.',
    who: may('logs:user'),
    answers: { 200: answer('The events.', userHistory, [example.USER_EVENT]), ...NOT_FOUND },
  },
}
