import type { Keyring } from '../crypto/keyring.ts'
import { seal, unseal } from '../crypto/seal.ts'
import type { Question } from '../tenants/challenge-policy.ts'
import type { Answer } from './challenge.ts'

/** What a step of the reset pages knows from the steps before it. It travels sealed, in a link or in a form. */
export type ResetState = {
  tenantId: string
  emailAddress: string
  /** Which mail the code is in, see reference.ts; nothing where the user has a code from somebody else. */
  reference?: string
  /** Epoch ms at which the code was asked for, where the page asked for it. */
  askedAt?: number
  /** Epoch ms at which the code ends, or at which the page asks for everything again. */
  expiresAt: number
}

/** The same with a code that was right when it was entered. */
export type EnteredState = ResetState & {
  code: string
  /** The question that its holder is asked, and by it who that is: a form of a question alone has it. */
  asked?: { userId: string; question: Question }
  /** The answer that was right when it was given. */
  answer?: Answer | undefined
}

export type OpenedState<State> = { tag: 'open'; state: State } | { tag: 'expired' } | { tag: 'foreign' }

const LINK = 'reset-link'
/** A purpose of its own: what is in a link never stands for a form with a code. */
const FORM = 'reset-form'

/** Seals what the second step needs, for a link: neither the address nor anything else can be read from it. */
export function sealLink(keys: Keyring, state: ResetState): Promise<string> {
  return seal(keys, LINK, state)
}

export function openLink(keys: Keyring, sealed: unknown, tenantId: string, now: number) {
  return openSealed<ResetState>(keys, LINK, sealed, tenantId, now)
}

/** Seals an entered code for the form of the next step. */
export function sealForm(keys: Keyring, state: EnteredState): Promise<string> {
  return seal(keys, FORM, state)
}

export function openForm(keys: Keyring, sealed: unknown, tenantId: string, now: number) {
  return openSealed<EnteredState>(keys, FORM, sealed, tenantId, now)
}

/** What was sealed for the purpose at this tenant, while it is good. */
export async function openSealed<State extends Pick<ResetState, 'tenantId' | 'expiresAt'>>(
  keys: Keyring,
  purpose: string,
  sealed: unknown,
  tenantId: string,
  now: number,
): Promise<OpenedState<State>> {
  // Only this service has the key, so that whatever opens is a state that it sealed.
  const state = (await unseal(keys, purpose, sealed)) as State | undefined
  if (state?.tenantId !== tenantId) return { tag: 'foreign' }
  return state.expiresAt > now ? { tag: 'open', state } : { tag: 'expired' }
}
