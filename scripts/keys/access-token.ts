import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { importJWK, SignJWT } from 'jose'
import { UserError } from '../user-error.ts'
import type { ClientFile } from './key-file.ts'

const DEADLINE_MS = 15_000
const ASSERTION_LIFETIME_S = 300

type Answer = { status: number; body: string }

/**
 * Asks the token endpoint for an access token with every scope of the client.
 *
 * @throws {UserError} in the words of the service, or when nothing answers.
 */
export async function accessToken({ clientId, tokenEndpoint, privateKey }: ClientFile): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  const claims = { iss: clientId, sub: clientId, aud: tokenEndpoint, jti: crypto.randomUUID() }
  const assertion = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: privateKey.kid })
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ASSERTION_LIFETIME_S)
    .sign(await importJWK({ ...privateKey }, 'RS256'))
  const { status, body } = await ask(tokenEndpoint, {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
  const answer = parse(body)
  if (status === 200 && typeof answer.access_token === 'string') return answer.access_token
  throw new UserError(`${tokenEndpoint} answered ${status}: ${answer.error_description ?? ''}`)
}

function parse(body: string): { access_token?: unknown; error_description?: string } {
  try {
    return JSON.parse(body) as { access_token?: unknown; error_description?: string }
  } catch {
    return {}
  }
}

async function ask(tokenEndpoint: string, parameters: Record<string, string>): Promise<Answer> {
  const form = String(new URLSearchParams(parameters))
  try {
    return await (new URL(tokenEndpoint).hostname.endsWith('.localhost')
      ? postToThisMachine(tokenEndpoint, form)
      : post(tokenEndpoint, form))
  } catch (cause) {
    throw new UserError(`Nothing answers on ${tokenEndpoint}, which the client's file names.`, { cause })
  }
}

const HEADERS = { 'Content-Type': 'application/x-www-form-urlencoded' }

async function post(url: string, body: string): Promise<Answer> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const response = await fetch(url, { method: 'POST', headers: HEADERS, body, signal, redirect: 'error' })
  return { status: response.status, body: await response.text() }
}

/** Names below `localhost` are this machine (RFC 6761 §6.3), which browsers and curl know and Node does not. */
function postToThisMachine(url: string, body: string): Promise<Answer> {
  const { host, port, pathname } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options = {
    host: '127.0.0.1',
    port,
    path: pathname,
    method: 'POST',
    headers: { ...HEADERS, Host: host },
  }
  request({ ...options, signal: AbortSignal.timeout(DEADLINE_MS) }, (response) => {
    text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject)
  })
    .on('error', reject)
    .end(body)
  return promise
}
