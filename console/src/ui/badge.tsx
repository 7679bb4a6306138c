import type { ReactNode } from 'react'

export type Tone = 'good' | 'warn' | 'wrong' | 'info' | 'quiet'

/** A state in a word. Its colour only repeats what it says. */
export function Badge({ tone = 'quiet', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>
}
