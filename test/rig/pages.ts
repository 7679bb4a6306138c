import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { app } from '../../src/local.ts'
import { heldQueue } from './deliveries.ts'
import type { Tenant } from './service.ts'

/** A browser without scripts in front of the reset pages: it follows no redirect by itself. */

export const GRANT_PAGES = {
  redeem: { kind: 'grant', audience: 'https://app.example.com', returnUrl: 'https://app.example.com/return' },
  pages: {},
}

export type Answer = {
  status: number
  headers: Headers
  html: string
  /** What its requests have put into the queue. */
  messages: unknown[]
}

export type Visit = {
  method?: string
  form?: Record<string, string> | string
  headers?: Record<string, string>
  bindings?: Partial<Env>
}

/** One request to a page of a tenant. */
export async function visit(
  tenant: Pick<Tenant, 'host'>,
  path: string,
  options: Visit = {},
): Promise<Answer> {
  const { form, method = form === undefined ? 'GET' : 'POST', headers = {}, bindings = {} } = options
  const queue = heldQueue()
  const context = createExecutionContext()
  const response = await app.fetch(
    new Request(new URL(path, `https://${tenant.host}`), {
      method,
      redirect: 'manual',
      headers: {
        ...(form !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      ...(form !== undefined && {
        body: typeof form === 'string' ? form : String(new URLSearchParams(form)),
      }),
    }),
    { ...env, DELIVERIES: queue as unknown as Queue, ...bindings },
    context,
  )
  const html = await response.text()
  await waitOnExecutionContext(context)
  return { status: response.status, headers: response.headers, html, messages: queue.messages }
}

/** What a reader sees. */
export function visible({ html }: Pick<Answer, 'html'>): string {
  return html
    .replace(/<head>[^]*<\/head>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/[\u2068\u2069]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The value of a hidden field of a page. */
export function hidden({ html }: Pick<Answer, 'html'>, name: string): string {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
}

export function heading({ html }: Pick<Answer, 'html'>): string {
  return /<h1>([^<]*)<\/h1>/.exec(html)?.[1] ?? ''
}

/** Asks for a code and follows to the second step. */
export async function asked(tenant: Pick<Tenant, 'host'>, email: string) {
  const sent = await visit(tenant, '/reset', { form: { email } })
  const location = sent.headers.get('Location') ?? ''
  return { sent, location, page: await visit(tenant, location) }
}
