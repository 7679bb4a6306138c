import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ClientMetadata, default as Provider, JWK } from 'oidc-provider'
import { isLoopbackHost } from '../../src/network-address.ts'
import { PEOPLE, peoplePage } from './people-page.ts'

/**
 * An OpenID provider for local runs, so that the console works on a fresh clone. Whoever reaches it may sign in as any
 * of its people: it listens to this machine alone, and the tenant `demo` of this machine alone trusts it. It is part of
 * `npm start`, and of nothing that is deployed.
 */

export const CONSOLE_CLIENT = 'rescind-console'
/** How strongly somebody has signed in: every click here counts as both. */
const ACR_VALUES = ['urn:rescind:local:password', 'phr']
const DAY_S = 86_400
const PEOPLE_PATH = '/people/'

/** Its own name for this machine, so that its cookies and the service's keep apart. */
const HOST = '127.0.0.1'

/** A provider that runs, and how to stop it. */
export type RunningProvider = { issuer: string; stop: () => void }

/**
 * Starts the provider on the port it had before, if that is free, or on any: who signs in is known by the issuer.
 *
 * @param baseUrl the service, whose console its people sign in to.
 */
export async function startProvider(baseUrl: string, wantedPort: number): Promise<RunningProvider> {
  const server = createServer()
  const port = await listen(server, wantedPort).catch(() => listen(server, 0))
  const issuer = `http://${HOST}:${port}`
  const provider = await newProvider(issuer, baseUrl)
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith(PEOPLE_PATH)) void answerPeople(provider, request, response)
    else void answer(request, response)
  })
  return {
    issuer,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: HOST, exclusive: true }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

async function newProvider(issuer: string, baseUrl: string): Promise<Provider> {
  // It tells of what it is not meant for, which is nobody's concern here, while it is loaded and made.
  const { info, warn } = console
  Object.assign(console, { info: () => {}, warn: () => {} })
  try {
    const { Provider } = await import('oidc-provider')
    const provider = new Provider(issuer, configuration(clientOf(baseUrl)))
    // Any tenant of this machine may use it, on any of its names.
    Object.assign(provider.Client.prototype, {
      redirectUriAllowed: isOfThisMachine,
      postLogoutRedirectUriAllowed: isOfThisMachine,
    })
    return provider
  } finally {
    Object.assign(console, { info, warn })
  }
}

function isOfThisMachine(uri: string): boolean {
  return URL.canParse(uri) && isLoopbackHost(new URL(uri).hostname)
}

function clientOf(baseUrl: string): ClientMetadata {
  return {
    client_id: CONSOLE_CLIENT,
    client_name: 'Rescind',
    token_endpoint_auth_method: 'none',
    redirect_uris: [`${baseUrl}/console/callback`],
    post_logout_redirect_uris: [`${baseUrl}/console`],
    backchannel_logout_uri: `${baseUrl}/console/backchannel-logout`,
    backchannel_logout_session_required: true,
  }
}

function configuration(client: ClientMetadata): ConstructorParameters<typeof Provider>[1] {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'local', alg: 'RS256', use: 'sig' } as JWK
  return {
    clients: [client],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    acrValues: ACR_VALUES,
    claims: { email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    // In the ID token too, as many providers have it.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    // The service is on this machine, which its own `fetch` would not call.
    fetch: (url, options) =>
      fetch(url, Object.fromEntries(Object.entries(options ?? {}).filter(([name]) => name !== 'dispatcher'))),
    interactions: { url: (_, { uid }) => `/people/${uid}` },
    ttl: {
      Session: DAY_S,
      Interaction: 3600,
      Grant: DAY_S,
      AccessToken: 3600,
      IdToken: 3600,
      AuthorizationCode: 60,
    },
    findAccount: (_, sub) => {
      const person = PEOPLE.find((each) => each.email === sub)
      return person && { accountId: sub, claims: () => ({ sub, email_verified: true, ...person }) }
    },
    // Nobody is asked whether the service may know who they are.
    async loadExistingGrant({ oidc }) {
      const { client, session, provider } = oidc
      if (client === undefined || session?.accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email groups')
      await grant.save()
      return grant
    },
  }
}

/** The page on which somebody says who they are, and what becomes of it. */
async function answerPeople(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, uid = '', isChosen] = /^\/people\/([\w-]+)(\/as)?$/.exec(pathname) ?? []
  try {
    const { params, uid: known } = await provider.interactionDetails(request, response)
    if (known !== uid) throw new Error('another sign-in is under way in this browser')
    const person = PEOPLE.find(({ email }) => email === searchParams.get('person'))
    if (isChosen === undefined || person === undefined) {
      send(response, 200, peoplePage(uid))
    } else {
      const { acr_values: wanted } = params
      const [asked] = typeof wanted === 'string' ? wanted.split(' ') : []
      const acr = ACR_VALUES.find((value) => value === asked) ?? ACR_VALUES[0]
      const login = { accountId: person.email, ...(acr !== undefined && { acr }) }
      await provider.interactionFinished(request, response, { login })
    }
  } catch {
    send(response, 400, '<!doctype html><title>Too late</title><p>This sign-in is over. Begin it again.')
  }
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(html)
}
