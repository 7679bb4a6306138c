import { codeOf, emailOf, wrongCodeOf } from './subjects.ts'
import type { LoadContext } from './message.ts'

/** One kind of request, and what its answer must be. */
export type Plan = {
  /** The request with that number. */
  request(number: number, context: LoadContext): PlannedRequest
  /** What is wrong with the answer, if anything. */
  problem(answer: Answer, number: number, context: LoadContext): string | undefined
  /** How often each status was answered, where one answer stands for several. */
  statusesOf?(answer: Answer): Record<string, number>
}

export type PlannedRequest = {
  method?: string
  path: string
  headers?: Record<string, string>
  body?: string
}
export type Answer = { status: number; body: string }

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const PASSWORD_API = '/api/passwordmanagement'
const ADMIN_API = '/AdminInterface/restapi/v1/users'

/** The floor is sent what Rescind is sent, but that the path names the users by number. */
function floorPlan(op: string, size: number, result: string, ours: Plan): Plan {
  return {
    request: (number, context) => {
      const { stride = 1 } = context
      return { ...ours.request(number, context), path: `/${op}?${number * size * stride}` }
    },
    problem: ({ status, body }) =>
      expected(status, 200) ?? (count(body, `"${result}"`) === size ? undefined : `not ${size} ${result}`),
  }
}

function voidPlan(size: number): Plan {
  return {
    request: (number, context) => {
      const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: emails(number, size, context) }
      return { path: `${ADMIN_API}/voidVerifyCode`, headers: json(context), body: JSON.stringify(body) }
    },
    problem: ({ status, body }) =>
      expected(status, 200) ?? (count(body, '"status":1016') === size ? undefined : `not ${size} voided`),
  }
}

function generatePlan(size: number): Plan {
  return {
    request: (number, context) => {
      const body = emails(number, size, context).map((email) => ({ email }))
      const path = `${ADMIN_API}/generateVerifyCode/resetPassword`
      return { path, headers: json(context), body: JSON.stringify(body) }
    },
    problem: ({ status, body }) =>
      expected(status, 200) ??
      (count(body, '"status":1000') === size && count(body, '"verify_code":"') === size
        ? undefined
        : `not ${size} generated`),
  }
}

/** Codes to be mailed, which the answers do not show. */
function generateMailedPlan(size: number): Plan {
  return {
    request: (number, context) => {
      const body = emails(number, size, context).map((email) => ({ email, code_send_to: 'EMAIL' }))
      const path = `${ADMIN_API}/generateVerifyCode/resetPassword`
      return { path, headers: json(context), body: JSON.stringify(body) }
    },
    problem: ({ status, body }) =>
      expected(status, 200) ?? (count(body, '"status":1001') === size ? undefined : `not ${size} generated`),
  }
}

const validate: Plan = {
  request: (number, { stride = 1 }) => {
    const user = number * stride
    const body = `emailAddress=${encodeURIComponent(emailOf(user))}&passwordResetCode=${codeOf(user)}`
    return { path: `${PASSWORD_API}/validatePasswordResetCode`, headers: FORM, body }
  },
  problem: ({ status, body }, number, { stride = 1 }) =>
    expected(status, 200) ??
    (body.includes(`"emailAddress":"${emailOf(number * stride)}"`) ? undefined : 'not its user'),
}

const validateWrong: Plan = {
  request: (number) => {
    const body = `emailAddress=${encodeURIComponent(emailOf(number))}&passwordResetCode=${wrongCodeOf(number)}`
    return { path: `${PASSWORD_API}/validatePasswordResetCode`, headers: FORM, body }
  },
  problem: ({ status, body }) =>
    expected(status, 401) ??
    (body.includes('is not valid for this') ? undefined : 'not a refusal of the code'),
}

const redeem: Plan = {
  request: (number) => {
    const body = `emailAddress=${encodeURIComponent(emailOf(number))}&passwordResetCode=${codeOf(number)}`
    return { path: `${PASSWORD_API}/redeemPasswordResetCode`, headers: FORM, body }
  },
  problem: ({ status, body }) =>
    expected(status, 200) ?? (body.includes('"resetGrant":"ey') ? undefined : 'no grant'),
}

/** Requests to a limiter, which answers how often it admitted (200) and refused (429). */
function limiterPlan(hasRefusals: boolean): Plan {
  return {
    request: (_, { key = '', limit = 0 }) => ({
      method: 'GET',
      path: `/?key=${encodeURIComponent(key)}&limit=${limit}`,
    }),
    problem: ({ status, body }) =>
      expected(status, 200) ??
      ((hasRefusals ? /^\{("(200|429)":\d+,?)+\}$/ : /^\{"200":\d+\}$/).test(body)
        ? undefined
        : 'other answers'),
    statusesOf: ({ body }) => JSON.parse(body) as Record<string, number>,
  }
}

const AUTH = {
  'Content-Type': 'application/json',
  Origin: 'http://127.0.0.1',
  'CF-Connecting-IP': '10.0.0.1',
}

function peerPlan(path: string, bodyOf: (user: number) => object, status: number, part: string): Plan {
  return {
    request: (number) => {
      const body = JSON.stringify({ email: emailOf(number), ...bodyOf(number) })
      return { path: `/api/auth/email-otp/${path}`, headers: AUTH, body }
    },
    problem: (answer) =>
      expected(answer.status, status) ?? (answer.body.includes(part) ? undefined : `without ${part}`),
  }
}

const TYPE = { type: 'forget-password' }
const SUCCESS = '"success":true'

const send: Plan = {
  request: (number) => {
    const body = `emailAddress=${encodeURIComponent(emailOf(number))}`
    return { path: `${PASSWORD_API}/sendPasswordResetCode`, headers: FORM, body }
  },
  problem: ({ status, body }) => expected(status, 200) ?? (body === '' ? undefined : 'not empty'),
}

export const PLANS = {
  'rescind/validate': validate,
  'rescind/void(1)': voidPlan(1),
  'rescind/void(100)': voidPlan(100),
  'rescind/generate(1)': generatePlan(1),
  'rescind/generate(100)': generatePlan(100),
  'rescind/generate mailed(100)': generateMailedPlan(100),
  'rescind/send': send,
  'rescind/validate wrong': validateWrong,
  'rescind/redeem': redeem,
  'limiter/below': limiterPlan(false),
  'limiter/overload': limiterPlan(true),
  'peer/send': peerPlan('request-password-reset', () => ({}), 200, SUCCESS),
  'peer/validate': peerPlan(
    'check-verification-otp',
    (user) => ({ ...TYPE, otp: codeOf(user) }),
    200,
    SUCCESS,
  ),
  'peer/validate wrong': peerPlan(
    'check-verification-otp',
    (user) => ({ ...TYPE, otp: wrongCodeOf(user) }),
    400,
    'INVALID_OTP',
  ),
  'peer/redeem': peerPlan(
    'reset-password',
    (user) => ({ otp: codeOf(user), password: 'a correct horse' }),
    200,
    SUCCESS,
  ),
  'floor/validate': floorPlan('validate', 1, 'match', validate),
  'floor/void(1)': floorPlan('void', 1, 'voided', voidPlan(1)),
  'floor/void(100)': floorPlan('void100', 100, 'voided', voidPlan(100)),
  'floor/generate(1)': floorPlan('generate', 1, 'issued', generatePlan(1)),
  'floor/generate(100)': floorPlan('generate100', 100, 'issued', generatePlan(100)),
  'floor/send': { ...floorPlan('send', 1, '', send), problem: ({ status }) => expected(status, 200) },
} satisfies Record<string, Plan>

export type PlanName = keyof typeof PLANS

function emails(number: number, size: number, { stride = 1 }: LoadContext): string[] {
  return Array.from({ length: size }, (_, index) => emailOf((number * size + index) * stride))
}

function json({ token }: LoadContext): Record<string, string> {
  return { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
}

function expected(status: number, wanted: number): string | undefined {
  return status === wanted ? undefined : `expected ${wanted}`
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}
