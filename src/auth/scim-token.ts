import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { isTaggedUuid, newTaggedUuid } from '../crypto/tagged-uuid.ts'
import { scimTokenOfId, type KnownScimToken } from '../tenants/catalogue.ts'

const CONTEXT = ['scim-token']
/** `rescind_scim_`, so that scanners of leaked secrets know it, an id that proves its origin, and 256 random bits. */
const FORM = /^rescind_scim_([\da-f-]{36})_[\w-]{43}$/
const SECRET_BYTES = 32

/** A new token, which is shown once, and what is stored of it. */
export function newScimToken(keys: Keyring): { token: string; id: string; digest: string } {
  const id = newTaggedUuid(keys, CONTEXT)
  const token = `rescind_scim_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { token, id, digest: digestOf(token) }
}

/** Whether the text is a token of the directory by its form. */
export function isScimToken(token: string): boolean {
  return FORM.test(token)
}

/** The token's record and its tenant, if it is live. An invented token costs no read of the database. */
export async function verifyScimToken(
  db: D1Database,
  { accessIdKeys }: Pick<Config, 'accessIdKeys'>,
  token: string,
): Promise<KnownScimToken | undefined> {
  const [, id = ''] = FORM.exec(token) ?? []
  if (!isTaggedUuid(accessIdKeys, CONTEXT, id)) return undefined
  const known = await scimTokenOfId(db, id)
  if (known === undefined) return undefined
  const isSame = timingSafeEqual(Buffer.from(digestOf(token)), Buffer.from(known.token.digest))
  return isSame ? known : undefined
}

/** Unsalted: 256 random bits are not guessed. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
