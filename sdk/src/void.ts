import { modeOf, type BulkOptions, type Item, type Kind, type OfUser } from './bulk.ts'
import { text } from './check.ts'
import { RescindError } from './errors.ts'
import { refused } from './generate.ts'
import type { components } from './openapi.ts'

type Request = components['schemas']['VoidRequest']
type Answer = components['schemas']['VoidAnswer']['results'][number]

type Told = OfUser & { status: number; message: string; requestId: string | undefined }

export type VoidResult =
  | (OfUser & { outcome: 'voided'; status: number; requestId: string | undefined })
  /** There was no live code: `message` says whether it was used, has expired, and so on. */
  | (Told & { outcome: 'nothing-to-void' })
  /** There is no such user, or they are disabled (1002); more may come. */
  | (Told & { outcome: 'refused' })
  | (OfUser & { outcome: 'failed'; error: RescindError })

/** @throws {TypeError} when an address is none. */
export function itemsToVoid(emails: readonly string[]): Item<string>[] {
  return emails.map((email, index) => ({ user: { email, index }, entry: text(`emails[${index}]`, email) }))
}

/** The vendor's sentence. The status alone does not tell that the service has failed, after which a code may be live. */
const NOTHING_TO_VOID = /^No .*found to void/

/** @throws {TypeError} for another mode than there is. */
export function voidKind(options: BulkOptions): Kind<string, VoidResult> {
  const mode = modeOf(options)
  return {
    path: '/AdminInterface/restapi/v1/users/voidVerifyCode',
    bodyOf: (emails) => ({ code_generation_mode: mode, user_emails: emails }) satisfies Request,
    answersOf: (body) => (body as { results?: unknown }).results,
    resultOf(user, answer, requestId) {
      const { status } = answer as Answer
      if ([1014, 1016].includes(status)) return { ...user, outcome: 'voided', status, requestId }
      const told = refused(user, answer, requestId)
      if (![1013, 1015].includes(status)) return told
      if (NOTHING_TO_VOID.test(told.message)) return { ...told, outcome: 'nothing-to-void' }
      const error = new RescindError(told.message, { code: String(status), requestId })
      return { ...user, outcome: 'failed', error }
    },
  }
}
