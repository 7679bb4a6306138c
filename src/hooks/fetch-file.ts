import { isAllowedTarget } from './target.ts'

/** A file of a tenant's own server, from its first byte to its last; or why it could not be had. */
export type FetchedFile = { tag: 'fetched'; bytes: Uint8Array } | { tag: 'failed'; why: string }

const DEADLINE_MS = 5_000

/**
 * Fetches a small file, by the rules of hooks: https to a host of the internet, a deadline, and no redirect, so that
 * an answer cannot send us elsewhere. Nothing goes along with the request, and nothing of the answer is told but its
 * status.
 *
 * @param bytesMax of what is read of it: what is longer has failed.
 */
export async function fetchFile(url: string, bytesMax: number, isLocalRun: boolean): Promise<FetchedFile> {
  if (!isAllowedTarget(url, isLocalRun)) return failed('must be https to a host of the internet')
  const signal = AbortSignal.timeout(DEADLINE_MS)
  try {
    const response = await fetch(url, { redirect: 'manual', signal })
    if (response.status !== 200) {
      await response.body?.cancel()
      return failed(`was answered ${response.status}, and must be answered 200`)
    }
    const bytes = await readUpTo(response, bytesMax)
    return bytes === undefined
      ? failed(`leads to a file of over ${bytesMax} bytes`)
      : { tag: 'fetched', bytes }
  } catch {
    return failed(signal.aborted ? 'was not answered within 5 seconds' : 'could not be reached')
  }
}

function failed(why: string): FetchedFile {
  return { tag: 'failed', why }
}

/** The whole body; nothing where it is longer, of which the rest is not read. */
async function readUpTo({ body }: Response, bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
