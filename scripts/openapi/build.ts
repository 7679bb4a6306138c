import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../local/home.ts'

/** Where the Worker's static assets have the API reference: nothing of it is in the Worker. */
const FOLDER = join(ROOT, 'public', 'docs')

/** The one file of the viewer, with all in it, and its licence. */
const VIEWER = dirname(fileURLToPath(import.meta.resolve('rapidoc')))

/** Makes the API reference: openapi.json, the viewer, and the page that shows the one in the other. */
export async function buildReference(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  put('openapi.json', `${JSON.stringify(await newDocument())}\n`)
  put('index.html', readFileSync(join(ROOT, 'scripts', 'openapi', 'viewer.html')))
  for (const name of ['rapidoc-min.js', 'rapidoc-min.js.LICENSE.txt'])
    put(name, readFileSync(join(VIEWER, name)))
}

async function newDocument(): Promise<object> {
  // The schemas of requests stand beside code that runs on Workers alone: that is loaded, and never called.
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith('cloudflare:')) return next(specifier, context)
      const source = 'export const env = {}; export const waitUntil = () => {}; export class DurableObject {}'
      return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
    },
  })
  try {
    const { openApiDocument } = await import('./document.ts')
    return openApiDocument()
  } finally {
    hooks.deregister()
  }
}

/** Leaves a file alone that is as it should be: a running `wrangler dev` loads anew what changes. */
function put(name: string, content: string | Buffer): void {
  const path = join(FOLDER, name)
  if (!existsSync(path) || !readFileSync(path).equals(Buffer.from(content))) writeFileSync(path, content)
}
