import * as v from 'valibot'
import { problemErrors } from '../../src/http/problem.ts'
import { personPermissions, type Role } from '../../src/tenants/role.ts'
import { overviewOperations } from './console-overview.ts'
import { named } from './json-schema.ts'
import { answer, body, type Dialect, type Operations } from './operation.ts'
import { problem } from './problem-schema.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { instant, open, text } from './shared-schemas.ts'

/** The console, as its own front end calls it. Its pages and its sign-in are for people, and no part of the API. */

const role = v.picklist(['help-desk', 'super-admin'] satisfies Role[])
const PERSON_ID = 'prs_Zk3bJ9sV1nqYx0uT7hGcLw'

const person = named(
  'Person',
  v.object({
    id: text('The same at every sign-in: events and limits know the person by it.', PERSON_ID),
    name: v.string(),
    email: v.nullable(v.string()),
  }),
)

const session = named(
  'ConsoleSession',
  v.object({
    person,
    role,
    permissions: v.pipe(
      v.array(open(personPermissions('super-admin'), 'What the person may do.')),
      v.description('All that the role allows.'),
    ),
    tenant: v.object({ id: v.string(), name: v.string() }),
    provider: v.picklist(['openid', 'cloudflare-access']),
    csrfToken: text('To be sent in `X-CSRF-Token` with every call that the session makes.'),
    expiresAt: v.pipe(
      instant,
      v.description('When the session ends, whatever happens: 8 hours after sign-in.'),
    ),
    idleExpiresAt: v.pipe(
      instant,
      v.description('When it ends if it is not used any more: after 30 minutes.'),
    ),
  }),
)

const listed = named(
  'ListedSession',
  v.object({
    id: v.string(),
    person,
    role: v.nullable(role),
    browser: text('In a few words.', 'Firefox on Linux'),
    createdAt: instant,
    lastSeenAt: v.pipe(instant, v.description('To the minute.')),
    expiresAt: instant,
    isCurrent: v.pipe(v.boolean(), v.description('Whether it is the one that asks.')),
  }),
)

const PERSON = { id: PERSON_ID, name: 'Helen Desk', email: 'helen@example.com' }
const SESSION = {
  person: PERSON,
  role: 'help-desk',
  permissions: personPermissions('help-desk'),
  tenant: { id: 'demo', name: 'Demo' },
  provider: 'openid',
  csrfToken: 'kGm0f0m3Z0d1o2p3q4r5s6t7u8v9w0x1y2z3A4B5C6D',
  expiresAt: '2026-11-26T18:00:00.000Z',
  idleExpiresAt: '2026-11-26T10:30:00.000Z',
}
const LISTED = {
  id: '018f5f0c-2c51-8f0e-8a3c-9a610c1f5a3b',
  person: PERSON,
  role: 'help-desk',
  browser: 'Firefox on Linux',
  createdAt: '2026-11-26T10:00:00.000Z',
  lastSeenAt: '2026-11-26T10:00:00.000Z',
  expiresAt: '2026-11-26T18:00:00.000Z',
  isCurrent: true,
}

const operations: Operations = {
  'GET /console/session': {
    id: 'getConsoleSession',
    summary: 'Who is signed in, what they may do, and the CSRF token of the session.',
    who: 'person',
    answers: { 200: answer('The session.', session, SESSION) },
  },
  'GET /console/sessions': {
    id: 'listConsoleSessions',
    summary: 'The live sessions of a person; for a super-admin, those of the tenant.',
    who: 'person',
    answers: {
      200: answer('Those there are, newest first, up to 500.', v.object({ sessions: v.array(listed) }), {
        sessions: [LISTED],
      }),
    },
  },
  'DELETE /console/sessions/:id': {
    id: 'endConsoleSession',
    summary: 'Ends a session: at once in the console and on the operator API, elsewhere within 30 seconds.',
    who: 'person',
    answers: { 204: { what: 'It has ended.' }, 404: 'There is no such live session.' },
  },
  'POST /console/logout': {
    id: 'logoutOfConsole',
    summary: 'Ends the session of the call, and says where to sign out of the provider.',
    who: 'person',
    answers: {
      200: answer(
        'It has ended.',
        v.object({
          redirectTo: v.pipe(
            v.nullable(v.string()),
            v.description(
              'Where to go to sign out of the identity provider, too; null where it has no such place.',
            ),
          ),
        }),
        { redirectTo: 'https://id.example.com/logout?client_id=rescind' },
        { headers: ['Set-Cookie', 'Clear-Site-Data'] },
      ),
    },
  },
  'POST /console/backchannel-logout': {
    id: 'backChannelLogout',
    summary: 'Takes the logout token of the identity provider (OpenID Connect Back-Channel Logout 1.0).',
    who: 'anyone',
    body: body(
      'application/x-www-form-urlencoded',
      v.object({ logout_token: text('A JWT that the provider has signed, good once.') }),
      { logout_token: 'eyJ...' },
    ),
    answers: {
      200: { what: 'What it names has ended.' },
      400: 'logout_token is not valid.',
      404: { tenant: 'No tenant has this host name.', console: 'There is no console here.' },
      415: 'Send the form as application/x-www-form-urlencoded.',
    },
  },
}

export const consoleDialect: Dialect = {
  tag: 'Console',
  description: 'Sessions of people in the console of a tenant, as its front end calls them.',
  operations: { ...operations, ...overviewOperations },
  mediaType: 'application/json',
  errorType: problemErrors.mediaType,
  headers: ['RateLimit', 'RateLimit-Policy'],
  refusal: (status, message, path) => ({
    schema: problem,
    body: problemErrors.render({ status, message, path, now: 0, error: undefined }),
  }),
  common: () => ({ 500: OUR_FAULT, 503: STORE_FAULT }),
}
