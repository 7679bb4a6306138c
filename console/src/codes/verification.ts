import { queryOptions } from '@tanstack/react-query'
import { admin, CallError } from '../api/call.ts'

/** A live verification of a caller, in the members of the admin API. */
export type Verification = {
  userEmail: string
  adminUsername: string
  sessionExpiration: string
  verifyUrl: string
  verifyStatus: 'PENDING' | 'CODE_SHOWN' | 'WRONG_CODE' | 'VERIFIED' | 'FAILED' | 'EXPIRED' | 'CANCELED'
  status: 'ACTIVE' | 'ENDED'
}

const POLL_MS = 2000

const pathOf = (userId: string, step: string) => `/v1/users/${encodeURIComponent(userId)}/verify/${step}`

/** How the verification of this user by this person goes; null where there is none. */
export function verificationQuery(userId: string) {
  return queryOptions({
    queryKey: ['verification', userId],
    queryFn: async ({ signal }): Promise<Verification | null> => {
      try {
        return await admin<Verification>('GET', pathOf(userId, 'status'), { signal })
      } catch (error) {
        if (error instanceof CallError && error.status === 404) return null
        throw error
      }
    },
    // The caller does their part on a page of their own.
    refetchInterval: ({ state: { data } }) => (data && isWaiting(data) ? POLL_MS : false),
  })
}

export function isWaiting({ status, verifyStatus }: Verification): boolean {
  return status === 'ACTIVE' && verifyStatus !== 'VERIFIED'
}

export function isGood({ status, verifyStatus }: Verification): boolean {
  return status === 'ACTIVE' && verifyStatus === 'VERIFIED'
}

export function startVerification(userId: string): Promise<Verification> {
  return admin('POST', pathOf(userId, 'start'))
}

export function checkDigits(userId: string, verifyCode: string): Promise<Verification> {
  return admin('POST', pathOf(userId, 'code'), { body: { verifyCode } })
}

export function cancelVerification(userId: string): Promise<Verification> {
  return admin('POST', pathOf(userId, 'cancel'))
}
