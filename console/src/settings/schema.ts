/** The part of JSON Schema that the description of a policy uses. */
export type Schema = {
  type?: string
  enum?: string[]
  const?: string
  default?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  pattern?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  propertyNames?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
}

/** How a member may be, in words: `10 to 1440, by default 10`. */
export function boundsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, maxItems, pattern } = schema
  const longest = maxLength ?? lengthIn(pattern)
  const parts = [
    minimum !== undefined &&
      maximum !== undefined &&
      `${minimum.toLocaleString()} to ${maximum.toLocaleString()}`,
    longest !== undefined && `${minLength ?? 1} to ${longest.toLocaleString()} characters`,
    maxItems !== undefined && `at most ${maxItems}`,
    isShown(schema.default) && `by default ${String(schema.default)}`,
  ]
  return parts.filter((part) => part !== false).join(', ')
}

function isShown(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

/** The length that a pattern such as `^[^\p{Cc}]{1,100}$` allows. */
function lengthIn(pattern = ''): number | undefined {
  const most = /^\^\[[^\]]*\]\{\d+,(\d+)\}\$$/.exec(pattern)?.[1]
  return most === undefined ? undefined : Number(most)
}

/** The forms that a member may have, or the one that it has. */
export function formsOf(schema: Schema): Schema[] {
  return schema.anyOf ?? schema.oneOf ?? [schema]
}

/** The form that a value has among those that it may have. */
export function formOf(schema: Schema, value: unknown): Schema | undefined {
  return formsOf(schema).find((form) => isOfForm(form, value))
}

function isOfForm(form: Schema, value: unknown): boolean {
  if (form.const !== undefined) return form.const === value
  if (form.enum !== undefined) return typeof value === 'string' && form.enum.includes(value)
  if (form.type !== 'object') return typeof value === form.type
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(form.properties ?? {}).every(([name, member]) => {
    const names = namesIn(member)
    const own = (value as Record<string, unknown>)[name]
    return names === undefined || own === undefined || (typeof own === 'string' && names.includes(own))
  })
}

/** The words that a member may be, where it is one of some. */
function namesIn({ const: only, enum: several }: Schema): string[] | undefined {
  return only === undefined ? several : [only]
}

/** The member that tells the forms of an object apart, such as `kind`; nothing where there is one such form. */
export function tagOf(schema: Schema): string | undefined {
  const objects = formsOf(schema).filter(({ type }) => type === 'object')
  if (objects.length < 2) return undefined
  return objects[0]?.required?.find((name) =>
    objects.every(({ properties }) => namesIn(properties?.[name] ?? {}) !== undefined),
  )
}

/** What one calls a form: the words that it may be, those of its tag, or none of its own. */
export function namesOf(form: Schema, tag: string | undefined): string[] {
  return namesIn(tag === undefined ? form : (form.properties?.[tag] ?? form)) ?? ['custom']
}
