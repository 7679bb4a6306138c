import { isAllowedTarget } from './target.ts'

/** Calls to a tenant's identity provider, which its operator names, and which names the rest itself. */

const DEADLINE_MS = 5_000
/** A provider's longest answer: its keys. A longer one is as none. */
const ANSWER_BYTES_MAX = 256 * 1024

/** What may not be called, or has not answered in time or in bounds. */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable'
}

/**
 * A `fetch` that goes only where a hook may, follows no redirect, and gives up an answer that is late or too long: a
 * provider's metadata could else lead us anywhere.
 *
 * @throws {ProviderUnreachable} whatever has failed: what did is nobody's to be told.
 */
export function providerFetch(isLocalRun: boolean) {
  return async function providerFetch(input: string | URL | Request, init: object = {}): Promise<Response> {
    const url = input instanceof Request ? input.url : String(input)
    if (!URL.canParse(url) || !isAllowedTarget(url, isLocalRun)) throw new ProviderUnreachable()
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS)
      const response = await fetch(url, { ...init, redirect: 'manual', signal })
      const body = await bounded(response)
      const { status, headers } = response
      return new Response(isBodyless(status) ? null : body, { status, headers })
    } catch {
      throw new ProviderUnreachable()
    }
  }
}

/** A redirect that was not followed is shown without a status by some runtimes. */
function isBodyless(status: number): boolean {
  return [101, 204, 205, 304].includes(status)
}

async function bounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new ProviderUnreachable()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
