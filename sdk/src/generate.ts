import { modeOf, type BulkOptions, type Item, type Kind, type OfUser, type Told } from './bulk.ts'
import { isText, must } from './check.ts'
import type { components } from './openapi.ts'

type Entry = components['schemas']['GenerateEntry']
type Answer = components['schemas']['GenerateResult']

/** Where a code goes: into the result, or by mail. */
export type SendTo = 'DISPLAY' | 'EMAIL'

/** How the codes of a run are to be, where a user does not say otherwise. */
type Wanted = {
  /** How long the code lives, in minutes: 10 to 1440; by default what the tenant's policy says. */
  validityMinutes?: number | undefined
  /** `DISPLAY` unless it says otherwise. */
  sendTo?: SendTo | undefined
}

export type UserToGenerate = Wanted & {
  email: string
  /** Another address to mail the code to, where the tenant allows it. */
  customEmail?: string | undefined
}

export type GenerateOptions = BulkOptions & Wanted

/** A code was made. `code` is there where it was to be shown, and nowhere else. */
type Generated = OfUser & {
  status: number
  expiresAt: Date
  /** The page where it is entered. */
  link: string | undefined
  requestId: string | undefined
}

export type GenerateResult =
  | (Generated & { outcome: 'shown'; code: string })
  | (Generated & { outcome: 'mailed' })
  | (OfUser & {
      /** The service has made no code for this user: `status` is 1002 to 1006, and more may come. */
      outcome: 'refused'
      status: number
      message: string
      requestId: string | undefined
    })

/** @throws {TypeError} when a user is none, or an option is wrong. */
export function itemsToGenerate(
  users: readonly (string | UserToGenerate)[],
  options: GenerateOptions,
): Item<Entry>[] {
  return users.map((user, index) => {
    const wanted = typeof user === 'string' ? { email: user } : user
    must(isText(wanted?.email), `users[${index}]`, 'an address, or have an email')
    const { email, customEmail, sendTo, validityMinutes }: UserToGenerate = { ...options, ...wanted }
    // What is undefined is not sent.
    const entry = {
      email,
      custom_email: customEmail,
      code_send_to: sendTo,
      code_validity: validityMinutes,
      validity_time_duration_unit: validityMinutes === undefined ? undefined : 'MIN',
    } as Entry
    return { user: { email, index }, entry }
  })
}

const PATH = '/AdminInterface/restapi/v1/users/generateVerifyCode'

/** @throws {TypeError} for another mode than there is. */
export function generateKind(options: GenerateOptions): Kind<Entry, GenerateResult> {
  return {
    path: `${PATH}/${modeOf(options) === 'ENROLLMENT' ? 'enroll' : 'resetPassword'}`,
    bodyOf: (entries) => entries,
    answersOf: (body) => body,
    resultOf(user, answer, requestId) {
      const { status, verify_code: code, ...told } = answer as Answer
      const { verify_code_validity_time: validity, verification_Link: link } = told
      if (validity === undefined) return refused(user, answer, requestId)
      const generated = { ...user, status, expiresAt: new Date(validity), link, requestId }
      return code === undefined
        ? { ...generated, outcome: 'mailed' }
        : { ...generated, outcome: 'shown', code }
    },
  }
}

/** The service's word that nothing was done for a user. */
export function refused(user: OfUser, { status, errorMessage }: Told, requestId: string | undefined) {
  const message = errorMessage ?? `The status is ${status}.`
  return { ...user, outcome: 'refused' as const, status, message, requestId }
}
