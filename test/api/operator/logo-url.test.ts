import { afterEach, describe, expect, it, vi } from 'vitest'
import { GRANT_PAGES, visit } from '../../rig/pages.ts'
import { newTenant, operate } from '../../rig/service.ts'

const URL_OF_LOGO = 'https://cdn.example.com/logo.svg'
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1v1z"/></svg>'
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(100)])
const dataUrl = (type: string, bytes: string | Uint8Array) =>
  `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Plays the server that has the logo. */
function playServer(answer: (signal?: AbortSignal | null) => Response | Promise<Response>) {
  const calls: Request[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    calls.push(new Request(input, init))
    return answer(init?.signal)
  })
  return calls
}

type Record = { name: string; hosts: string[]; policy: { pages: { logo?: string; logoUrl?: string } } }
type Put = { status: number; body: Record & { detail?: string } }

async function put(id: string, pages: object, rest: object = {}): Promise<Put> {
  const body = { name: 'Acme', hosts: [`${id}.example.com`], policy: { ...policyOf(id), pages }, ...rest }
  const response = await operate('PUT', `/tenants/${id}`, body)
  return { status: response.status, body: await response.json() }
}

const policyOf = (id: string) => ({ redeem: { ...GRANT_PAGES.redeem, audience: id } })
const newId = () => `t-${crypto.randomUUID()}`
const get = async (id: string) => (await operate('GET', `/tenants/${id}`)).json<Record>()
const logoOf = (id: string) => visit({ host: `${id}.example.com` }, '/reset/logo')

describe('a logo by its URL', () => {
  it.each([
    ['svg+xml', SVG],
    ['png', PNG],
  ] as const)('is fetched once, kept, and shown from the tenant’s own host: %s', async (type, bytes) => {
    const id = newId()
    const calls = playServer(() => new Response(bytes))
    const { status, body } = await put(id, { logoUrl: URL_OF_LOGO })
    expect([status, body.policy.pages]).toEqual([201, { logoUrl: URL_OF_LOGO, logo: dataUrl(type, bytes) }])
    expect(calls.map(({ url, method, redirect }) => [url, method, redirect])).toEqual([
      [URL_OF_LOGO, 'GET', 'manual'],
    ])
    // Nothing of ours goes along.
    expect([...(calls[0]?.headers.keys() ?? [])]).toEqual([])
    const page = await visit({ host: `${id}.example.com` }, '/reset')
    expect(page.html).toContain('<img src="/reset/logo"')
    expect(page.html).not.toContain('cdn.example.com')
    expect(page.headers.get('Content-Security-Policy')).toContain("img-src 'self';")
    const shown = await logoOf(id)
    expect([shown.status, shown.headers.get('Content-Type')]).toEqual([200, `image/${type}`])
    // A record that is put as it was fetched brings its copy.
    const { name, hosts, policy } = await get(id)
    expect(policy.pages).toEqual(body.policy.pages)
    expect((await operate('PUT', `/tenants/${id}`, { name, hosts, policy })).status).toBe(200)
    expect(calls).toHaveLength(1)
    // Without the copy it is fetched again.
    expect((await put(id, { logoUrl: URL_OF_LOGO })).status).toBe(200)
    expect(calls).toHaveLength(2)
  })

  it.each([
    ['404', () => new Response(SVG, { status: 404 }), 'was answered 404, and must be answered 200'],
    [
      'a redirect, which is not followed',
      () => new Response(null, { status: 302, headers: { Location: 'http://169.254.169.254/' } }),
      'was answered 302, and must be answered 200',
    ],
    ['no server', () => Promise.reject(new TypeError('refused')), 'could not be reached'],
    ['an empty file', () => new Response(''), 'leads to a file that is neither PNG nor SVG'],
    ['a GIF', () => new Response('GIF89a'), 'leads to a file that is neither PNG nor SVG'],
    ['a page', () => new Response('<html></html>'), 'leads to a file that is no SVG'],
    [
      'an SVG with a script',
      () => new Response('<svg><script>alert(1)</script></svg>'),
      'leads to a file that must be a picture alone: no script, handler, animation, entity or link to elsewhere',
    ],
    [
      'a file without end',
      () => new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(10_000)) })),
      'leads to a file of over 32768 bytes',
    ],
  ])('that leads to %s is refused, and nothing is changed', async (_, answer, problem) => {
    const tenant = await newTenant({ policy: { ...policyOf(newId()), pages: { accentColor: '#0b5c3b' } } })
    playServer(answer)
    const before = await get(tenant.id)
    const { status, body } = await put(tenant.id, { logoUrl: URL_OF_LOGO })
    expect([status, body.detail]).toEqual([400, `policy.pages.logoUrl ${problem}.`])
    expect(await get(tenant.id)).toEqual(before)
  })

  it('that is never answered is given up', async () => {
    const hanging = (signal?: AbortSignal | null) =>
      new Promise<Response>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
      })
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort())
    playServer(async (signal) => (signal?.aborted ? Promise.reject(new Error('aborted')) : hanging(signal)))
    expect((await put(newId(), { logoUrl: URL_OF_LOGO })).body.detail).toBe(
      'policy.pages.logoUrl was not answered within 5 seconds.',
    )
  })

  it.each([
    'http://cdn.example.com/logo.svg',
    'https://192.0.2.1/logo.svg',
    'https://[2001:db8::1]/logo.svg',
    'https://169.254.169.254/latest',
    'https://printer.local/logo.svg',
    'https://metadata.internal/',
    'https://user:password@cdn.example.com/logo.svg',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
    '/logo.svg',
    7,
  ])('is https to a host of the internet, and nobody else is asked: %s', async (logoUrl) => {
    const calls = playServer(() => new Response(SVG))
    const { status, body } = await put(newId(), { logoUrl })
    expect([status, calls]).toEqual([400, []])
    expect(body.detail).toMatch(/^policy\.pages\.logoUrl /)
  })

  it('is not fetched for a policy that is refused, nor for pages that bring the picture', async () => {
    const calls = playServer(() => new Response(SVG))
    expect((await put(newId(), { logoUrl: URL_OF_LOGO, accentColor: 'red' })).status).toBe(400)
    const { status, body } = await put(newId(), { logoUrl: URL_OF_LOGO, logo: dataUrl('png', PNG) })
    expect([status, body.policy.pages.logo]).toEqual([201, dataUrl('png', PNG)])
    expect(calls).toEqual([])
  })
})
