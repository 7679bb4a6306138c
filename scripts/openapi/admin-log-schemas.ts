import * as v from 'valibot'
import { ADMIN_ACTIVITIES, USER_ACTIVITIES } from '../../src/api/admin/event-codes.ts'
import { pageMembers } from './admin-schemas.ts'
import { named } from './json-schema.ts'
import { instant, nothing, open, openNumbers, text } from './shared-schemas.ts'

/** The two logs. */

const activities = Object.values(ADMIN_ACTIVITIES)
const eventCodes = Object.values(USER_ACTIVITIES).map(({ code }) => String(code))

const adminEvent = named(
  'AdminEvent',
  v.object({
    eventId: text("The event's number in the log of the tenant, without a gap.", '42'),
    eventLogDate: v.pipe(
      instant,
      v.description('When it was committed; never before that of the event before.'),
    ),
    eventType: v.literal('ADMIN'),
    adminUserName: v.nullable(
      text('Access ID of the key, or id of the client or token; null for the service.'),
    ),
    adminUserRole: nothing,
    activityKey: open(
      activities.map(({ key }) => key),
      'What was done.',
    ),
    activityCode: v.nullable(
      openNumbers(
        activities.map(({ code }) => code),
        'The same as a number.',
      ),
    ),
    result: v.picklist(['SUCCESS', 'FAILURE']),
    reasonKey: text('How it ended, in one word.', 'voided'),
    message: text('The event as a sentence.'),
    sourceIPAddress: v.nullable(v.string()),
    targetObject1Id: v.nullable(text('The id of the user.')),
    targetObject1Name: v.nullable(text('The user, masked.')),
    targetObject1Type: v.nullable(v.literal('USER')),
    targetObject2Id: nothing,
    targetObject2Name: nothing,
    targetObject2Type: nothing,
  }),
)

export const userEvent = named(
  'UserEvent',
  v.object({
    eventId: v.nullable(text('As in the log of administrators; null while an event is still counted.', '42')),
    eventLogDate: v.nullable(instant),
    eventType: v.literal('USER'),
    eventLevel: v.picklist(['INFO', 'WARN', 'ERROR']),
    eventCategory: v.literal('PASSWORD_RESET'),
    serverIPAddress: nothing,
    tenantId: v.string(),
    customerName: v.string(),
    userId: v.nullable(v.string()),
    sourceIPAddress: nothing,
    eventCode: open(eventCodes, 'What happened to the code.'),
    eventDescription: text('The event as a sentence.'),
    application: v.literal('Rescind'),
    method: v.nullable(open(['DISPLAY', 'EMAIL', 'custom'], 'Which way the code went.')),
    deviceName: nothing,
    deviceId: nothing,
    policyId: nothing,
    policyName: nothing,
    authenticationDetails: v.nullable(
      text('Keyed hashes of the networks that asked, or where the code went.'),
    ),
    assuranceLevel: nothing,
    verboseFlag: v.literal('false'),
    userActivityId: v.string(),
    transactionId: v.string(),
  }),
)

export const adminLogPage = v.object({ ...pageMembers, elements: v.array(adminEvent) })
export const userLogPage = v.object({ ...pageMembers, userEventLogExportEntries: v.array(userEvent) })
export const userHistory = v.pipe(v.array(userEvent), v.maxLength(100))
