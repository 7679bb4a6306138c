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
  if (form.enum !== undefined) return form.enum.includes(String(value)) && typeof value === 'string'
  if (form.type !== 'object') return typeof value === form.type
  if (typeof value !== 'object' || value === null) return false
  const kind = form.properties?.['kind']?.const
  return kind === undefined || (value as { kind?: unknown }).kind === kind
}
