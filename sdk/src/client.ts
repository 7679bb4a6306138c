import { must, serviceOrigin, whole } from './check.ts'
import { Codes } from './codes.ts'
import { grantVerifier, type GrantOptions, type ResetGrant, type VerifyOptions } from './grant.ts'
import { newKeyRing, type ApiKeyFile, type OAuthClientFile } from './key.ts'
import { WAIT_MS_MAX } from './wait.ts'

export type RescindOptions = {
  /** The origin of one of the tenant's hosts, such as `https://reset.example.com`. */
  baseUrl: string
  /** What is in a key file, or in the file of an OAuth client. Needed for generate and void. Never in a browser. */
  key?: ApiKeyFile | OAuthClientFile | undefined
  /** Needed for {@link Rescind.verifyResetGrant}. */
  grants?: GrantOptions | undefined
  /** How long one attempt may take: 30 seconds by default. */
  timeoutMs?: number | undefined
  /** Another `fetch`, such as that of a service binding. */
  fetch?: typeof fetch | undefined
}

const TIMEOUT_MS = 30_000

/** A tenant of Rescind, as its own programs meet it. What it holds of a key is in no member that is printed. */
export class Rescind {
  readonly codes: Codes
  readonly #verifyGrant: ReturnType<typeof grantVerifier> | undefined

  /** @throws {TypeError} for a wrong option; never with what is in it. */
  constructor({ baseUrl, key, grants, timeoutMs = TIMEOUT_MS, fetch }: RescindOptions) {
    const origin = serviceOrigin('baseUrl', baseUrl)
    // Called without an object before it, as a browser wants its own.
    const send: typeof fetch = (url, init) => (fetch ?? globalThis.fetch)(url, init)
    const transport = { fetch: send, timeoutMs: whole('timeoutMs', timeoutMs, 1, WAIT_MS_MAX) }
    const keyRing = key === undefined ? undefined : newKeyRing(key, transport)
    this.codes = new Codes({ transport, origin, keyRing })
    this.#verifyGrant = grants && grantVerifier(origin, grants, send)
  }

  /**
   * Verifies a reset grant: signed by the service (ES256, by its published keys), of the type of grants, issued by it,
   * for this audience and this tenant, and not expired. Use it once: `useOnce`, or remember its `grantId`.
   *
   * @throws {GrantError} when it must not be accepted.
   * @throws {ConnectionError} when the keys cannot be fetched.
   */
  async verifyResetGrant(grant: string, options: VerifyOptions = {}): Promise<ResetGrant> {
    must(this.#verifyGrant !== undefined, 'grants', 'given for this')
    return this.#verifyGrant(grant, options)
  }
}
