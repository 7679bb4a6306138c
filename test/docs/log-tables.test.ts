import { describe, expect, it } from 'vitest'
import operating from '../../docs/operating.md?raw'
import type { SignInRefusal } from '../../src/api/console/sign-in.ts'
import type { BearerFault } from '../../src/auth/bearer-token.ts'
import type { OperatorTokenFault } from '../../src/auth/operator-token.ts'
import type { CodeEnd, UserAction, Verdict } from '../../src/database/schema.ts'
import { StoreFault } from '../../src/database/store-fault.ts'
import type { MessageEnd } from '../../src/delivery/consumer.ts'
import { faultName, type LogEvent } from '../../src/log.ts'
import { SettingError } from '../../src/setting-error.ts'
import { codeSpans, tables } from './markdown.ts'

/**
 * The tables of what is logged, against the types that say what may be. A type leaves nothing to look at when
 * the tests run, so its members are listed here once, and the compiler refuses a list that lacks one of them.
 */

type Listed<Names extends string> = Record<Names, true>

const sources: Record<string, string> = import.meta.glob('/src/**/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** What a pattern captures in the sources below a path: for texts that no type lists. */
function captured(pattern: RegExp, below = '/src/'): string[] {
  const texts = Object.entries(sources).flatMap(([path, text]) => (path.startsWith(below) ? text : []))
  return [...texts.join('\n').matchAll(pattern)].map(([, name = '']) => name)
}

/** Every text in backquotes in a column of the table whose header starts with these cells. */
function documented(header: readonly string[], column = 0): string[] {
  const found = tables(operating).find(([cells]) => header.every((name, index) => cells?.[index] === name))
  if (found === undefined) throw new Error(`no table with the columns ${header.join(', ')}`)
  return sorted(found.slice(1).flatMap((cells) => codeSpans(cells[column] ?? '')))
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted()
}

describe('the tables of the event of a request', () => {
  it('list its members', () => {
    const members: Listed<keyof LogEvent> = {
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
      limiterDegraded: true,
      clientNamed: true,
      attack: true,
    }
    expect(documented(['Member', 'Meaning'])).toEqual(sorted(Object.keys(members)))
  })

  it('list every step', () => {
    const steps: Listed<LogEvent['step']> = {
      shielded: true,
      unauthenticated: true,
      forbidden: true,
      limited: true,
      rejected: true,
      handled: true,
      failed: true,
    }
    expect(documented(['`step`'])).toEqual(sorted(Object.keys(steps)))
  })

  it('list every outcome', () => {
    const tokenFaults: Listed<BearerFault | OperatorTokenFault> = {
      malformed: true,
      header: true,
      algorithm: true,
      time: true,
      audience: true,
      issuer: true,
      signature: true,
      'unknown-key': true,
      'access-token': true,
      'scim-token': true,
    }
    const refusals: Listed<Exclude<Verdict, 'match'>> = {
      wrong: true,
      'wrong-answer': true,
      asked: true,
      redeemed: true,
      voided: true,
      locked: true,
      expired: true,
      'cut-off': true,
      'in-use': true,
      unknown: true,
      disabled: true,
      none: true,
    }
    const signIns: Listed<SignInRefusal> = {
      'no-access': true,
      'no-sign-in': true,
      'no-role': true,
      'provider-unreachable': true,
      'provider-denied': true,
      'provider-answer': true,
      'provider-acr': true,
    }
    const outcomes = [
      ...Object.keys(signIns),
      ...Object.keys(tokenFaults).map((fault) => `token-${fault}`),
      ...Object.keys(refusals),
      ...captured(/(?:unauthenticated\(c, |\.outcome = (?:.* : )?)'([\w-]+)'/g),
      ...captured(/\.outcome = .* \? '([\w-]+)'/g),
      ...captured(/cause: ['`](hook-[\w-]*)/g),
    ]
    expect(documented(['`outcome`', 'The true reason'])).toEqual(sorted(outcomes))
  })

  it('name faults as the log does', () => {
    const faults = documented(['`fault`'])
    expect(faults).toContain('SettingError')
    expect(faultName(new SettingError('PEPPERS', 'is malformed'))).toBe('SettingError PEPPERS')
    expect(faults).toContain(faultName(new StoreFault('the queue failed')))
    expect(faults).toContain(faultName(new Error('internal error; reference = 0123')))
    expect(faults).toEqual(expect.arrayContaining(['D1_...', 'SQLITE_...']))
    expect(faultName(new Error('D1_ERROR: SQLITE_FULL'))).toBe('Error D1_ERROR SQLITE_FULL')
  })
})

describe('the table of the event of a delivery', () => {
  const header = ['`outcome`', '`reason`'] as const

  it('lists every outcome', () => {
    const ends: Listed<MessageEnd['outcome']> = {
      delivered: true,
      dropped: true,
      rejected: true,
      failed: true,
      deferred: true,
      unreadable: true,
      'tenant-gone': true,
    }
    expect(documented(header)).toEqual(sorted(Object.keys(ends)))
  })

  it('lists every reason', () => {
    const ends: Listed<CodeEnd> = { voided: true, redeemed: true, locked: true }
    const states = captured(/THEN '(\w+)'/g, '/src/codes/deliverable-store.ts')
    const reasons = [
      ...Object.keys(ends),
      ...states.filter((state) => state !== 'live'),
      ...captured(/\breason(?: =|:) '([\w-]+)'/g, '/src/delivery/'),
    ]
    expect(documented(header, 1)).toEqual(sorted(reasons))
  })
})

it('the table of user events lists every action', () => {
  const actions: Listed<UserAction> = {
    sent: true,
    delivered: true,
    'delivery-failed': true,
    validated: true,
    asked: true,
    refused: true,
    redeemed: true,
    'redeem-failed': true,
    locked: true,
    reported: true,
    'proof-sent': true,
    proved: true,
    'proof-refused': true,
    verified: true,
  }
  expect(documented(['`action` in `user_events`'])).toEqual(sorted(Object.keys(actions)))
})
