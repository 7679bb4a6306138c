import { describe, expect, it } from 'vitest'
import readme from '../README.md?raw'
import {
  GENERATE_REFUSALS,
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  voidResult,
} from '../src/api/admin/result-codes.ts'
import { app } from '../src/app.ts'
import { STATUS_NAMES } from '../src/http/error-status.ts'
import { parsePolicy } from '../src/tenants/policy.ts'

/** Rows of the table whose header starts with these columns; cells without their backquotes. */
function table(...columns: string[]): string[][] {
  const rows = readme.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
  const header = rows.findIndex((cells) => columns.every((column, index) => cells[index] === column))
  const below = rows.slice(header + 2)
  return below.slice(
    0,
    below.findIndex((cells) => cells.length === 0),
  )
}

describe('the tables of the README', () => {
  it('lists every endpoint', () => {
    const documented = table('Method', 'Path').map(([method, path]) => `${method} ${path}`)
    const served = app.routes.filter(({ method }) => method !== 'ALL')
    const endpoints = new Set(served.map(({ method, path }) => `${method} ${path}`))
    expect(documented.toSorted()).toEqual([...endpoints].toSorted())
  })

  it('lists every per-user status', () => {
    const documented = table('Status', 'Meaning').map(([status]) => Number(status))
    const voided = (['voided', 'none', 'unknown'] as const).flatMap((outcome) => [
      voidResult('PASSWORD_RESET', outcome).status,
      voidResult('ENROLLMENT', outcome).status,
    ])
    const refused = Object.values(GENERATE_REFUSALS).map(({ status }) => status)
    const answered = new Set([GENERATED_FOR_DISPLAY, GENERATED_FOR_EMAIL, ...refused, ...voided])
    expect(documented).toEqual([...answered].toSorted((a, b) => a - b))
  })

  it('lists every HTTP status of a failed request', () => {
    expect(table('Status', 'When').map(([status]) => status)).toEqual(Object.keys(STATUS_NAMES))
  })

  it('states the defaults of the policy', () => {
    const parsed = parsePolicy({})
    if (parsed.tag !== 'valid') throw new Error('an empty policy is valid')
    const { code, limits, csrf, unknownAddress, mail } = parsed.policy
    const rates = Object.entries(limits).map(([name, { perMinute, burst }]) => [
      `limits.${name}`,
      `${perMinute} per minute, burst ${burst}`,
    ])
    const codes = Object.entries(code).map(([name, value]) => [`code.${name}`, String(value)])
    const documented = new Map(table('Member', 'Default').map(([member = '', value]) => [member, value]))
    for (const [member = '', value] of [
      ...codes,
      ...rates,
      ['csrf', csrf],
      ['unknownAddress', unknownAddress],
      ['mail.language', mail.language],
    ]) {
      expect([member, documented.get(member)]).toEqual([member, value])
    }
  })
})
