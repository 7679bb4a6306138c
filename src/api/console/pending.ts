import * as v from 'valibot'
import type { OpenIdClient, PendingSignIn } from '../../auth/open-id.ts'
import { config } from '../../config.ts'
import { seal, unseal } from '../../crypto/seal.ts'
import type { SignInContext } from './console-env.ts'

/** A sign-in that is under way, as its browser keeps it: nobody else can read it or make one. */

const PURPOSE = 'console-sign-in'

const schema = v.object({
  tenantId: v.string(),
  issuer: v.string(),
  clientId: v.string(),
  returnTo: v.string(),
  startedAt: v.number(),
  pending: v.object({
    state: v.string(),
    nonce: v.string(),
    verifier: v.string(),
    acrValues: v.optional(v.string()),
  }),
})

export function sealPending(
  c: SignInContext,
  { pending, returnTo, provider }: { pending: PendingSignIn; returnTo: string; provider: OpenIdClient },
): Promise<string> {
  const { issuer, clientId } = provider
  const [{ id: tenantId }, startedAt] = [c.get('tenant'), c.get('now')]
  const kept: v.InferOutput<typeof schema> = { tenantId, issuer, clientId, returnTo, startedAt, pending }
  return seal(config(c.env).transientKeys, PURPOSE, kept)
}

/** Nothing for what was not sealed here, for another tenant, or too long ago. */
export async function openPending(c: SignInContext, sealed: string | undefined, ageMaxS: number) {
  const opened = v.safeParse(schema, await unseal(config(c.env).transientKeys, PURPOSE, sealed))
  if (!opened.success) return undefined
  const { tenantId, startedAt } = opened.output
  const isGood = tenantId === c.get('tenant').id && c.get('now') - startedAt < ageMaxS * 1000
  return isGood ? opened.output : undefined
}
