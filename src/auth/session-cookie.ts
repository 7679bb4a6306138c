/**
 * The cookie of a session in the console. The prefix makes browsers take it over HTTPS alone, for this very host and all
 * of its paths, so that no other host of the domain can put one of its own in its place (RFC 6265bis §4.1.3.2).
 */
export const SESSION_COOKIE = '__Host-rescind-session'

/** Where a request shows that a script of the console has made it. */
export const SESSION_CSRF_HEADER = 'X-CSRF-Token'
