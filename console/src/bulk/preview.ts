import { admin, CallError } from '../api/call.ts'
import { PART_SIZE, type Action } from './job.ts'

/** What would happen to one user; the reason in the words of the service, where nothing would. */
export type Foreseen = { address: string; words: string; reason?: string; isGood: boolean }

type Result = { status: number; errorMessage?: string; hasLiveCode: boolean }

/** How long is waited where the service does not say. */
const PAUSE_S = 3

/** Asks for all of them, in parts of as many users as one call takes. */
export async function preview(
  addresses: readonly string[],
  action: Action,
  onDone: (count: number) => void,
  signal: AbortSignal,
): Promise<Foreseen[]> {
  const found: Foreseen[] = []
  for (let at = 0; at < addresses.length; at += PART_SIZE) {
    const part = addresses.slice(at, at + PART_SIZE)
    const results = await ask(bodyOf(part, action), signal)
    found.push(...part.map((address, index) => foreseen(address, results[index])))
    onDone(found.length)
  }
  return found
}

async function ask(body: object, signal: AbortSignal): Promise<Result[]> {
  for (;;) {
    try {
      return (await admin<{ results: Result[] }>('POST', '/v1/codes/preview', { body, signal })).results
    } catch (error) {
      if (!(error instanceof CallError) || ![429, 503].includes(error.status)) throw error
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfterS ?? PAUSE_S) * 1000))
    }
  }
}

function bodyOf(addresses: readonly string[], action: Action): object {
  const mode = { code_generation_mode: 'PASSWORD_RESET' }
  if (action.tag === 'void') return { operation: 'void', ...mode, users: addresses }
  const users = addresses.map((email) => ({ email, code_send_to: action.way }))
  return { operation: 'generate', ...mode, users }
}

function foreseen(address: string, result: Result | undefined): Foreseen {
  const { status = 0, errorMessage, hasLiveCode = false } = result ?? {}
  const isGood = [1000, 1001, 1016].includes(status)
  return {
    address,
    words: wordsFor(status, hasLiveCode),
    ...(errorMessage && { reason: errorMessage }),
    isGood,
  }
}

function wordsFor(status: number, hasLiveCode: boolean): string {
  switch (status) {
    case 1000:
    case 1001:
      return hasLiveCode ? 'Gets a new code in place of a live one' : 'Gets a code'
    case 1016:
      return 'Is voided'
    case 1015:
      return 'Has nothing to void'
    case 1002:
      return 'No such user'
    default:
      return 'Gets no code'
  }
}
