import { useEffect, useState } from 'react'

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

/** An instant in the words and the time zone of whoever looks. */
export function Time({ at, clock = false }: { at: string | null | undefined; clock?: boolean }) {
  if (at === null || at === undefined) return <span className="soft">none</span>
  const date = new Date(at)
  return (
    <time dateTime={at} title={WHEN.format(date)}>
      {(clock ? CLOCK : WHEN).format(date)}
    </time>
  )
}

/** The time now, anew every so often. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** A length of time as `4:05`, `1 h 20 min`, or `3 d`. */
export function shortTime(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / 1440)} d`
}
