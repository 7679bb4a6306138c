import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { lastCallAt } from '../api/call.ts'
import { Button } from '../ui/button.tsx'
import { Note } from '../ui/states.tsx'
import { shortTime, useNow } from '../ui/time.tsx'
import { useSession } from './session.ts'

/** When the end of a session is told. */
const WARN_MS = 2 * 60_000

/** Says that the session is about to end, and looks whether it has once that time has come. */
export function SessionEnd() {
  const { expiresAt, idleExpiresAt } = useSession()
  const client = useQueryClient()
  const now = useNow()
  const last = Date.parse(expiresAt)
  // Each call begins the idle time anew, and this page knows of its own.
  const knownAt = client.getQueryState(['session'])?.dataUpdatedAt ?? now
  const idle = Math.max(0, lastCallAt() - knownAt) + Date.parse(idleExpiresAt)
  const left = Math.min(last, idle) - now
  const isOver = left <= 0
  const look = () => void client.invalidateQueries({ queryKey: ['session'], exact: true })
  useEffect(() => {
    if (isOver) void client.invalidateQueries({ queryKey: ['session'], exact: true })
  }, [isOver, client])
  if (left > WARN_MS || isOver) return null
  return (
    <Note kind="warn">
      <p>
        Your session ends in {shortTime(left)}. {left === last - now ? 'Then sign in again.' : ''}
      </p>
      {left < last - now && (
        <Button small onClick={look}>
          Stay signed in
        </Button>
      )}
    </Note>
  )
}
