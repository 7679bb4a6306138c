import { describe, expect, it } from 'vitest'
import { app } from '../src/local.ts'
import { call } from './rig/service.ts'

const PATHS = [
  '/',
  '/api',
  '/api/passwordmanagement/resetPassword',
  '/AdminInterface/restapi/v1/users',
  '/scim/v2/Groups',
  '/operator/v1',
  '/dev/mail',
  '/dev/mail.json',
]

async function detailOf(path: string): Promise<string> {
  const response = await call(`http://localhost:8787${path}?code=S3CRET`, { method: 'GET' })
  expect([path, response.status]).toEqual([path, 404])
  const { message, faultstring, detail } = await response.json<Record<string, string>>()
  return message ?? faultstring ?? detail ?? ''
}

describe('a path that is not there', () => {
  it.for(PATHS)(
    'I1: is answered 404 with the roots of all APIs, in the dialect of the path: %s',
    async (path) => {
      const detail = await detailOf(path)
      expect(detail).toContain('docs/api.md')
      const roots = detail.match(/\/[\w/]*\w(?=[ ,;])/g) ?? []
      const served = app.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path)
      const isUnderRoot = (path: string) => roots.some((root) => path === root || path.startsWith(`${root}/`))
      const others = served.filter((path) => !isUnderRoot(path) && !path.startsWith('/.well-known/'))
      expect(others).toEqual(['/healthz'])
      expect(roots.filter((root) => !served.some((path) => path.startsWith(`${root}/`)))).toEqual([])
    },
  )

  it('D4: is not told back what was asked for in the query', async () => {
    for (const path of PATHS) expect(await detailOf(path)).not.toContain('S3CRET')
  })
})
