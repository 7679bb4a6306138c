import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { openApiDocument } from '../../scripts/openapi/document.ts'
import { examplePath } from '../../scripts/openapi/parameters.ts'
import { operationsOf, type Named } from '../../scripts/openapi/promises.ts'
import { app } from '../../src/local.ts'
import { forgetCatalogue } from '../../src/tenants/catalogue.ts'
import { SCOPES } from '../../src/tenants/scope.ts'
import { newConsoleTenant, sam, type Browser } from '../rig/console.ts'
import { accessToken, addClient, clientKey } from '../rig/oauth.ts'
import {
  BASE_URL,
  newRequest,
  newTenant,
  NO_LIMITS,
  operatorToken,
  type Call,
  type Tenant,
} from '../rig/service.ts'

/**
 * What any operation may be refused with, asked of every operation that says so in the document: as a caller, a
 * database or a configuration brings it about.
 */

const operations = operationsOf(openApiDocument())

/** Operations that document the status. */
const withStatus = (status: number, isMeant: (each: Named) => boolean = () => true) =>
  operations
    .filter((each) => each.operation.responses[status] !== undefined && isMeant(each))
    .map(({ name }) => name)

const byName = new Map(operations.map((each) => [each.name, each]))
const operationOf = (name: string) => {
  const found = byName.get(name)
  if (found === undefined) throw new Error(`no operation ${name}`)
  return found.operation
}
const isOfTenant = ({ operation }: Named) => operation.security.length > 0
const takes = (name: string) => Object.keys(operationOf(name).requestBody?.content ?? {})

let tenant: Tenant
/** One whose passwords a hook sets, and who has pages. */
let hooked: Tenant
/** A super-admin in the console of a tenant. */
let person: Browser
let tokens: { desk: string; admin: string; operator: string }

beforeAll(async () => {
  const questions = [{ code: 'com.soa.challenge.question.color', text: 'What is your favorite color?' }]
  tenant = await newTenant({
    policy: { ...NO_LIMITS, redeem: { kind: 'grant', audience: 'statuses' }, challenges: { questions } },
  })
  const redeem = { kind: 'hook', url: 'https://hook.example.com/', secret: `whsec_${btoa('x'.repeat(32))}` }
  hooked = await newTenant({ policy: { ...NO_LIMITS, redeem, pages: {} } })
  person = (await sam(await newConsoleTenant(NO_LIMITS))).browser
  vi.restoreAllMocks()
  tokens = {
    desk: await tenant.token(),
    admin: await tenant.token('super-admin'),
    operator: await operatorToken(),
  }
})

type Changes = Call & { host?: string; query?: string; path?: string }

/** The operation with the example of its body, as whoever may call it, with something else than that. */
async function ask(name: string, changes: Changes = {}, bindings: object = {}): Promise<Response> {
  const [method = '', template = ''] = name.split(' ')
  const { security, requestBody } = operationOf(name)
  const isOperators = security.some((each) => 'operatorToken' in each)
  const isPersons = isOfPersons(name)
  const token = isOperators ? tokens.operator : tokens.admin
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const [example] = Object.values((content as { examples?: object } | undefined)?.examples ?? {}) as {
    value: object
  }[]
  const isForm = type === 'application/x-www-form-urlencoded'
  const body = isForm ? String(new URLSearchParams(example?.value as Record<string, string>)) : example?.value
  const {
    host = (template.startsWith('/console')
      ? person
      : /^\/(?:api\/login|reset)/.test(template)
        ? hooked
        : tenant
    ).host,
    query = '',
    path = examplePath(template),
    headers,
    ...call
  } = changes
  const url = (isOperators && changes.host === undefined ? BASE_URL : `https://${host}`) + path + query
  const request = newRequest(url, {
    method,
    body,
    ...(security.length > 0 && !isPersons && { token }),
    ...call,
    headers: {
      ...(type !== undefined && { 'Content-Type': type }),
      ...(isPersons && sessionHeaders()),
      ...headers,
    },
  })
  const context = createExecutionContext()
  const response = await app.fetch(request, { ...env, ...bindings }, context)
  await waitOnExecutionContext(context)
  return response
}

/** Whether only people who are signed in to the console may call it. */
const isOfPersons = (name: string) => {
  const { security } = operationOf(name)
  return security.length > 0 && security.every((each) => 'consoleSession' in each)
}

const sessionHeaders = () => ({
  Cookie: [...person.cookies].map((pair) => pair.join('=')).join('; '),
  'X-CSRF-Token': person.csrfToken,
})

const without = (headers: Record<string, string>): Changes => ({ headers })

describe('400', () => {
  it.each(withStatus(400, ({ name }) => takes(name)[0]?.endsWith('json') === true))(
    '%s: no JSON',
    async (name) => {
      expect((await ask(name, { body: '{"a"' })).status).toBe(400)
    },
  )

  it.each(withStatus(400, ({ name }) => takes(name)[0]?.endsWith('urlencoded') === true))(
    '%s: a form that is empty, or has fields twice',
    async (name) => {
      // A page that gets an empty form asks for what is missing.
      const body = /^POST \/(?:reset|v\/)/.test(name) ? 'm=&m=&s=&s=&code=&code=&link=&link=' : ''
      expect((await ask(name, { body })).status).toBe(400)
    },
  )

  // What is refused at the start of a verification is the user: test/api/admin/verify-user.test.ts.
  const hasQuery = (name: string) => takes(name).length === 0 && !name.endsWith('/verify/start')
  it.each(withStatus(400, ({ name }) => hasQuery(name)))('%s: a bad query', async (name) => {
    expect((await ask(name, { query: '?pageSize=x&count=x&limit=x&from=x' })).status).toBe(400)
  })
})

describe('401', () => {
  it.each(withStatus(401, ({ name }) => isOfPersons(name)))('%s: no session, and a bad one', async (name) => {
    for (const Cookie of ['', '__Host-rescind-session=x']) {
      expect((await ask(name, without({ Cookie }))).status).toBe(401)
    }
  })

  it.each(withStatus(401, ({ name, operation }) => operation.security.length > 0 && !isOfPersons(name)))(
    '%s: no token, and a bad one',
    async (name) => {
      for (const [Authorization, challenge] of [
        ['Basic x', 'Bearer'],
        ['Bearer x.y.z', 'Bearer error="invalid_token"'],
      ] as const) {
        const response = await ask(name, without({ Authorization }))
        expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([401, challenge])
      }
    },
  )
})

/** Operations that a tenant's keys and clients may call, if they may. */
const isOfKeys = ({ operation }: Named) => operation.security.some((each) => 'apiKeyToken' in each)

describe('403', () => {
  it.each(withStatus(403, (each) => isOfTenant(each) && !isOfKeys(each)))(
    '%s: to a session without its token, and to the tenant of another',
    async (name) => {
      const token = undefined as unknown as string
      const headers = { ...sessionHeaders(), 'X-CSRF-Token': 'x' }
      expect((await ask(name, { host: person.host, token, headers })).status).toBe(403)
      if (!isOfPersons(name)) {
        expect((await ask(name, { host: person.host, token, headers: sessionHeaders() })).status).toBe(403)
      }
    },
  )

  it.each(withStatus(403, isOfKeys))('%s: to the roles that the document does not list', async (name) => {
    const roles = operationOf(name).security.flatMap((each) => each['apiKeyToken'] ?? [])
    const { status } = await ask(name, { token: tokens.desk, ...(takes(name).length > 0 && { body: '{' }) })
    expect(status === 403).toBe(!roles.includes('help-desk'))
  })

  it('to every client whose scopes the document does not list', async () => {
    const key = await clientKey('ES256')
    for (const scope of Object.keys(SCOPES)) {
      const token = await accessToken(tenant, await addClient(tenant, key, [scope]))
      for (const name of withStatus(403, isOfKeys)) {
        const scopes = operationOf(name).security.flatMap((each) => each['oauth2'] ?? [])
        const asked = await ask(name, {
          token,
          ...(takes(name).length > 0 && { body: '{' }),
          query: '?count=x',
        })
        const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`
        const isLetIn = scopes.includes(scope)
        expect([name, asked.status === 403, asked.headers.get('WWW-Authenticate')]).toEqual([
          name,
          !isLetIn,
          // What no scope grants is for keys alone.
          isLetIn || scopes.length === 0 ? null : challenge,
        ])
      }
      await removeClients()
    }
  })
})

it.each(withStatus(403, (each) => !isOfTenant(each)))('403 %s: a form of another site', async (name) => {
  expect((await ask(name, without({ 'Sec-Fetch-Site': 'cross-site' }))).status).toBe(403)
})

/** A tenant has ten clients at most. */
async function removeClients() {
  const list = await ask('GET /operator/v1/tenants/{id}/clients', {
    path: `/operator/v1/tenants/${tenant.id}/clients`,
  })
  const { clients } = await list.json<{ clients: { clientId: string }[] }>()
  for (const { clientId } of clients) {
    await ask('DELETE /operator/v1/tenants/{id}/clients/{clientId}', {
      path: `/operator/v1/tenants/${tenant.id}/clients/${clientId}`,
    })
  }
}

describe('404', () => {
  it.each(withStatus(404, ({ operation }) => operation.security.length > 0))(
    '%s: of nobody',
    async (name) => {
      const path = (name.split(' ')[1] ?? '').replaceAll(/\{\w+\}/g, 'nobody')
      expect((await ask(name, { path })).status).toBe(404)
    },
  )

  it.each(withStatus(404, ({ operation }) => operation.security.length === 0))(
    '%s: on a host of nobody',
    async (name) => {
      expect((await ask(name, { host: 'nobody.example.com' })).status).toBe(404)
    },
  )
})

it.each(withStatus(406))('406 %s', async (name) => {
  expect((await ask(name, without({ Accept: 'text/html' }))).status).toBe(406)
})

it.each(withStatus(413))('413 %s', async (name) => {
  expect((await ask(name, { body: 'x'.repeat(name.endsWith('/Bulk') ? 1_048_577 : 65_537) })).status).toBe(
    413,
  )
})

it.each(withStatus(415))('415 %s', async (name) => {
  const type = `${takes(name)[0]}; charset=latin1`
  expect((await ask(name, without({ 'Content-Type': type }))).status).toBe(415)
})

it.each(withStatus(429))('429 %s', async (name) => {
  const bindings = { FLOOD_SHIELD: { limit: async () => ({ success: false }) } }
  const response = await ask(name, without({ 'CF-Connecting-IP': '203.0.113.9' }), bindings)
  expect([response.status, response.headers.get('Retry-After')]).toEqual([429, '10'])
})

it.each(withStatus(500))('500 %s', async (name) => {
  expect((await ask(name, {}, { PEPPERS: 'short' })).status).toBe(500)
})

it.each(withStatus(503))('503 %s', async (name) => {
  forgetCatalogue()
  const fail = () => Promise.reject(new Error('D1_ERROR: x'))
  const statement = { bind: () => statement, run: fail, all: fail, first: fail, raw: fail }
  const response = await ask(name, {}, { DB: { prepare: () => statement, batch: fail } })
  expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
})
