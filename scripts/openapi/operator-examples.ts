/** Requests of the operator API and what it answers. */

const ID = '018f5f0c-2c51-7f0e-8a3c-9a610c1f5a3b'
const AT = '2026-11-26T10:00:00.000Z'
/** The public half of a key that nobody keeps. */
const MODULUS =
  'tnwzFy7Ry35oA5a34U3pnEydiB3ndvcMZiqvHsdsHh9BQ0UvqpsjpaV5zNU2pP3wputcH2MJ0UO1rAZMXoVRh2' +
  '-_tJ2rwcMIUdez9pzGPE9452GQp4umEzAVLebG1hJmtsL3I-l8jU8vchWMbmzJuQI0-vm4tMytIUMtV3XjV00u' +
  'XcbP0yOtMSIKDuTuALXYgaVNwgek5VkMncfcrKUFos7PnsI8xba0zUuw1xIHTGHg6eL_dU-iT7NnQm7qCmBzJJ' +
  'f85VHIuKqz7zgPNhH-Ja8MwTtxP2LP94kA4tyj1Git15CDUQ7UspsYdEJZ-t2YmZ93XjjAEUzhdUpqfqbwlQ'

export const TENANT_REQUEST = {
  name: 'Acme',
  hosts: ['acme.example.com'],
  policy: { code: { alphabet: 'digits', length: 8 } },
}

const rate = (perMinute: number, burst: number) => ({ perMinute, burst })

export const TENANT = {
  id: 'demo',
  name: 'Acme',
  hosts: ['acme.example.com'],
  policy: {
    code: {
      alphabet: 'digits',
      length: 8,
      ttlMinutes: 10,
      attemptsMax: 7,
      failuresMax: 100,
      highRisk: 'restrict',
      customEmail: 'any',
    },
    limits: {
      admin: rate(600, 100),
      void: rate(3000, 1000),
      issue: { perHour: 200, perDay: 1000 },
      validate: rate(3000, 300),
      send: rate(600, 60),
      recipient: rate(1, 1),
      client: rate(60, 30),
      trustedClients: [],
    },
    origins: [],
    csrf: 'with-cookie',
    unknownAddress: 'silent',
    notify: { redeemed: true, voided: true, locked: true, issued: true },
    retention: { eventsDays: 400 },
    mail: { language: 'en', texts: {} },
    challenges: { questions: [] },
    pages: 'off',
  },
  database: 'DB',
  adminRestApiUrl: 'https://acme.example.com/AdminInterface/restapi',
  createdAt: AT,
}

export const KEY_REQUEST = {
  publicKey: { kty: 'RSA', n: MODULUS, e: 'AQAB' },
  role: 'help-desk',
  description: 'Help desk of Acme',
}

export const KEY = {
  customerName: 'Acme',
  accessID: ID,
  adminRestApiUrl: TENANT.adminRestApiUrl,
  description: 'Help desk of Acme',
  role: 'help-desk',
  publicKey: { kty: 'RSA', n: MODULUS, e: 'AQAB' },
  createdAt: AT,
}

const EC = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  kid: '1',
}

export const CLIENT_REQUEST = {
  jwks: { keys: [EC] },
  scopes: ['rsa.user.read', 'rsa.user.factor.manage'],
  description: 'Automation of Acme',
}

export const CLIENT = {
  clientId: ID,
  jwks: { keys: [{ ...EC, alg: 'ES256', use: 'sig' }] },
  scopes: CLIENT_REQUEST.scopes,
  description: CLIENT_REQUEST.description,
  issuer: 'https://acme.example.com/oauth',
  tokenEndpoint: 'https://acme.example.com/oauth/token',
  createdAt: AT,
}

export const SCIM_TOKEN = { id: ID, description: 'Okta', createdAt: AT }

export const NEW_SCIM_TOKEN = {
  ...SCIM_TOKEN,
  token: `rescind_scim_${ID}_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`,
}
