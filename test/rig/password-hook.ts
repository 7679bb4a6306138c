import { Webhook } from 'standardwebhooks'
import { expect, vi } from 'vitest'
import { newTenant, NO_LIMITS } from './service.ts'

/** A tenant whose passwords are set by a hook, and the tenant's end of it, played in place of `fetch`. */

export const HOOK_URL = 'https://hook.example.com/passwords'
export const HOOK_SECRET = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`
export const JANE = 'jane.saoirse@example.com'

const POLICY = {
  ...NO_LIMITS,
  code: { attemptsMax: 10 },
  mail: { from: 'reset@example.com' },
  redeem: { kind: 'hook', url: HOOK_URL, secret: HOOK_SECRET },
}

/** Jane, her code, and a tenant that redeems through the hook. */
export async function withHook(policy: object = {}) {
  const tenant = await newTenant({ policy: { ...POLICY, ...policy } })
  const janeId = await tenant.addUser(JANE, { userName: 'JaneSaoirse' })
  return { tenant, janeId, code: await tenant.newCode(JANE) }
}

/** A call as the hook got it, its signature verified. */
export type HookCall = {
  url: string
  method: string
  redirect: string
  headers: Headers
  payload: { type: string; timestamp: string; data: unknown }
  signal: AbortSignal
}

/** Answers every call of `fetch` as the tenant's hook, and keeps what was asked. */
export function playHook(answer: (call: HookCall) => Response | Promise<Response>): HookCall[] {
  const calls: HookCall[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    const verified = new Webhook(HOOK_SECRET).verify(
      await request.text(),
      Object.fromEntries(request.headers),
    )
    const { url, method, redirect, headers } = request
    const signal = init?.signal ?? undefined
    expect(signal).toBeInstanceOf(AbortSignal)
    const payload = verified as HookCall['payload']
    const call = { url, method, redirect, headers, payload, signal: signal as AbortSignal }
    calls.push(call)
    return answer(call)
  })
  return calls
}
