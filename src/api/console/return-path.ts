/** Pages of the console begin here. */
const HOME = '/console'
/** What is no page, and would lead in a circle. */
const NO_PAGES = /^\/console\/(?:login|callback|logout|backchannel-logout|session|sessions|overview|assets)(?:\/|$)/
const LENGTH_MAX = 2_048

/**
 * Where a sign-in leads to: a page of the console on this origin, and the start of the console for anything else. What
 * comes out is made of the parts of the parsed URL, so that nobody else's reading of the text counts.
 */
export function returnPath(wanted: string | undefined, origin: string): string {
  if (wanted === undefined || wanted.length > LENGTH_MAX || !/^\/[^/\\]/.test(wanted)) return HOME
  if (!URL.canParse(wanted, origin)) return HOME
  const { origin: found, pathname, search, hash } = new URL(wanted, origin)
  const isPage = pathname === HOME || (pathname.startsWith(`${HOME}/`) && !NO_PAGES.test(pathname))
  return found === origin && isPage && !pathname.includes('//') ? pathname + search + hash : HOME
}
