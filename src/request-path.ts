/**
 * The path that routes are matched by. Clients of the admin API join their base URL and the path as
 * they please, so there `restapi//v1`, a missing `/v1` and a trailing slash mean the same; and the
 * vendor of the password API prints one path with its first segment doubled.
 */
export function canonicalPath(request: Request): string {
  const path = new URL(request.url).pathname.replace(/(.)\/+$/, '$1')
  if (path.startsWith('/AdminInterface/restapi/')) {
    return path.replace(/\/{2,}/g, '/').replace(/^(\/AdminInterface\/restapi)\/(?!v\d+(?:\/|$))/, '$1/v1/')
  }
  return path.replace(/^(\/api\/passwordmanagement)\/passwordmanagement\//, '$1/')
}
