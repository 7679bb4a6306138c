/** Pages of the console begin here. */
const HOME = '/console'
/** What the service answers itself below it. */
const ENDPOINTS =
  /^\/console\/(?:login|callback|logout|backchannel-logout|session|sessions|overview|assets)(?:\/|$)/
/** Of what comes out, which the cookie of a sign-in holds, sealed: browsers keep no cookie over 4,096 bytes (RFC 6265bis §5.7). */
const LENGTH_MAX = 1_024

/** Whether a path is the front end's to answer: every path of the console that is no endpoint. */
export function isPage(pathname: string): boolean {
  return pathname === HOME || (pathname.startsWith(`${HOME}/`) && !ENDPOINTS.test(pathname))
}

/**
 * Where a sign-in leads to: a page of the console, and the start of the console for anything else. What comes out is made
 * of the parts of the parsed URL behind its origin, so that nobody else's reading of the text counts.
 */
export function returnPath(wanted: string | undefined, origin: string): string {
  if (wanted === undefined || !/^\/[^/\\]/.test(wanted) || !URL.canParse(wanted, origin)) return HOME
  const { pathname, search, hash } = new URL(wanted, origin)
  const path = pathname + search + hash
  return isPage(pathname) && !pathname.includes('//') && path.length <= LENGTH_MAX ? path : HOME
}
