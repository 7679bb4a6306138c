import { useId, type ComponentProps, type ReactNode } from 'react'

type FieldProps = {
  label: string
  hint?: ReactNode
  error?: string | undefined
  /** Says how the field is, where its words are needed by those who do not see alone. */
  hideLabel?: boolean
}

function useWords({ label, hint, error, hideLabel }: FieldProps) {
  const id = useId()
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  const control = { id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined }
  const words = (
    <>
      <label htmlFor={id} className={hideLabel ? 'unseen' : undefined}>
        {label}
      </label>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </>
  )
  const problem = error && (
    <p className="problem" id={`${id}-error`}>
      {error}
    </p>
  )
  return { control, words, problem }
}

export function TextField({
  label,
  hint,
  error,
  hideLabel = false,
  ...props
}: FieldProps & ComponentProps<'input'>) {
  const { control, words, problem } = useWords({ label, hint, error, hideLabel })
  return (
    <div className="field">
      {words}
      <input type="text" autoComplete="off" spellCheck={false} {...control} {...props} />
      {problem}
    </div>
  )
}

export function TextArea({
  label,
  hint,
  error,
  hideLabel = false,
  ...props
}: FieldProps & ComponentProps<'textarea'>) {
  const { control, words, problem } = useWords({ label, hint, error, hideLabel })
  return (
    <div className="field">
      {words}
      <textarea autoComplete="off" spellCheck={false} {...control} {...props} />
      {problem}
    </div>
  )
}

type ChoiceProps = FieldProps &
  Omit<ComponentProps<'select'>, 'onChange'> & {
    options: readonly (readonly [value: string, words: string])[]
    onPick: (value: string) => void
  }

/** One of a few. The browser's own: it is what a keyboard, a telephone and a screen reader know best. */
export function Choice({ label, hint, error, hideLabel = false, options, onPick, ...props }: ChoiceProps) {
  const { control, words, problem } = useWords({ label, hint, error, hideLabel })
  return (
    <div className="field">
      {words}
      <select {...control} {...props} onChange={(event) => onPick(event.target.value)}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {problem}
    </div>
  )
}

export function CheckField({ label, hint, error, ...props }: FieldProps & ComponentProps<'input'>) {
  const id = useId()
  return (
    <div className="field check">
      <input type="checkbox" id={id} aria-describedby={hint ? `${id}-hint` : undefined} {...props} />
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && <p className="problem">{error}</p>}
    </div>
  )
}
