import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalService } from './local-service.ts'

const service = new LocalService()

beforeAll(() => service.start())
afterAll(() => service.remove())

/** A request whose path arrives as it is written, which `fetch` would straighten. */
function get(path: string, method = 'GET'): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    request({ host: 'localhost', port: service.port, path, method }, (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }))
    })
      .on('error', reject)
      .end()
  })
}

describe('static assets', () => {
  it.each([
    ['/assets/reset.css', 'text/css'],
    ['/assets/reset.js', 'text/javascript'],
    ['/assets/reset-icon.svg', 'image/svg+xml'],
  ])('are served with headers by which they can do nothing else: %s', async (path, type) => {
    const { status, headers } = await get(path)
    expect(status).toBe(200)
    expect(headers['content-type']).toContain(type)
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      etag: expect.any(String),
    })
  })

  it.each([
    '/texts/en.json',
    '/texts/de.json',
    '/texts/',
    '/_headers',
    '/assets',
    '/assets/../texts/en.json',
    '/assets/%2e%2e/texts/en.json',
    '/assets/..%2ftexts/en.json',
    '/assets//texts/en.json',
    '/assets/_headers',
    '/assets/texts/en.json',
    '/reset/../texts/en.json',
    '//texts/en.json',
  ])('are those alone that pages load: %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST']) expect((await get(path, method)).status).toBe(404)
  })

  it('stand in the way of no API: the Worker answers everywhere else', async () => {
    for (const path of [
      '/healthz',
      '/api/x',
      '/AdminInterface/x',
      '/scim/v2/x',
      '/operator/v1/x',
      '/reset',
      '/x',
    ]) {
      expect([path, (await get(path)).headers['x-request-id']]).toEqual([path, expect.any(String)])
    }
  })
})
