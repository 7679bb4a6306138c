import { env } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { newApp, type Plane } from '../src/app.ts'
import background from '../src/background.ts'
import { backgroundPlane } from '../src/background-plane.ts'
import control from '../src/control.ts'
import data from '../src/index.ts'
import { controlPlane } from '../src/control-plane.ts'
import wrangler from '../wrangler.toml?raw'

const ask = async (worker: typeof data, path: string) =>
  (await worker.fetch(new Request(`https://reset.example.com${path}`), env, createExecutionContext())).status

it('what the operator calls is not in the data plane, and what users call not in the control plane', async () => {
  expect(await ask(data, '/operator/v1/tenants')).toBe(404)
  expect(await ask(control, '/operator/v1/tenants')).toBe(401)
  expect(await ask(data, '/.well-known/jwks.json')).toBe(200)
  expect(await ask(control, '/.well-known/jwks.json')).toBe(404)
  expect(await ask(data, '/AdminInterface/restapi/v1/codes/void/x')).toBe(404)
  expect(await ask(control, '/AdminInterface/restapi/v1/codes/void/x')).toBe(401)
  expect(await ask(control, '/AdminInterface/restapi/v1/users/lookup')).toBe(404)
})

it('the directory of products is in the background, and nothing else that is called', async () => {
  expect(await ask(background, '/scim/v2/Users')).toBe(401)
  for (const path of [
    '/operator/v1/tenants',
    '/.well-known/jwks.json',
    '/AdminInterface/restapi/v1/users/lookup',
  ]) {
    expect(await ask(background, path)).toBe(404)
  }
  for (const worker of [data, control]) expect(await ask(worker, '/scim/v2/Users')).toBe(404)
})

it.each<[string, Plane, number]>([
  ['control', controlPlane, 20],
  ['background', backgroundPlane, 10],
])('every path of the plane %s is routed to its Worker', (name, plane, least) => {
  const environment = new RegExp(
    `^\\[env\\.production-${name}\\]\n(?:.*\n)*?routes = (\\[[^[]*?\\])(?: #.*)?\n`,
    'm',
  )
  const routes = environment.exec(wrangler)?.[1] ?? ''
  const routed = [...routes.matchAll(/pattern = "[\w.-]+(\/[\w/]+\/?)\*"/g)].map(([, prefix = '']) => prefix)
  const paths = newApp(plane)
    .routes.filter(({ path, method }) => method !== 'ALL' && path !== '/healthz')
    .map(({ path }) => path)
  expect(paths.length).toBeGreaterThan(least)
  const prefixOf = (path: string) => routed.find((prefix) => path.startsWith(prefix)) ?? path
  expect([...new Set(paths.map(prefixOf))].toSorted()).toEqual(routed.toSorted())
})
