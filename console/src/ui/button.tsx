import type { ComponentProps } from 'react'

type ButtonProps = ComponentProps<'button'> & {
  kind?: 'primary' | 'plain' | 'danger' | 'bare'
  small?: boolean
  /** What it has begun is still running: a second press does nothing. */
  busy?: boolean
}

export function Button({
  kind = 'plain',
  small,
  busy,
  className = '',
  disabled,
  onClick,
  ...props
}: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      className={`button ${kind} ${small ? 'small' : ''} ${className}`}
      aria-disabled={busy || undefined}
      disabled={disabled}
      data-busy={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault()
        else onClick?.(event)
      }}
    />
  )
}
