import { useState } from 'react'
import { CheckField, Choice, TextArea, TextField } from '../ui/field.tsx'
import { isRecord, type Draft, valueAt } from './draft.ts'
import { isOperatorsOwn, wordsFor } from './policy-words.ts'
import { boundsOf, formOf, formsOf, namesOf, tagOf, type Schema } from './schema.ts'

export type FieldProps = {
  path: string
  schema: Schema
  draft: Draft
  /** What the service said about members, by their paths. */
  problems: ReadonlyMap<string, string>
  onValue: (path: string, value: unknown) => void
}

/** One member of the policy, as its schema says: a field, or a group of them. */
export function PolicyField(props: FieldProps) {
  const { path, schema, draft } = props
  if (schema.anyOf !== undefined || schema.oneOf !== undefined) return <OneOfForms {...props} />
  if (schema.properties !== undefined) {
    const isOptional = schema.default === undefined
    return isOptional && path.includes('.') ? <OptionalGroup {...props} /> : <Group {...props} />
  }
  if (schema.type === 'object' || schema.items?.type === 'object') return <JsonField {...props} />
  if (schema.type === 'boolean') return <Flag {...props} />
  if (schema.enum !== undefined) return <Picked {...props} value={valueAt(draft, path)} />
  if (schema.type === 'array') return <Lines {...props} />
  return <Line {...props} />
}

/** @param tag the member that is picked elsewhere. */
function Group({ tag, ...props }: FieldProps & { tag?: string | undefined }) {
  const { path, schema } = props
  const [label, words] = wordsFor(path)
  return (
    <fieldset className="group">
      {path.includes('.') && (
        <>
          <legend className="group-label">{label}</legend>
          {words && <p className="hint">{words}</p>}
        </>
      )}
      <div className="fields two">
        {Object.entries(schema.properties ?? {})
          .filter(([name]) => name !== tag)
          .map(([name, member]) => (
            <PolicyField
              key={name}
              {...props}
              path={path === '' ? name : `${path}.${name}`}
              schema={member}
            />
          ))}
      </div>
    </fieldset>
  )
}

/** A group that is there or not. */
function OptionalGroup(props: FieldProps) {
  const { path, draft, onValue } = props
  const [label, words] = wordsFor(path)
  const isThere = isRecord(valueAt(draft, path))
  return (
    <div className="fields">
      <CheckField
        label={label}
        hint={words}
        checked={isThere}
        disabled={isOperatorsOwn(path)}
        onChange={() => onValue(path, isThere ? undefined : {})}
      />
      {isThere && <Group {...props} />}
    </div>
  )
}

const FORM_WORDS: Record<string, string> = {
  off: 'Off',
  custom: 'As below',
  grant: 'A grant',
  hook: 'A password hook',
  any: 'Any',
  mail: 'A code to their second address',
  phone: 'A code to their telephone, by your hook',
  'sign-in': 'Signing in with your OpenID provider',
}

/** A member of several forms: which one, and what that one has. */
function OneOfForms(props: FieldProps) {
  const { path, schema, draft, problems, onValue } = props
  const [label, words] = wordsFor(path)
  const value = valueAt(draft, path)
  const form = formOf(schema, value)
  const tag = tagOf(schema)
  const options = formsOf(schema).flatMap((each) =>
    namesOf(each, tag).map((name) => [name, FORM_WORDS[name] ?? name] as const),
  )
  const own = isRecord(value) ? (tag === undefined ? 'custom' : value[tag]) : value
  const picked = form === undefined || typeof own !== 'string' ? '' : own
  const pick = (name: string) => {
    const chosen = formsOf(schema).find((each) => namesOf(each, tag).includes(name))
    if (chosen === undefined) onValue(path, undefined)
    else if (chosen.type !== 'object') onValue(path, name)
    else onValue(path, tag === undefined ? {} : { [tag]: name })
  }
  return (
    <div className="fields">
      <Choice
        label={label}
        hint={words}
        error={problems.get(path)}
        value={picked}
        disabled={isOperatorsOwn(path)}
        options={schema.default === undefined ? [['', 'Not set'] as const, ...options] : options}
        onPick={pick}
      />
      {form?.properties !== undefined && <Group {...props} schema={form} tag={tag} />}
    </div>
  )
}

function useField({ path, schema, problems }: FieldProps) {
  const [label, words] = wordsFor(path)
  const bounds = boundsOf(schema)
  const hint = [words, bounds && `${bounds.charAt(0).toUpperCase()}${bounds.slice(1)}.`]
    .filter(Boolean)
    .join(' ')
  return { label, hint, error: problems.get(path), disabled: isOperatorsOwn(path) }
}

function Flag(props: FieldProps) {
  const field = useField(props)
  const { path, draft, onValue } = props
  const isOn = valueAt(draft, path) === true
  return <CheckField {...field} checked={isOn} onChange={() => onValue(path, !isOn)} />
}

function Picked(props: FieldProps & { value: unknown }) {
  const field = useField(props)
  const { path, schema, value, onValue } = props
  const options = (schema.enum ?? []).map((each) => [each, each] as const)
  return (
    <Choice
      {...field}
      value={typeof value === 'string' ? value : ''}
      options={schema.default === undefined ? [['', 'Not set'] as const, ...options] : options}
      onPick={(picked) => onValue(path, picked === '' ? undefined : picked)}
    />
  )
}

function Line(props: FieldProps) {
  const field = useField(props)
  const { path, schema, draft, onValue } = props
  const value = valueAt(draft, path)
  const isNumber = schema.type === 'integer'
  const isSecret = /secret$/i.test(path)
  return (
    <TextField
      {...field}
      value={typeof value === 'string' || typeof value === 'number' ? value : ''}
      {...(isNumber && { type: 'number', min: schema.minimum, max: schema.maximum, step: 1 })}
      {...(isSecret && { type: 'password', placeholder: 'stays as it is', autoComplete: 'new-password' })}
      onChange={({ target: { value } }) =>
        onValue(path, value === '' ? undefined : isNumber ? Number(value) : value)
      }
    />
  )
}

function Lines(props: FieldProps) {
  const field = useField(props)
  const { path, draft, onValue } = props
  const value = valueAt(draft, path)
  const [text, setText] = useState(() => (Array.isArray(value) ? value.join('\n') : ''))
  return (
    <TextArea
      {...field}
      rows={3}
      value={text}
      onChange={({ target: { value } }) => {
        setText(value)
        onValue(
          path,
          value
            .split('\n')
            .map((line) => line.trim())
            .filter(Boolean),
        )
      }}
    />
  )
}

/** What has no fields of its own is written as JSON. */
function JsonField(props: FieldProps) {
  const field = useField(props)
  const { path, schema, draft, onValue } = props
  const [text, setText] = useState(() =>
    JSON.stringify(valueAt(draft, path) ?? (schema.items ? [] : {}), null, 2),
  )
  const [isBroken, setBroken] = useState(false)
  return (
    <TextArea
      {...field}
      hint={`${field.hint} Written as JSON.`}
      error={isBroken ? 'This is no JSON yet.' : field.error}
      rows={4}
      className="mono"
      value={text}
      onChange={({ target: { value } }) => {
        setText(value)
        try {
          onValue(path, JSON.parse(value))
          setBroken(false)
        } catch {
          setBroken(true)
        }
      }}
    />
  )
}
