/** Requests to the app for each request of the load, so that decisions are measured rather than HTTP. */
export const DECISIONS = 25

/** Puts that many requests to the app at once, and says how often it answered what. */
export async function decisionsOf(
  { url }: Request,
  decide: (request: Request) => Response | Promise<Response>,
): Promise<Response> {
  const answers = await Promise.all(Array.from({ length: DECISIONS }, async () => decide(new Request(url))))
  const statuses: Record<string, number> = {}
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1
  return Response.json(statuses)
}
