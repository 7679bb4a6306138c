import * as v from 'valibot'
import * as example from './admin-examples.ts'
import {
  highRiskList,
  highRiskRequest,
  highRiskResult,
  lookupRequest,
  searchRequest,
  user,
  userPage,
  userStatus,
} from './admin-schemas.ts'
import {
  BASE,
  may,
  NO_OBJECT,
  NO_USER,
  NOT_FOUND,
  pageNumber,
  pageSize,
  tooMany,
  wholeFrom,
} from './admin-shared.ts'
import { answer, json, type Operation, type Operations, type Parameter } from './operation.ts'

/** Finding users and changing them. */

function search(version: 'v1' | 'v2', query: readonly Parameter[]): Operation {
  return {
    id: version === 'v1' ? 'searchUsers' : 'searchUsersInPages',
    summary:
      version === 'v1' ? 'Users by a part of their address: the first of them.' : 'The same, in pages.',
    description: 'A search costs its key 25 units of `limits.admin`: no index serves a part of an address.',
    who: may('users:read'),
    query,
    body: json(searchRequest, { emailLike: 'saoirse' }),
    answers: {
      200: answer('A page of users.', userPage, example.USER_PAGE),
      400: {
        part: 'emailLike must be a part of an address: 1 to 255 characters.',
        pageSize: wholeFrom('pageSize', 1, 25),
        ...NO_OBJECT,
      },
    },
  }
}

export const users: Operations = {
  [`POST ${BASE}/v1/users/lookup`]: {
    id: 'lookupUser',
    summary: 'One user, by address or user name.',
    who: may('users:read'),
    body: json(lookupRequest, { email: 'jane.saoirse@example.com' }),
    answers: {
      200: answer('The user.', user, example.USER),
      400: {
        one: 'Name one user: email or username, as a string.',
        unsynched: 'searchUnsynched must be true or false.',
        ...NO_OBJECT,
      },
      ...NOT_FOUND,
    },
  },
  [`POST ${BASE}/v1/users/search`]: search('v1', [pageSize(25)]),
  [`POST ${BASE}/v2/users/search`]: search('v2', [pageSize(25), pageNumber]),
  [`PUT ${BASE}/v1/users/:id/userStatus`]: {
    id: 'setUserStatus',
    summary: 'Enables or disables a user.',
    description: 'Disabling ends the codes of the user, and enabling brings none back.',
    who: may('users:status'),
    body: json(v.looseObject({ userStatus }), { userStatus: 'Disabled' }),
    answers: {
      200: answer('The user as they are now.', v.object({ id: v.string(), userStatus }), {
        id: example.USER.id,
        userStatus: 'Disabled',
      }),
      400: { status: 'userStatus must be Enabled or Disabled.', ...NO_OBJECT },
      ...NOT_FOUND,
    },
  },
  [`PUT ${BASE}/v1/users/:id/markDeleted`]: {
    id: 'markUserDeleted',
    summary: 'Hides a user, or brings them back within 7 days.',
    who: may('users:delete:soft'),
    body: json(v.looseObject({ markDeleted: v.boolean() }), { markDeleted: true }),
    answers: {
      200: answer('What the user is now.', v.object({ id: v.string(), markDeleted: v.boolean() }), {
        id: example.USER.id,
        markDeleted: true,
      }),
      400: { mark: 'markDeleted must be true or false.', ...NO_OBJECT },
      ...NOT_FOUND,
      409: {
        address: 'Another user has this address by now. Delete that one first.',
        userName: 'Another user has this user name by now. Delete that one first.',
      },
    },
  },
  [`DELETE ${BASE}/v1/users/:id`]: {
    id: 'deleteUser',
    summary: 'Removes a user for good, also one who is marked as deleted.',
    who: may('users:delete'),
    answers: { 204: { what: 'The user and their codes are gone.' }, ...NOT_FOUND },
  },
  [`POST ${BASE}/v1/users/:id/sync`]: {
    id: 'syncUser',
    summary: 'The user as they are: there is no outside directory.',
    who: may('users:sync'),
    answers: { 200: answer('The user.', user, example.USER), ...NOT_FOUND },
  },
  [`GET ${BASE}/v2/users/highrisk`]: {
    id: 'listHighRisk',
    summary: 'The users at high risk, 10,000 at most.',
    who: may('users:risk:read'),
    answers: { 200: answer('The users.', highRiskList, example.HIGH_RISK) },
  },
  [`PUT ${BASE}/v1/users/highrisk`]: {
    id: 'changeHighRisk',
    summary: 'Puts 1 to 100 users on the list of high risk, or takes them off.',
    who: may('users:risk:write'),
    body: json(highRiskRequest, { action: 'add', users: [example.USER.id] }),
    answers: {
      200: answer('What became of each user.', highRiskResult, {
        users: [
          { id: example.USER.id, statusCode: '200' },
          { id: 'nobody', statusCode: '404', error: 'User not found.' },
        ],
      }),
      400: {
        action: 'action must be add or remove.',
        users: 'users must be a list of ids of users.',
        ...NO_OBJECT,
        ...NO_USER,
        ...tooMany(101),
      },
    },
  },
}
