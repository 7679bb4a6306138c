/**
 * The path that routes are matched by. Clients of the admin API join their base URL and the path as
 * they please, so there `restapi//v1`, a missing `/v1` and a trailing slash mean the same; and the
 * vendor of the password API prints one path with its first segment doubled.
 */
export function canonicalPath(request: Request): string {
  const path = withoutTrailingSlashes(new URL(request.url).pathname)
  if (path.startsWith('/AdminInterface/restapi/')) {
    return path.replace(/\/{2,}/g, '/').replace(/^(\/AdminInterface\/restapi)\/(?!v\d+(?:\/|$))/, '$1/v1/')
  }
  return path.replace(/^(\/api\/passwordmanagement)\/passwordmanagement\//, '$1/')
}

/** Written as a loop, since a regular expression takes quadratic time on a path of many slashes. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (end > 1 && path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}
