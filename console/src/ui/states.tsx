import type { ReactNode } from 'react'
import { messageOf } from '../api/call.ts'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

/** Stands where content will be, as tall as that, so that nothing moves when it comes. */
export function Loading({ rows = 3, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div className="loading" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        <span key={index} className="bone" />
      ))}
    </div>
  )
}

/** Says that there is nothing, and what would change that. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  )
}

/** Says what went wrong, and offers to try again. */
export function Fault({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div className="note wrong" role="alert">
      <Icon name="alert" />
      <div>
        <p>{messageOf(error)}</p>
        {onRetry && (
          <Button onClick={onRetry} small>
            Try again
          </Button>
        )}
      </div>
    </div>
  )
}

/** A sentence that matters, beside what it is about. */
export function Note({
  kind = 'info',
  children,
}: {
  kind?: 'info' | 'good' | 'warn' | 'wrong'
  children: ReactNode
}) {
  return (
    <div className={`note ${kind}`} role={kind === 'wrong' ? 'alert' : undefined}>
      <Icon name={kind === 'info' ? 'info' : kind === 'good' ? 'check' : 'alert'} />
      <div>{children}</div>
    </div>
  )
}
