import { mkdirSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { ROOT } from './local/home.ts'

/** `npm run openapi`: writes what the Worker serves as OpenAPI 3.1, to public/docs/openapi.json. */

// The schemas of requests stand beside code that runs on Workers alone: that is loaded, and never called.
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('cloudflare:')) return next(specifier, context)
    const source = 'export const env = {}; export const waitUntil = () => {}; export class DurableObject {}'
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
  },
})

const { openApiDocument } = await import('./openapi/document.ts')
const folder = join(ROOT, 'public', 'docs')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'openapi.json'), `${JSON.stringify(openApiDocument(), null, 1)}\n`)
