/** Decisions for each request of the load, so that they are measured rather than HTTP. */
export const DECISIONS = 100

/** Makes that many decisions at once, and says how often each was made. */
export async function decisionsOf(decide: () => Promise<200 | 429>): Promise<Response> {
  const answers = await Promise.all(Array.from({ length: DECISIONS }, decide))
  const statuses: Record<string, number> = {}
  for (const status of answers) statuses[status] = (statuses[status] ?? 0) + 1
  return Response.json(statuses)
}

/** What is decided about: both numbers are in the request's query. */
export function subjectOf(request: Request): { key: string; limit: number } {
  const { searchParams } = new URL(request.url)
  return { key: searchParams.get('key') ?? '', limit: Number(searchParams.get('limit')) }
}
