import packageJson from '../../package.json' with { type: 'json' }
import { SESSION_COOKIE, SESSION_CSRF_HEADER } from '../../src/auth/session-cookie.ts'
import { PERMISSIONS, type Permission, type Role } from '../../src/tenants/role.ts'
import { SCOPES, scopesFor } from '../../src/tenants/scope.ts'
import { adminDialect } from './admin.ts'
import { consoleDialect } from './console.ts'
import { headerComponents, SECURITY_HEADERS } from './headers.ts'
import { namedSchemas } from './json-schema.ts'
import { oauthDialect, oauthDiscoveryDialect } from './oauth.ts'
import type { Body, Dialect, Operation, Parameter, Who } from './operation.ts'
import { operatorDialect } from './operator.ts'
import { formDialect, pageDialect } from './pages.ts'
import { parameterObject, pathParameters } from './parameters.ts'
import { passwordDialect } from './password.ts'
import { publicDialect } from './public.ts'
import { bodyContent, Responses } from './responses.ts'
import { codeSamples } from './samples.ts'
import { reportFormDialect, reportPageDialect } from './report-pages.ts'
import { scimDialect } from './scim.ts'
import { verifyPageDialects } from './verify-pages.ts'

/** All that the Worker serves, as OpenAPI 3.1: made of the files of the dialects beside this one. */

const DIALECTS: readonly Dialect[] = [
  adminDialect,
  passwordDialect,
  pageDialect,
  formDialect,
  reportPageDialect,
  reportFormDialect,
  ...verifyPageDialects,
  scimDialect,
  oauthDialect,
  oauthDiscoveryDialect,
  operatorDialect,
  consoleDialect,
  publicDialect,
]

const DESCRIPTION = `
The authority for password reset codes, at the edge. It speaks two public APIs, so that existing clients work
unchanged: RSA ID Plus Cloud Administration (the admin API) and Akana Community Manager (the password API). Beside
them stand a SCIM directory of users, OAuth 2.0, and the operator API.

- On the admin API and the directory, the token names the tenant. On the password API, the reset pages and for OAuth, the
  host name of the request does.
- Bodies are UTF-8 and at most 64 KiB. A path that does not exist is answered 404, and another method 405 with
  \`Allow\`: both in the shape that refusals below that path have.
- Clients of the admin API may leave out \`/v1\`, and a slash too many does no harm. The password API's vendor prints
  \`/api/passwordmanagement/passwordmanagement/...\`, which works too.
- Members may be added to answers, and values to what is called open here: be ready for both.
- Every answer also carries ${SECURITY_HEADERS.map((name) => `\`${name}\``).join(', ')}.
`

export type OpenApiDocument = {
  openapi: string
  paths: Record<string, Record<string, OperationObject>>
  components: { schemas: Record<string, object>; headers: Record<string, object>; [kind: string]: object }
  [member: string]: unknown
}

export type OperationObject = {
  operationId: string
  tags: readonly string[]
  security: readonly Record<string, readonly string[]>[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, ResponseObject>
  [member: string]: unknown
}

export type ResponseObject = {
  $ref?: string
  headers?: Record<string, { $ref: string }>
  content?: Record<string, { schema: object; examples: Record<string, { value: unknown }> }>
}

/** The whole document. Everything in it is said in the files of the dialects, or follows from the code. */
export function openApiDocument(): OpenApiDocument {
  const responses = new Responses()
  const paths: OpenApiDocument['paths'] = {}
  for (const dialect of DIALECTS) {
    for (const [route, operation] of Object.entries(dialect.operations)) {
      const [method = '', path = ''] = route.split(' ')
      const template = path.replace(/:(\w+)/g, '{$1}')
      paths[template] ??= {}
      paths[template][method.toLowerCase()] = operationObject(dialect, operation, method, template, responses)
    }
  }
  const shared = responses.share(paths)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Rescind',
      version: packageJson.version,
      summary: packageJson.description,
      description: DESCRIPTION.trim(),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The service that shows this page' }],
    tags: [...new Map(DIALECTS.map(({ tag, description }) => [tag, { name: tag, description }])).values()],
    paths,
    components: {
      securitySchemes: securitySchemes(),
      headers: headerComponents(),
      responses: shared,
      schemas: namedSchemas(),
    },
  }
}

function operationObject(
  dialect: Dialect,
  operation: Operation,
  method: string,
  path: string,
  responses: Responses,
): OperationObject {
  const { id, summary, description, who, query = [], headers = [], body } = operation
  const located = (where: string) => (parameter: Parameter) => parameterObject(where, parameter)
  const parameters = [
    ...pathParameters(path),
    ...query.map(located('query')),
    ...headers.map(located('header')),
  ]
  return {
    operationId: id,
    tags: [dialect.tag],
    summary,
    description: [description, whoMay(who)].filter(Boolean).join('\n\n'),
    security: securityOf(who),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBody(body) }),
    responses: responses.of(dialect, operation, method, path),
    'x-codeSamples': codeSamples(operation, method, path),
  }
}

function requestBody({ content, isOptional }: Body) {
  return { required: isOptional !== true, content: bodyContent(content) }
}

const ROLES = Object.keys(PERMISSIONS) as Role[]

function rolesOf(permission: Permission): Role[] {
  return ROLES.filter((role) => (PERMISSIONS[role] as readonly Permission[]).includes(permission))
}

/** Each entry is enough by itself. */
function securityOf(who: Who): OperationObject['security'] {
  // The assertion of an OAuth client is part of its form, for which OpenAPI has no word.
  if (who === 'anyone' || who === 'oauth-client') return []
  if (who === 'operator') return [{ operatorToken: [] }]
  if (who === 'owner') return [{ operatorToken: [] }, { consoleSession: ['super-admin'] }]
  if (who === 'person') return [{ consoleSession: ROLES }]
  return [
    { apiKeyToken: rolesOf(who.permission) },
    { consoleSession: rolesOf(who.permission) },
    ...scopesFor(who.permission).map((scope) => ({ oauth2: [scope] })),
    ...(who.face === 'scim' ? [{ scimToken: [] }] : []),
  ]
}

function whoMay(who: Who): string {
  if (who === 'anyone') return 'Who: anyone.'
  if (who === 'operator') return 'Who: the operator.'
  if (who === 'owner')
    return 'Who: the operator; a super-admin of this tenant who is signed in to its console.'
  if (who === 'person') return 'Who: whoever is signed in to the console.'
  if (who === 'oauth-client') return 'Who: an OAuth client, which proves itself by the assertion in the form.'
  const scopes = scopesFor(who.permission).map((scope) => `\`${scope}\``)
  const roles = rolesOf(who.permission).map((role) => `\`${role}\``)
  const parts = [
    `an API key, or a person in the console, of the role ${roles.join(' or ')}`,
    ...(scopes.length > 0 ? [`an OAuth client with one of ${scopes.join(', ')}`] : []),
    ...(who.face === 'scim' ? ['a SCIM token'] : []),
  ]
  return `Who: ${parts.join('; ')}.`
}

function securitySchemes(): object {
  const bearer = { type: 'http', scheme: 'bearer' }
  const scopes = Object.entries(SCOPES).map(([name, may]) => [name, `Allows: ${may.join(', ')}`])
  return {
    apiKeyToken: {
      ...bearer,
      bearerFormat: 'JWT',
      description:
        'A JWT that an API key has signed (RS256). `npm run --silent token -- <key file>` prints one. What is listed ' +
        'with it are the roles of keys that may.',
    },
    oauth2: {
      type: 'oauth2',
      description: 'An access token of an OAuth client (RFC 9068), from `POST /oauth/token`.',
      flows: { clientCredentials: { tokenUrl: '/oauth/token', scopes: Object.fromEntries(scopes) } },
    },
    scimToken: { ...bearer, description: 'A token for the directory alone, which the operator makes.' },
    operatorToken: {
      ...bearer,
      bearerFormat: 'JWT',
      description:
        "A JWT that the operator's key has signed (ES256), for the service's base URL + `/operator`.",
    },
    consoleSession: {
      type: 'apiKey',
      in: 'cookie',
      name: SESSION_COOKIE,
      description:
        'The session of a person who is signed in to the console of the tenant, whose host is called. A call of it ' +
        `brings the token of the session in \`${SESSION_CSRF_HEADER}\`, too. What is listed with it are the roles of ` +
        'people that may.',
    },
  }
}
