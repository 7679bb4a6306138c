/** A person in front of the console of a local service: a browser with cookies, which follows redirects one by one. */
export class ConsoleVisitor {
  readonly #service: string
  /** Cookies by origin. A real browser keeps those of all ports of a host together: here, nothing may depend on that. */
  readonly #cookies = new Map<string, Map<string, string>>()
  #csrfToken = ''

  constructor(service: string) {
    this.#service = service
  }

  /** Signs in as one of the people of the local provider, and stops at the page that it leads to. */
  async signIn(email: string, returnTo = '/console'): Promise<Response> {
    const people = await this.#follow(`${this.#service}/console/login?return=${encodeURIComponent(returnTo)}`)
    const links = [...(await people.text()).matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link)
    const link = links.find((each) => each.endsWith(encodeURIComponent(email)))
    // Who is signed in at the provider is asked nothing.
    const arrived = link === undefined ? people : await this.#follow(new URL(link, people.url).href)
    const session = await this.fetch('GET', '/console/session')
    if (session.ok) this.#csrfToken = (await session.json<{ csrfToken: string }>()).csrfToken
    return arrived
  }

  /** What a script of the console does. */
  fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return this.send(this.#service + path, {
      method,
      headers: {
        'Sec-Fetch-Site': 'same-origin',
        ...(method !== 'GET' && { 'X-CSRF-Token': this.#csrfToken }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  }

  async #follow(url: string): Promise<Response> {
    let at = url
    for (let hops = 0; hops < 10; hops += 1) {
      const response = await this.send(at, {})
      const location = response.headers.get('Location')
      if (location === null) return Object.defineProperty(response, 'url', { value: at })
      at = new URL(location, at).href
    }
    throw new Error(`redirected in a circle: ${at}`)
  }

  /** One request with the cookies of its origin. */
  async send(url: string, init: RequestInit): Promise<Response> {
    const { origin } = new URL(url)
    const jar = this.#cookies.get(origin) ?? new Map<string, string>()
    this.#cookies.set(origin, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(init.headers as Record<string, string>), ...(cookie !== '' && { Cookie: cookie }) }
    const response = await fetch(url, { ...init, redirect: 'manual', headers })
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(set)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
}
