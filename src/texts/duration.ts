/** A duration in whole seconds, minutes or hours, in words of a language.. */
export function durationInWords(tag: string, seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (seconds < 60) return inUnits(tag, Math.max(1, Math.ceil(seconds)), 'second')
  return minutes % 60 === 0 ? inUnits(tag, minutes / 60, 'hour') : inUnits(tag, minutes, 'minute')
}

/** The same for what is at least a minute. */
export function validityInWords(tag: string, validMs: number): string {
  return durationInWords(tag, Math.max(1, Math.round(validMs / 60_000)) * 60)
}

function inUnits(tag: string, count: number, unit: 'second' | 'minute' | 'hour'): string {
  const words = new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
  // Languages that are written without spaces have none here either.
  return /^(?:ja|zh)/.test(tag) ? words.replace(/\s/g, '') : words
}
