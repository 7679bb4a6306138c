/** Pages of the console begin here. */
const HOME = '/console'
/** What the service answers itself below it. */
const ENDPOINTS =
  /^\/console\/(?:login|callback|logout|backchannel-logout|session|sessions|overview|assets)(?:\/|$)/
const LENGTH_MAX = 2_048

/** Whether a path is the front end's to answer: every path of the console that is no endpoint. */
export function isPage(pathname: string): boolean {
  return pathname === HOME || (pathname.startsWith(`${HOME}/`) && !ENDPOINTS.test(pathname))
}

/**
 * Where a sign-in leads to: a page of the console, and the start of the console for anything else. What comes out is made
 * of the parts of the parsed URL behind its origin, so that nobody else's reading of the text counts.
 */
export function returnPath(wanted: string | undefined, origin: string): string {
  if (wanted === undefined || wanted.length > LENGTH_MAX || !/^\/[^/\\]/.test(wanted)) return HOME
  if (!URL.canParse(wanted, origin)) return HOME
  const { pathname, search, hash } = new URL(wanted, origin)
  return isPage(pathname) && !pathname.includes('//') ? pathname + search + hash : HOME
}
