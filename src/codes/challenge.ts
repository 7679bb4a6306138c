import { hmac, type Keyring } from '../crypto/keyring.ts'

/** The answers of users to their tenant's questions: what of them is kept, and what of them is compared. */

/** UTF-16 units of an answer, as at the vendor. */
export const ANSWER_LENGTH_MAX = 2_048

/** An answer to one question, by whoever claims to be the user. */
export type Answer = { userId: string; challengeCode: string; text: string }

/**
 * Undoes what people change in an answer from one time to the next: case, width, accents as one character or as two,
 * and blanks. `toUpperCase` before `toLowerCase` folds what the latter alone leaves apart, as ß and ss.
 *
 * @returns nothing where only blanks are left.
 */
export function normaliseAnswer(text: string): string {
  const folded = text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
  return folded.replace(/\s+/gu, ' ').trim()
}

/**
 * Digests of an answer under every pepper, newest first. They are bound to the user and not to the address, which may
 * change, so that equal answers of two users have nothing in common.
 */
export function answerDigests(
  peppers: Keyring,
  tenantId: string,
  { userId, challengeCode, text }: Answer,
): { pepperId: string; digest: string }[] {
  const answer = normaliseAnswer(text)
  return peppers.map((pepper) => ({
    pepperId: pepper.id,
    digest: hmac(pepper, ['challenge-answer', tenantId, userId, challengeCode, answer]).toString('base64url'),
  }))
}
