import * as v from 'valibot'
import { named } from './json-schema.ts'
import { answer, json, type Operations } from './operation.ts'
import { instant, text } from './shared-schemas.ts'

/** The overview of the console, and how it finds users. */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const causes = (description: string) => v.pipe(v.record(v.string(), count), v.description(description))
const rate = v.object({ perMinute: v.number(), burst: v.number() })
const who = {
  id: text('The access ID of the key, or the id of the client or person.'),
  name: v.pipe(v.nullable(v.string()), v.description('Of a person who has signed in to the console.')),
}

const step = named(
  'OverviewStep',
  v.object({
    at: v.pipe(instant, v.description('When it begins.')),
    generated: v.pipe(count, v.description('Codes that administrators have issued.')),
    limited: v.pipe(
      count,
      v.description('Times that a limit on these was first reached, by agent and hour.'),
    ),
    voided: v.pipe(count, v.description('Live codes that administrators have ended.')),
    signIns: v.pipe(count, v.description('To the console.')),
    sent: v.pipe(count, v.description('Codes put on their way to users.')),
    delivered: count,
    deliveryFailed: count,
    validated: v.pipe(count, v.description('Right codes that were checked.')),
    redeemed: count,
    locked: v.pipe(count, v.description('Codes that wrong ones have locked.')),
    refused: causes('Codes that were refused, by the true reason.'),
    notGenerated: causes('Codes that were not issued, by the reason.'),
  }),
)

const overview = named(
  'Overview',
  v.object({
    from: instant,
    to: instant,
    step: v.picklist(['hour', 'day']),
    isComplete: v.pipe(
      v.boolean(),
      v.description(
        'Whether all events are counted yet. While it is false, ask again: each call counts 50,000 of each log.',
      ),
    ),
    series: v.pipe(
      v.array(step),
      v.description('One for each hour, or each day in UTC, that the window touches.'),
    ),
    agents: v.pipe(
      v.array(v.object({ ...who, generated: count, voided: count })),
      v.description('On the days that the window touches: up to 100, who has issued the most first.'),
    ),
    anomalies: v.pipe(
      v.array(
        v.union([
          v.object({ kind: v.literal('agent'), ...who, dayAt: instant, count, typical: count }),
          v.object({ kind: v.literal('user'), userId: v.string(), count }),
        ]),
      ),
      v.description(
        'An agent who has issued at least 20 codes in a day and five times what is typical of the others; a user who was ' +
          'asked for at least 5 times within 24 hours.',
      ),
    ),
    limits: v.pipe(
      v.object({
        issue: v.object({ perHour: v.number(), perDay: v.number() }),
        send: rate,
        validate: rate,
        admin: rate,
      }),
      v.description('What the policy allows: `issue` and `admin` of each agent, the others of the tenant.'),
    ),
  }),
)

const STEP = {
  at: '2026-11-26T10:00:00.000Z',
  generated: 12,
  limited: 0,
  voided: 2,
  signIns: 1,
  sent: 40,
  delivered: 40,
  deliveryFailed: 0,
  validated: 31,
  redeemed: 30,
  locked: 0,
  refused: { wrong: 4, expired: 1 },
  notGenerated: { unknown: 1 },
}
const ID = 'prs_Zk3bJ9sV1nqYx0uT7hGcLw'

const foundUser = v.object({
  id: v.string(),
  name: text('The display name, the given and family name, or else the user name.', 'Jane Saoirse'),
  email: v.string(),
  userName: v.string(),
  isEnabled: v.boolean(),
  isHighRisk: v.boolean(),
})

export const overviewOperations: Operations = {
  'POST /console/users/find': {
    id: 'findConsoleUsers',
    summary: 'Up to 25 users of whom an address or a name begins with a text, for a search as one types.',
    description: 'It costs a unit of the `admin` bucket of the person.',
    who: 'person',
    body: json(v.object({ text: v.pipe(v.string(), v.minLength(1), v.maxLength(255)) }), { text: 'jane' }),
    answers: {
      200: answer(
        'Those who were found, in the order of their addresses.',
        v.object({ users: v.array(foundUser) }),
        {
          users: [
            {
              id: '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59',
              name: 'Jane Saoirse',
              email: 'jane.saoirse@example.com',
              userName: 'JaneSaoirse',
              isEnabled: true,
              isHighRisk: false,
            },
          ],
        },
      ),
      400: { text: 'text must be 1 to 255 characters.' },
    },
  },
  'GET /console/overview': {
    id: 'getConsoleOverview',
    summary: 'What has happened in a window, what was refused and why, who did it, and what stands out.',
    description:
      'Up to two days are told by the hour, a longer window by the day. It costs five units of the `admin` bucket of the person.',
    who: 'person',
    query: [
      { name: 'from', description: 'A time in UTC; a day before `to` by default.', schema: instant },
      { name: 'to', description: 'A time in UTC; now by default.', schema: instant },
    ],
    answers: {
      200: answer('The overview.', overview, {
        from: STEP.at,
        to: '2026-11-26T11:00:00.000Z',
        step: 'hour',
        isComplete: true,
        series: [STEP],
        agents: [{ id: ID, name: 'Helen Desk', generated: 12, voided: 2 }],
        anomalies: [
          {
            kind: 'agent',
            id: ID,
            name: 'Helen Desk',
            dayAt: '2026-11-26T00:00:00.000Z',
            count: 60,
            typical: 5,
          },
          { kind: 'user', userId: '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59', count: 7 },
        ],
        limits: {
          issue: { perHour: 200, perDay: 1000 },
          send: { perMinute: 600, burst: 60 },
          validate: { perMinute: 3000, burst: 300 },
          admin: { perMinute: 600, burst: 100 },
        },
      }),
      400: {
        window: 'from must lie before to, and both within the last 31 days.',
        time: 'from must be a time in UTC, such as 2026-11-26T10:00:00Z.',
      },
    },
  },
}
