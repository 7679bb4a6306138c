import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { firstKnownLanguage } from '../../texts/languages.ts'
import { textsIn } from '../../texts/texts.ts'
import type { PageEnv } from './page.ts'

/**
 * Sets what the tenant's pages are made with. The language is the URL's (`?lang`), else the browser's, else the
 * tenant's.
 *
 * @param isForAll whether the page is there although the tenant has no others.
 * @throws {HTTPException} 404 where the tenant has no pages.
 */
export function preparePage({ isForAll = false } = {}) {
  return createMiddleware<PageEnv>(async function preparePage(c, next) {
    const { pages, mail } = c.get('tenant').policy
    if (pages === 'off' && !isForAll)
      throw new HTTPException(404, { message: 'There are no reset pages here.' })
    const asked = firstKnownLanguage(c.req.query('lang') ?? '')
    const language = asked ?? firstKnownLanguage(c.req.header('Accept-Language') ?? '') ?? mail.language
    c.set('page', {
      texts: await textsIn(c.env, language),
      looks: pages === 'off' ? {} : pages,
      href(path, query = {}) {
        const all = new URLSearchParams({ ...query, ...(asked && { lang: asked }) })
        return all.size === 0 ? path : `${path}?${all.toString()}`
      },
    })
    await next()
  })
}

/**
 * Refuses a form that another site's page sends: it could make a visitor go on with somebody else's code. What
 * browsers say of it no page can change. One that says nothing is let through, since no page is behind it, or a
 * browser older than 2023.
 *
 * @throws {HTTPException} 403.
 */
export function requireOwnForm() {
  return createMiddleware<PageEnv>(async function requireOwnForm(c, next) {
    const site = c.req.header('Sec-Fetch-Site')
    const origin = c.req.header('Origin') ?? 'null'
    // `none` is what the user has done, such as a reload. By `Referrer-Policy: no-referrer`, the origin of our own forms is null too.
    const isOwn = site
      ? ['same-origin', 'none'].includes(site)
      : ['null', new URL(c.req.url).origin].includes(origin)
    if (!isOwn) {
      c.get('log').step = 'forbidden'
      throw new HTTPException(403, { message: 'This form was sent from another site.' })
    }
    await next()
  })
}
