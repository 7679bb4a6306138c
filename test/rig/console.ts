import { call, newTenant, type Call, type Tenant } from './service.ts'
import { CONSOLE_POLICY, HELEN, OpenIdProvider, SAM, type Lies, type Person } from './open-id-provider.ts'

/** Browsers in front of the console of a tenant. */

export const newConsoleTenant = (policy: object = {}, users = 0) =>
  newTenant({ policy: { console: CONSOLE_POLICY, ...policy }, users })

/** A browser that keeps the cookies of one host, and says of its requests what browsers say. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly host: string
  csrfToken = ''

  constructor({ host }: Pick<Tenant, 'host'>) {
    this.host = host
  }

  /** A request as it is, with the cookies. Redirects are not followed. */
  async send(path: string, { headers = {}, ...options }: Call = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await call(`https://${this.host}${path}`, {
      ...options,
      headers: { ...(cookie !== '' && { Cookie: cookie }), ...headers },
      redirect: 'manual',
    })
    for (const set of response.headers.getSetCookie()) this.#keep(set)
    return response
  }

  /** A request that a script of the console makes. */
  fetch(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const own = {
      'Sec-Fetch-Site': 'same-origin',
      ...(this.csrfToken && { 'X-CSRF-Token': this.csrfToken }),
      ...headers,
    }
    return this.send(path, { method, body, headers: own })
  }

  /** A page that is gone to, from elsewhere or by hand. */
  visit(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.send(path, { method: 'GET', headers: { 'Sec-Fetch-Site': 'none', ...headers } })
  }

  #keep(set: string): void {
    const [pair = '', ...attributes] = set.split(/;\s*/)
    const [name = '', value = ''] = pair.split('=')
    if (attributes.some((each) => /^max-age=0$/i.test(each))) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

/** A browser after a whole sign-in of this person, with the answer to the last step. */
export async function signedIn(
  tenant: Pick<Tenant, 'host'>,
  person: Person,
  { lies = {}, returnTo = '/console/users' }: { lies?: Lies; returnTo?: string } = {},
) {
  const browser = new Browser(tenant)
  const provider = new OpenIdProvider(lies)
  const begun = await browser.visit(`/console/login?return=${encodeURIComponent(returnTo)}`)
  const answer = provider.signIn(begun.headers.get('Location') ?? '', person)
  const response = await browser.visit(`/console/callback?${String(answer)}`, {
    'Sec-Fetch-Site': 'cross-site',
  })
  if (response.status === 303) {
    const session = await browser.send('/console/session', { method: 'GET', headers: { 'Sec-Fetch-Site': 'same-origin' } }) // oxfmt-ignore
    browser.csrfToken = (await session.json<{ csrfToken: string }>()).csrfToken
  }
  return { browser, provider, response, begun, answer }
}

/** Somebody of the help desk, and a super-admin. */
export const helen = (tenant: Pick<Tenant, 'host'>) => signedIn(tenant, HELEN)
export const sam = (tenant: Pick<Tenant, 'host'>) => signedIn(tenant, SAM)
