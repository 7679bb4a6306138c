import { describe, expect, it } from 'vitest'
import { contrast } from '../../../src/tenants/contrast.ts'
import { operate } from '../../rig/service.ts'

const HOOK = { kind: 'hook', url: 'https://hooks.example.com/', secret: `whsec_${'A'.repeat(43)}=` }

type Answer = { detail?: string; policy?: { pages?: unknown } }

async function put(policy: object) {
  const id = `t-${crypto.randomUUID()}`
  const response = await operate('PUT', `/tenants/${id}`, { name: 'Acme', hosts: [], policy })
  return { status: response.status, body: await response.json<Answer>() }
}

const dataUrl = (type: string, content: string | Uint8Array) =>
  `data:image/${type};base64,${Buffer.from(content).toString('base64')}`

const svg = (inner: string, attributes = '') =>
  dataUrl('svg+xml', `<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${inner}</svg>`)

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(100)])

describe('the policy of pages', () => {
  it.each([
    [{ redeem: HOOK, pages: {} }, 201],
    [{ redeem: HOOK, pages: 'off' }, 201],
    [{ pages: 'off' }, 201],
    [{ pages: {} }, 400],
    [{ redeem: { kind: 'grant', audience: 'a' }, pages: {} }, 400],
    [{ redeem: HOOK, pages: 'on' }, 400],
    [{ redeem: HOOK, pages: {}, challenges: { questions: [] } }, 201],
    [{ redeem: HOOK, pages: {}, challenges: { questions: [{ code: 'a', text: 'b' }] } }, 201],
    [{ redeem: HOOK, pages: null }, 400],
    [{ redeem: HOOK, pages: [] }, 400],
    [{ redeem: HOOK, pages: { colour: '#000000' } }, 400],
    [{ redeem: { kind: 'grant', audience: 'a', returnUrl: 'javascript:alert(1)' } }, 400],
    [{ redeem: { kind: 'grant', audience: 'a', returnUrl: 'https://192.0.2.1/' } }, 400],
    [{ redeem: HOOK, pages: { supportUrl: 'http://a.example.com/' } }, 400],
    [{ redeem: HOOK, pages: { signInUrl: 'data:text/html,x' } }, 400],
    [{ redeem: HOOK, pages: { supportText: 'a\nb' } }, 400],
    [{ redeem: HOOK, pages: { passwordHint: 'x'.repeat(301) } }, 400],
  ])('needs a way to end, and takes only its values: %j', async (policy, status) => {
    expect((await put(policy)).status).toBe(status)
  })

  it.each(['#ffffff', '#ffd400', '#1ab26b', '#777777', '#ff0000'])(
    'refuses %s, which is hard to read, and names the nearest that is not',
    async (accentColor) => {
      const refused = await put({ redeem: HOOK, pages: { accentColor } })
      expect(refused.status).toBe(400)
      expect(refused.body.detail).toMatch(/^policy\.pages\.accentColor has a contrast of [\d.]+ with white/)
      const near = /(#[\da-f]{6}) is the nearest/.exec(refused.body.detail ?? '')?.[1] ?? ''
      expect(contrast(near, '#ffffff')).toBeGreaterThanOrEqual(4.5)
      // Nearest: a step nearer to what was asked for is not enough.
      expect(contrast(near, '#ffffff')).toBeLessThan(4.6)
      expect((await put({ redeem: HOOK, pages: { accentColor: near } })).status).toBe(201)
    },
  )

  it.each(['red', '#fff', '#12345g', '', 7])('refuses the color %j', async (accentColor) => {
    expect((await put({ redeem: HOOK, pages: { accentColor } })).status).toBe(400)
  })

  it.each([
    [dataUrl('png', PNG), 201],
    [svg('<path d="M0 0h1v1z"/><use href="#a"/>'), 201],
    [svg('<style>.a{fill:#fff}</style>'), 201],
    [svg(`<desc>${'x'.repeat(32_000)}</desc>`), 201],
    [svg(`<desc>${'x'.repeat(33_000)}</desc>`), 400],
    [dataUrl('png', Buffer.alloc(40_000)), 400],
    [dataUrl('png', '<svg></svg>'), 400],
    [dataUrl('svg+xml', PNG), 400],
    [dataUrl('svg+xml', '<html></html>'), 400],
    [dataUrl('gif', 'GIF89a'), 400],
    ['https://a.example.com/logo.png', 400],
    ['data:image/svg+xml,<svg></svg>', 400],
    [svg('<script>alert(1)</script>'), 400],
    [svg('<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>'), 400],
    [svg('', 'onload="alert(1)"'), 400],
    [svg('<foreignObject><p/></foreignObject>'), 400],
    [svg('<a href="javascript:alert(1)"><path/></a>'), 400],
    [svg('<image href="https://evil.example/x.png"/>'), 400],
    [svg('<image xlink:href="//evil.example/x.png"/>'), 400],
    [svg('<style>@import "https://evil.example/"</style>'), 400],
    [svg('<path style="fill:url(https://evil.example/)"/>'), 400],
    [svg('<set attributeName="href" to="javascript:alert(1)"/>'), 400],
    [dataUrl('svg+xml', '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'), 400],
  ])('takes a logo that is a picture alone: %.120s', async (logo, status) => {
    const { status: answered, body } = await put({ redeem: HOOK, pages: { logo } })
    expect([answered, body.detail]).toEqual([
      status,
      status === 201 ? undefined : expect.stringMatching(/^policy\.pages\.logo (?:must|is) /),
    ])
  })
})
