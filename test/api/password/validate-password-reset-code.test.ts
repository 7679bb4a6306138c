import { beforeAll, describe, expect, it } from 'vitest'
import { call, newTenant, NO_LIMITS, wrongCode, type Tenant } from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'

const PATH = '/api/passwordmanagement/validatePasswordResetCode'
const JANE = 'jane.saoirse+x@example.com'
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const JSON_TYPE = { 'Content-Type': 'application/json' }

const form = (parameters: Record<string, string>) => String(new URLSearchParams(parameters))

let tenant: Tenant
let code: string
beforeAll(async () => {
  tenant = await newTenant({ policy: { ...NO_LIMITS, code: { attemptsMax: 10 } } })
  await tenant.addUser(JANE, { userName: 'JaneSaoirse' })
  code = await tenant.newCode(JANE)
})

type Sent = { path?: string; query?: string; body?: string; headers?: Record<string, string> }

const send = ({ path = PATH, query = '', body, headers = {} }: Sent) =>
  call(`https://${tenant.host}${path}${query && `?${query}`}`, {
    ...(body !== undefined && { body }),
    headers,
  })

describe('the parameters', () => {
  const both = () => form({ emailAddress: JANE, passwordResetCode: code })
  const jsonBody = (more: object = {}) => JSON.stringify({ Email: JANE, PasswordResetCode: code, ...more })

  it.each<[string, () => Sent]>([
    ['form', () => ({ body: both(), headers: FORM })],
    [
      'form with a charset',
      () => ({ body: both(), headers: { 'Content-Type': `${FORM['Content-Type']}; charset=UTF-8` } }),
    ],
    ['query and no body', () => ({ query: both() })],
    ['query and an empty form', () => ({ query: both(), body: '', headers: FORM })],
    [
      'code in the query, address in the form',
      () => ({ query: form({ passwordResetCode: code }), body: form({ emailAddress: JANE }), headers: FORM }),
    ],
    ['query and form alike', () => ({ query: both(), body: both(), headers: FORM })],
    ['doubled path', () => ({ path: PATH.replace(/(\/passwordmanagement)/, '$1$1'), query: both() })],
    ['trailing slash', () => ({ path: `${PATH}/`, query: both() })],
    ['JSON', () => ({ body: jsonBody(), headers: JSON_TYPE })],
    [
      'JSON of a version',
      () => ({ body: jsonBody(), headers: { 'Content-Type': 'application/vnd.soa.v72+json' } }),
    ],
    [
      'JSON, and the vendor’s sample code in the query',
      () => ({ query: 'passwordResetCode=134793007454', body: jsonBody(), headers: JSON_TYPE }),
    ],
    [
      'JSON with members of no meaning',
      () => ({ body: jsonBody({ UserIdentificationChallenge: {}, x: 1 }), headers: JSON_TYPE }),
    ],
    [
      'JSON by the names of the form',
      () => ({ body: `{"emailAddress":"${JANE}","passwordResetCode":"${code}"}`, headers: JSON_TYPE }),
    ],
    ['fields of no meaning', () => ({ body: `${both()}&userName=x&tenant=y&userName=z`, headers: FORM })],
    [
      'address in another case',
      () => ({ query: form({ emailAddress: ` ${JANE.toUpperCase()} `, passwordResetCode: code }) }),
    ],
    [
      'code as a person types it',
      () => ({
        query: form({
          emailAddress: JANE,
          passwordResetCode: ` ${code.slice(0, 4)}-${code.slice(4)} `.toLowerCase(),
        }),
      }),
    ],
  ])('are read from: %s', async (_, sent) => {
    const response = await send(sent())
    expect(response.status).toBe(200)
    expect(await response.json()).toStrictEqual({ userName: 'JaneSaoirse', emailAddress: JANE })
  })

  it.each<[string, Sent, RegExp]>([
    ['nothing', {}, /^emailAddress is required\.$/],
    ['no address', { query: 'passwordResetCode=x' }, /^emailAddress is required\.$/],
    ['no code', { query: 'emailAddress=a@b' }, /^passwordResetCode is required\.$/],
    ['an empty code', { body: 'emailAddress=a@b&passwordResetCode=', headers: FORM }, /is required/],
    [
      'two addresses in the query',
      { query: 'emailAddress=a@b&emailAddress=c@d&passwordResetCode=x' },
      /more than once/,
    ],
    [
      'one address twice',
      { query: 'emailAddress=a@b&emailAddress=a@b&passwordResetCode=x' },
      /more than once/,
    ],
    [
      'two addresses in the form',
      { body: 'emailAddress=a@b&emailAddress=c@d&passwordResetCode=x', headers: FORM },
      /more than once/,
    ],
    [
      'two codes in the form',
      { body: 'emailAddress=a@b&passwordResetCode=x&passwordResetCode=y', headers: FORM },
      /^passwordResetCode is given more than once\.$/,
    ],
    [
      'one address in the query, another in the form',
      { query: 'emailAddress=a@b', body: 'emailAddress=c@d&passwordResetCode=x', headers: FORM },
      /^emailAddress differs between the query and the body\.$/,
    ],
    [
      'one code in the query, another in the form',
      { query: 'passwordResetCode=x', body: 'emailAddress=c@d&passwordResetCode=y', headers: FORM },
      /^passwordResetCode differs/,
    ],
    [
      'one address in the query, another in JSON',
      { query: 'emailAddress=a@b', body: '{"Email":"c@d","PasswordResetCode":"x"}', headers: JSON_TYPE },
      /^emailAddress differs/,
    ],
    [
      'a list of addresses',
      { body: '{"Email":["a@b","c@d"],"PasswordResetCode":"x"}', headers: JSON_TYPE },
      /must be a string/,
    ],
    [
      'a list of one',
      { body: '{"Email":["a@b"],"PasswordResetCode":"x"}', headers: JSON_TYPE },
      /must be a string/,
    ],
    [
      'a number for a code',
      { body: '{"Email":"a@b","PasswordResetCode":12345678}', headers: JSON_TYPE },
      /must be a string/,
    ],
    ['null', { body: '{"Email":null,"PasswordResetCode":"x"}', headers: JSON_TYPE }, /must be a string/],
    [
      'an address under both names',
      { body: '{"Email":"a@b","emailAddress":"a@b","PasswordResetCode":"x"}', headers: JSON_TYPE },
      /more than once/,
    ],
    [
      'a member twice',
      { body: '{"Email":"a@b","Email":"c@d","PasswordResetCode":"x"}', headers: JSON_TYPE },
      /twice/,
    ],
    [
      'a JSON list',
      { body: '[{"Email":"a@b","PasswordResetCode":"x"}]', headers: JSON_TYPE },
      /must be a JSON object/,
    ],
    ['broken JSON', { body: '{"Email":', headers: JSON_TYPE }, /not valid JSON/],
    ['broken UTF-8', { query: 'emailAddress=%FF@b&passwordResetCode=x' }, /not valid UTF-8/],
    ['brackets', { query: 'emailAddress[]=a@b&passwordResetCode=x' }, /^emailAddress is required/],
  ])('E1: are refused with a sentence that helps: %s', async (_, sent, sentence) => {
    const response = await send(sent)
    expect(response.status).toBe(400)
    expect(await response.json()).toStrictEqual({
      faultcode: 'Client',
      faultstring: expect.stringMatching(sentence),
    })
  })

  it.each(['text/plain', 'multipart/form-data; boundary=x', 'application/xml'])(
    'are not read from %s',
    async (type) => {
      expect((await send({ body: both(), headers: { 'Content-Type': type } })).status).toBe(415)
    },
  )
})

describe('the media type of the answer', () => {
  const [plain, v71, v72] = [
    'application/json',
    'application/vnd.soa.v71+json',
    'application/vnd.soa.v72+json',
  ]

  it.each([
    [undefined, plain],
    ['*/*', plain],
    ['application/json, text/javascript, */*; q=0.01', plain],
    [plain, plain],
    [v71, v71],
    [v72, v72],
    ['APPLICATION/VND.SOA.V72+JSON', v72],
    [`${v71}, ${v72}`, v71],
    [`${v71};q=0.1, ${v72};q=0.2`, v72],
    [`${plain};q=0.5, ${v72}`, v72],
    [`${plain};q=0, */*`, v71],
    [`${plain};q=0, ${v71};q=0, */*;q=0.1`, v72],
    ['text/html, application/*;q=0.9', plain],
    [`text/html, ${v71}`, v71],
  ])('for Accept %s is %s', async (accept, type) => {
    const query = form({ emailAddress: JANE, passwordResetCode: code })
    const response = await send({ query, headers: accept === undefined ? {} : { Accept: accept } })
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe(type)
  })

  it.each([
    'text/html',
    'application/xml, text/*',
    `*/*;q=0`,
    `${plain};q=0`,
    'application/vnd.soa.v80+json',
  ])('is none for Accept %s: 406, and no guess is spent', async (accept) => {
    const before = await storedCode(tenant.id, JANE)
    const query = form({ emailAddress: JANE, passwordResetCode: wrongCode(code) })
    const response = await send({ query, headers: { Accept: accept } })
    expect(response.status).toBe(406)
    expect(await response.json()).toMatchObject({ faultcode: 'Client' })
    expect(await storedCode(tenant.id, JANE)).toEqual(before)
  })
})

describe('the check', () => {
  it('consumes nothing: a right code may be validated again and again', async () => {
    const before = await storedCode(tenant.id, JANE)
    for (let time = 0; time < 20; time++) expect((await tenant.validate(JANE, code)).status).toBe(200)
    expect(await storedCode(tenant.id, JANE)).toEqual(before)
  })

  it('only the stored address is answered, whatever way it was written', async () => {
    const response = await tenant.validate(` ${JANE.toUpperCase()}`, code)
    expect(await response.json()).toStrictEqual({ userName: 'JaneSaoirse', emailAddress: JANE })
  })
})
