import type { LogEvent } from '../../src/log.ts'

/** Every member that an event of a request may have; the compiler holds it against the type. */
const MEMBERS: Record<keyof LogEvent | 'event', true> = {
  event: true,
  requestId: true,
  method: true,
  route: true,
  status: true,
  durationMs: true,
  step: true,
  tenantId: true,
  accessId: true,
  outcome: true,
  fault: true,
}

/** What must never be in a log, and the name it is reported by: the text itself stays out of the report. */
const SECRETS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['an e-mail address', /@|%40/i],
  ['a token', /eyJ/],
  ['a PEM block', /-----BEGIN/],
  ['a query', /\?/],
  ['an IPv4 address', /\b\d{1,3}(?:\.\d{1,3}){3}\b/],
]

const EVENT = /\{"event":".*\}/

/** How many events a process has logged, and what in them should not be there. */
export function inspectLog(output: string): { events: number; leaks: string[] } {
  const lines = output.split('\n').flatMap((line) => EVENT.exec(line)?.[0] ?? [])
  return { events: lines.length, leaks: [...new Set(lines.flatMap(leaksOf))] }
}

function leaksOf(line: string): string[] {
  const event = parse(line)
  if (event?.['event'] !== 'request') return ['an event that is not known']
  const strange = Object.keys(event).filter((name) => !Object.hasOwn(MEMBERS, name))
  const secrets = SECRETS.filter(([, pattern]) => pattern.test(line))
  return [...strange.map((name) => `the member ${name}`), ...secrets.map(([name]) => name)]
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}
