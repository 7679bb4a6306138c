import { describe, expect, it } from 'vitest'
import { jsPlugins, overrides } from '../../.oxlintrc.json'
import api from '../../docs/api.md?raw'
import architecture from '../../docs/architecture.md?raw'
import limits from '../../docs/limits.md?raw'
import {
  GENERATE_REFUSALS,
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  voidResult,
} from '../../src/api/admin/result-codes.ts'
import { ADMIN_ACTIVITIES, USER_ACTIVITIES } from '../../src/api/admin/event-codes.ts'
import { app } from '../../src/local.ts'
import { SCOPES } from '../../src/tenants/scope.ts'
import { STRANGERS_PER_NETWORK, STRANGERS_PER_TENANT } from '../../src/delivery/stranger-budget.ts'
import { STATUS_NAMES } from '../../src/http/error-status.ts'
import { parsePolicy } from '../../src/tenants/policy.ts'
import { codeBlocks, tables } from './markdown.ts'

/** Rows of the page's table whose header starts with these columns; cells without their backquotes. */
function table(page: string, ...columns: string[]): string[][] {
  const found = tables(page).find(([header]) => columns.every((column, index) => header?.[index] === column))
  if (found === undefined) throw new Error(`no table with the columns ${columns.join(', ')}`)
  return found.slice(1).map((cells) => cells.map((cell) => cell.replaceAll('`', '')))
}

const defaults = parsePolicy({})
if (defaults.tag !== 'valid') throw new Error('an empty policy is valid')
const { policy } = defaults

type Rate = { perMinute: number; burst: number }

const shownRate = ({ perMinute, burst }: Rate) => `${perMinute} per minute, burst ${burst}`

const isRate = (member: object): member is Rate => 'perMinute' in member && 'burst' in member

/** The leaves of the policy's defaults by their dotted names; a rate is one leaf. */
function leaves(value: object, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([name, member]): [string, string][] => {
    const path = prefix + name
    if (typeof member !== 'object' || member === null) return [[path, String(member)]]
    if (Object.keys(member).length === 0) return [[path, 'none']]
    if (isRate(member)) return [[path, shownRate(member)]]
    return leaves(member, `${path}.`)
  })
}

describe('the tables of docs/api.md', () => {
  it('list every endpoint', () => {
    const documented = table(api, 'Method', 'Path').map(([method, path]) => `${method} ${path}`)
    const served = app.routes.filter(({ method }) => method !== 'ALL')
    const endpoints = new Set(served.map(({ method, path }) => `${method} ${path}`))
    expect(documented.toSorted()).toEqual([...endpoints].toSorted())
  })

  it('list the numbers of both logs', () => {
    const admins = table(api, '`activityKey`', '`activityCode`').map(([key, code]) => [key, Number(code)])
    expect(admins).toEqual(Object.values(ADMIN_ACTIVITIES).map(({ key, code }) => [key, code]))
    const codes = table(api, '`eventCode`').map(([code]) => Number(code))
    expect(codes).toEqual(Object.values(USER_ACTIVITIES).map(({ code }) => code))
  })

  it('list every scope', () => {
    expect(table(api, 'Scope', 'Allows').map(([scope]) => scope)).toEqual(Object.keys(SCOPES))
  })

  it('list every per-user status', () => {
    const documented = table(api, 'Status', 'Meaning').map(([status]) => Number(status))
    const voided = (['voided', 'none', 'unknown'] as const).flatMap((outcome) => [
      voidResult('PASSWORD_RESET', outcome).status,
      voidResult('ENROLLMENT', outcome).status,
    ])
    const refused = Object.values(GENERATE_REFUSALS).map(({ status }) => status)
    const answered = new Set([GENERATED_FOR_DISPLAY, GENERATED_FOR_EMAIL, ...refused, ...voided])
    expect(documented).toEqual([...answered].toSorted((a, b) => a - b))
  })

  it('list every HTTP status of a failed request', () => {
    expect(table(api, 'Status', 'When').map(([status]) => status)).toEqual(Object.keys(STATUS_NAMES))
  })

  it('state every default of the policy', () => {
    const documented = table(api, 'Member', 'Default').flatMap(([members = '', value]) =>
      members.split(', ').map((member) => [member, value]),
    )
    expect(Object.fromEntries(documented)).toMatchObject(Object.fromEntries(leaves(policy)))
  })

  it('state how many origins a policy may name', () => {
    const row = table(api, 'Member', 'Default').find(([member]) => member === 'origins')
    const max = Number(/^\d+/.exec(row?.[2] ?? ''))
    const origins = Array.from({ length: max + 1 }, (_, index) => `https://${index}.example.com`)
    expect(parsePolicy({ origins: origins.slice(1) }).tag).toBe('valid')
    expect(parsePolicy({ origins }).tag).toBe('invalid')
  })

  it('name members of the policy alone', () => {
    const documented = table(api, 'Member', 'Default').flatMap(([members = '']) => members.split(', '))
    const strangers = documented.filter((member) => {
      const nested = member.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), 'wrong')
      // A value of the wrong kind is refused for itself; a member that does not exist, for being there.
      return JSON.stringify(parsePolicy(nested)).includes('is not a member')
    })
    expect(strangers).toEqual([])
  })
})

describe('the table of docs/limits.md', () => {
  it('states the defaults of the policy', () => {
    const documented = new Map(
      table(limits, 'Bucket', 'By default').map(([bucket = '', value]) => [bucket, value]),
    )
    for (const bucket of ['admin', 'void', 'validate', 'send'] as const) {
      expect([bucket, documented.get(bucket)]).toEqual([bucket, shownRate(policy.limits[bucket])])
    }
    const { perHour, perDay } = policy.limits.issue
    expect(documented.get('issue-hour, issue-day')).toBe(`${perHour} an hour, ${perDay} a day`)
  })
})

it('docs/limits.md states the budgets of mails to strangers', () => {
  for (const [{ perMinute, burst }, whose] of [
    [STRANGERS_PER_NETWORK, 'one client'],
    [STRANGERS_PER_TENANT, 'the tenant'],
  ] as const) {
    expect(perMinute * 60).toBeCloseTo(burst)
    expect(limits).toContain(`${burst} an hour for ${whose}`)
  }
})

describe('docs/architecture.md', () => {
  it('shows the rooms in the order that lint holds', () => {
    expect(jsPlugins).toEqual(['./scripts/lint/rooms.ts'])
    const drawn = codeBlocks(architecture, '').find((block) => block.includes('api/* →')) ?? ''
    const levels = drawn.split('→').map((level) =>
      level
        .trim()
        .split(/,\s*/)
        .map((room) => room.replace(/\/$/, '')),
    )
    const [, held] =
      overrides.map(({ rules }) => rules['rooms/one-way']).find((rule) => rule !== undefined) ?? []
    expect(levels).toEqual(held)
  })
})
