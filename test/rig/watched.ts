import { openApiDocument } from '../../scripts/openapi/document.ts'
import worker, { app } from '../../src/local.ts'
import { Contract } from './contract.ts'

/** The contract that every answer in workerd is held against. */
export const contract = new Contract(openApiDocument())

/** Looks at every answer from now on: of the Worker as the runtime calls it, and of the app as some tests do. */
export function watchAnswers(): void {
  if ('isWatched' in app) return
  const fetch = app.fetch
  const watched: typeof fetch = async (request, ...rest) => {
    const sent = bodyOf(request)
    const response = await fetch(request, ...rest)
    await contract.look(request, response, await sent)
    return response
  }
  Object.assign(app, { fetch: watched, isWatched: true })
  Object.assign(worker, { fetch: watched })
}

/** The body of a request; what may be too large is left alone. */
async function bodyOf(request: Request): Promise<string | undefined> {
  const { body, headers, method } = request
  const length = Number(headers.get('Content-Length') ?? (headers.has('Transfer-Encoding') ? NaN : 0))
  if (body === null || method === 'GET' || !(length <= 65_536)) return undefined
  return new TextDecoder().decode(await request.clone().arrayBuffer())
}
