import { describe, expect, it } from 'vitest'
import { voidResult } from '../../src/api/admin/result-codes.ts'
import type { Progress, VoidResult } from '@rescind/client'
import { refusal, scripted, usersOf, voided } from './scripted.ts'

const emailsOf = (body: string) => (JSON.parse(body) as { user_emails: string[] }).user_emails

describe('a run', () => {
  it.each([
    [0, []],
    [1, [1]],
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]],
  ])('splits %i users', async (count, sizes) => {
    const { rescind, sent } = scripted(voided)
    const results = await rescind.codes.void(usersOf(count))
    const lengths = sent.map(({ body }) => emailsOf(body).length)
    expect(lengths.toSorted((one, other) => other - one)).toEqual(sizes)
    expect(results.map(({ email, index }) => [email, index])).toEqual(
      usersOf(count).map((email, n) => [email, n]),
    )
  })

  it('keeps a body below 64 KiB, so that one entry fails alone', async () => {
    const { rescind, sent } = scripted((each) => (each.body.length > 64 * 1024 ? refusal(413) : voided(each)))
    const users = [
      ...usersOf(3),
      `${'ä'.repeat(70_000)}@example.com`,
      ...usersOf(150).map((user) => 'ü'.repeat(230) + user),
    ]
    const results = await rescind.codes.void(users)
    expect(results.filter(({ outcome }) => outcome === 'failed').map(({ index }) => index)).toEqual([3])
    const sizes = sent.map(({ body }) => new TextEncoder().encode(body).length)
    expect(sizes.filter((bytes) => bytes > 64 * 1024)).toHaveLength(1)
  })

  it.each([1, 3, 16])('makes at most %i calls at a time', async (concurrency) => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5))
    const { rescind, sent, most } = scripted(async (each) => {
      await pause()
      return voided(each)
    })
    await rescind.codes.void(usersOf(40), { chunkSize: 1, concurrency })
    expect([sent.length, most.running]).toEqual([40, concurrency])
  })

  it('begins nothing while nobody takes the results', async () => {
    const { rescind, sent } = scripted(voided)
    const run = rescind.codes.void(usersOf(20), { chunkSize: 1, concurrency: 2 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sent).toEqual([])
    for await (const result of run) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(sent.length).toBeLessThanOrEqual(result.index + 3)
      if (result.index >= 3) break
    }
    const { length } = sent
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sent).toHaveLength(length)
  })

  it('loses nothing of the others when one call fails', async () => {
    const { rescind } = scripted((each) => (each.body.includes('user12@') ? refusal(400) : voided(each)))
    const told: Progress[] = []
    const results = await rescind.codes.void(usersOf(30), {
      chunkSize: 5,
      onProgress: (each) => told.push(each),
    })
    const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ index }) => index)
    expect(failed).toEqual([10, 11, 12, 13, 14])
    expect(results.filter(({ outcome }) => outcome === 'voided')).toHaveLength(25)
    expect(told.map(({ done }) => done)).toEqual([5, 10, 15, 20, 25, 30])
    expect(told.at(-1)).toEqual({ done: 30, failed: 5, total: 30 })
  })

  it.each([401, 403])('tries nothing more after a %i', async (status) => {
    const { rescind, sent } = scripted(() => refusal(status))
    const results = await rescind.codes.void(usersOf(50), { chunkSize: 1, concurrency: 1 })
    expect(new Set(results.map((result) => result.outcome === 'failed' && result.error.status))).toEqual(
      new Set([status]),
    )
    expect(results).toHaveLength(50)
    expect(sent.length).toBe(status === 401 ? 2 : 1)
  })

  it('hands over what was finished before it throws the reason of an abort', async () => {
    const controller = new AbortController()
    const { rescind, sent } = scripted((each) =>
      each.body.includes('user4@') ? new Promise<Response>(() => {}) : voided(each),
    )
    const seen: VoidResult[] = []
    const iterate = async () => {
      for await (const result of rescind.codes.void(usersOf(10), {
        chunkSize: 1,
        concurrency: 5,
        signal: controller.signal,
      })) {
        if (seen.length === 0) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          controller.abort('enough')
        }
        seen.push(result)
      }
    }
    await expect(iterate()).rejects.toBe('enough')
    expect(new Set(seen.map(({ index }) => index))).toEqual(new Set([0, 1, 2, 3]))
    expect(sent).toHaveLength(5)
  })

  it('waits in turn for one limit, and an abort ends all waits', async () => {
    const { rescind, sent } = scripted((each, count) =>
      count <= 3 ? refusal(429, { 'Retry-After': '0' }) : voided(each),
    )
    await rescind.codes.void(usersOf(3), { chunkSize: 1 })
    const gaps = sent.slice(3).map(({ atMs }, index) => atMs - (sent[2 + index]?.atMs ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200)
    const limited = scripted(() => refusal(429, { 'Retry-After': '60' }))
    const controller = new AbortController()
    const run = limited.rescind.codes.void(usersOf(8), { chunkSize: 1, signal: controller.signal })
    const startedAt = Date.now()
    setTimeout(() => controller.abort('enough'), 30)
    await expect(Promise.resolve(run)).rejects.toBe('enough')
    expect(Date.now() - startedAt).toBeLessThan(1_000)
  })

  it('is taken once; awaited again it has the same results', async () => {
    const { rescind, sent } = scripted(voided)
    const run = rescind.codes.void(usersOf(2))
    expect(await run).toEqual(await run)
    expect(sent).toHaveLength(1)
    expect(() => run[Symbol.asyncIterator]()).toThrow('taken once')
  })

  it('throws what the caller’s own code throws', async () => {
    const fault = new Error('of the caller')
    const { rescind } = scripted(voided)
    const onProgress = () => {
      throw fault
    }
    await expect(Promise.resolve(rescind.codes.void(usersOf(2), { onProgress }))).rejects.toBe(fault)
  })
})

describe('a result of a void', () => {
  const outcomeOf = async (mode: 'PASSWORD_RESET' | 'ENROLLMENT', told: object) => {
    const { rescind } = scripted(() => Response.json({ results: [told] }))
    const [result] = await rescind.codes.void(usersOf(1), { mode })
    return result?.outcome
  }

  /** A code that could not be voided may be live: nobody may read that there was nothing to void. */
  it.each(['PASSWORD_RESET', 'ENROLLMENT'] as const)(
    'says what the service says, in its own words: %s',
    async (mode) => {
      const outcomes = {
        voided: 'voided',
        unknown: 'refused',
        disabled: 'refused',
        none: 'nothing-to-void',
        redeemed: 'nothing-to-void',
        expired: 'nothing-to-void',
        'voided-before': 'nothing-to-void',
        'in-use': 'nothing-to-void',
        locked: 'nothing-to-void',
        failed: 'failed',
      } as const satisfies Record<Parameters<typeof voidResult>[1], string>
      for (const [result, outcome] of Object.entries(outcomes)) {
        const told = voidResult(mode, result as keyof typeof outcomes)
        expect([result, await outcomeOf(mode, told)]).toEqual([result, outcome])
      }
    },
  )

  it('takes a number that it does not know for a refusal, and no words for a failure', async () => {
    expect(await outcomeOf('PASSWORD_RESET', { status: 1099, errorMessage: 'New.' })).toBe('refused')
    expect(await outcomeOf('PASSWORD_RESET', { status: 1015 })).toBe('failed')
  })
})
