import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { issueAll } from '../../src/codes/issue-store.ts'
import { findJob } from '../../src/codes/void-many-store.ts'
import { handle, heldQueue } from '../rig/deliveries.ts'
import { JANE } from '../rig/password-hook.ts'
import { meter } from '../rig/presenting.ts'
import {
  addKey,
  adminToken,
  call,
  newTenant,
  operate,
  operatorToken,
  type Tenant,
  type TestKey,
} from '../rig/service.ts'
import { NO_RULES, storedCodes } from '../rig/stored-code.ts'
import { addWebhook, newReceiver, retireWebhooks, WebhookQueues } from '../rig/webhooks.ts'
import {
  GENERATE,
  goodOf,
  issueBy,
  MAILING,
  twoIssuers,
  voidAll,
  voidAsAdmin,
  voidEvents,
  VOID_MANY,
  voidSome,
  wholeEvents,
  type Issued,
  type Job,
} from '../rig/voids.ts'

const SLOW = { timeout: 60_000 }

afterEach(() => {
  vi.restoreAllMocks()
})

const scopeOf = (tenant: Pick<Tenant, 'id'>) => ({ db: env.DB, tenantId: tenant.id, now: Date.now() })

describe('the quarantine of a key', () => {
  const quarantine = (tenant: Tenant, accessId: string, body: unknown = {}) =>
    operate('POST', `/tenants/${tenant.id}/keys/${accessId}/quarantine`, body)

  it('revokes it and voids what it has issued, and nothing else', async () => {
    const { tenant, mine, issued, others, theirs } = await twoIssuers()
    const response = await quarantine(tenant, mine.accessID)
    expect([response.status, await response.json()]).toMatchObject([202, { state: 'done', voided: 3 }])
    expect(await goodOf(tenant, issued)).toEqual([])
    expect(await goodOf(tenant, others)).toHaveLength(3)
    expect((await tenant.admin('/users/lookup', { email: JANE })).status).toBe(401)
    expect(
      (await call(`https://${tenant.host}${GENERATE}`, { token: await adminToken(theirs), body: [] })).status,
    ).toBe(400)
    expect(await wholeEvents(tenant)).toEqual([
      'key.quarantine both done',
      'void.some both begun',
      'void.some both ended',
    ])
    // Again, when it is revoked already: what it may have issued is voided all the same.
    expect((await quarantine(tenant, mine.accessID)).status).toBe(202)
  })

  it('S7: leaves no code of it alive although it goes on issuing', SLOW, async () => {
    const seen = { issued: 0, refused: 0 }
    for (let round = 0; round < 4; round++) {
      const tenant = await newTenant({ policy: MAILING, users: 20 })
      const key = tenant.keys['help-desk']
      const issued: Issued = new Map()
      const some = Promise.withResolvers<void>()
      const issue = async (email: string) => {
        const [[, code] = ['', '']] = await issueBy(tenant, key, [email]).catch((): Issued => new Map())
        if (code) issued.set(email, code)
        else seen.refused += 1
        if (issued.size > round) some.resolve()
      }
      // Four at once, one after the other, until all users had their turn.
      const workers = [0, 1, 2, 3].map(async (first) => {
        for (let nth = first; nth < 20; nth += 4) await issue(tenant.emails[nth] ?? '')
      })
      await some.promise
      expect((await quarantine(tenant, key.accessID)).status).toBe(202)
      await Promise.all(workers)
      expect(await goodOf(tenant, issued)).toEqual([])
      expect(await voidEvents(tenant)).toEqual({ voided: issued.size })
      seen.issued += issued.size
    }
    expect(seen.issued).toBeGreaterThan(0)
    expect(seen.issued + seen.refused).toBe(80)
  })

  it('holds in isolates that do not know of the revocation yet', async () => {
    const tenant = await newTenant({ policy: MAILING, users: 1 })
    const { accessID } = tenant.keys['help-desk']
    await quarantine(tenant, accessID)
    const entry = {
      emailKey: tenant.emails[0] ?? '',
      fault: null,
      isFreshStart: true,
      channel: 'DISPLAY' as const,
    }
    const rest = {
      ...NO_RULES,
      customKey: null,
      isRefusedAtRisk: false,
      digest: 'd',
      expiresAt: Date.now() + 600_000,
    }
    const scope = { ...scopeOf(tenant), attemptsMax: 5, failuresMax: 100, mode: 'PASSWORD_RESET' as const }
    const by = (accessId: string) =>
      issueAll(scope, { accessId, sourceIp: '192.0.2.1', requestId: 'test' }, 'p', [{ ...entry, ...rest }])
    expect(await by(accessID)).toMatchObject([{ result: 'quarantined' }])
    expect(await storedCodes(tenant.id)).toEqual([])
    expect(await by(tenant.keys['super-admin'].accessID)).toMatchObject([{ result: 'issued' }])
  })

  it('takes a time, and only a key of the tenant', async () => {
    const { tenant, mine, issued } = await twoIssuers()
    const other = await newTenant()
    expect((await quarantine(other, mine.accessID)).status).toBe(404)
    expect((await quarantine(tenant, crypto.randomUUID())).status).toBe(404)
    expect((await quarantine(tenant, mine.accessID, { since: 'yesterday' })).status).toBe(400)
    expect((await quarantine(tenant, mine.accessID, { sinse: '2026-01-01T00:00:00Z' })).status).toBe(400)
    expect(await goodOf(tenant, issued)).toHaveLength(3)
    const later = new Date(Date.now() + 60_000).toISOString()
    expect(await (await quarantine(tenant, mine.accessID, { since: later })).json()).toMatchObject({
      voided: 0,
    })
    expect(await goodOf(tenant, issued)).toHaveLength(3)
    expect((await tenant.admin('/users/lookup', { email: JANE })).status).toBe(401)
  })
})

describe('a void by a super-admin', () => {
  it('voids everything at once, and begins any other; its progress is shown', async () => {
    const { tenant, mine, issued, others } = await twoIssuers()
    const begun = await voidAsAdmin(tenant, { issuedBy: mine.accessID })
    const { jobId } = await begun.json<Job>()
    expect(begun.status).toBe(202)
    await handle([{ tenantId: tenant.id, jobId }], { queue: 'rescind-jobs' })
    const url = `https://${tenant.host}${VOID_MANY}/${jobId}`
    const shown = await call(url, { method: 'GET', token: await tenant.token('super-admin') })
    expect([shown.status, await shown.json()]).toMatchObject([200, { state: 'done', voided: 3 }])
    expect(await goodOf(tenant, issued)).toEqual([])
    expect(await goodOf(tenant, others)).toHaveLength(3)
    const all = await voidAsAdmin(tenant, { scope: 'all' })
    expect([all.status, await all.json()]).toEqual([200, { scope: 'all', voidedAt: expect.any(String) }])
    expect(await goodOf(tenant, others)).toEqual([])
  })

  it('is refused to a help desk, and changes nothing', async () => {
    const { tenant, issued } = await twoIssuers()
    for (const body of [{ scope: 'all' }, { since: '2026-01-01T00:00:00Z' }]) {
      expect((await tenant.admin('/codes/void', body)).status).toBe(403)
    }
    expect(await goodOf(tenant, issued)).toHaveLength(3)
  })

  it('I5: has its effect once, however often it is repeated with one key', async () => {
    const { tenant, issued, mine } = await twoIssuers(2)
    const headers = { 'Idempotency-Key': crypto.randomUUID() }
    const first = await (await voidAsAdmin(tenant, { scope: 'all' }, headers)).text()
    const next = await issueBy(tenant, mine, [...issued.keys()])
    const again = await voidAsAdmin(tenant, { scope: 'all' }, headers)
    expect([again.headers.get('Idempotency-Replayed'), await again.text()]).toEqual(['true', first])
    expect(await goodOf(tenant, next)).toHaveLength(1)
    expect((await voidAsAdmin(tenant, { since: '2026-01-01T00:00:00Z' }, headers)).status).toBe(422)
    const other = { 'Idempotency-Key': crypto.randomUUID() }
    const bodies = await Promise.all(
      [1, 2, 3].map(async () => {
        const { jobId } = await (await voidAsAdmin(tenant, { issuedBy: mine.accessID }, other)).json<Job>()
        return jobId
      }),
    )
    expect(new Set(bodies).size).toBe(1)
    expect(await wholeEvents(tenant)).toHaveLength(
      (await findJob(scopeOf(tenant), bodies[0] ?? ''))?.ended_at === null ? 2 : 3,
    )
  })

  it('F2: has five at most that are not done; nobody else’s count, and the operator has no such bound', async () => {
    const tenant = await newTenant({ policy: MAILING })
    const other = await addKey(tenant.id, 'super-admin')
    const JOBS = heldQueue() as unknown as Queue
    const post = async (key: TestKey) => {
      const body = { since: '2026-01-01T00:00:00Z' }
      const options = { token: await adminToken(key), body }
      return meter(tenant, VOID_MANY, options, { JOBS })
    }
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(tenant.keys['super-admin'])))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      202, 202, 202, 202, 202, 409, 409, 409,
    ])
    expect(answers.find(({ status }) => status === 409)?.body).toContain('5 of your voids')
    expect(await post(other)).toMatchObject({ status: 202 })
    expect(await voidSome(tenant, { since: '2026-01-01T00:00:00Z' })).toMatchObject({ state: 'done' })
    expect((await wholeEvents(tenant)).filter((event) => event.endsWith('begun'))).toHaveLength(7)
  })
})

describe('I1: a void that is wrong', () => {
  const WRONG: [string, unknown][] = [
    ['no object', []],
    ['nothing', {}],
    ['only a mode', { mode: 'PASSWORD_RESET' }],
    ['another scope', { scope: 'some' }],
    ['a scope of another type', { scope: true }],
    ['all and an issuer', { scope: 'all', issuedBy: 'x' }],
    ['all and a time', { scope: 'all', since: '2026-01-01T00:00:00Z' }],
    ['an empty issuer', { issuedBy: '' }],
    ['a long issuer', { issuedBy: 'x'.repeat(256) }],
    ['a control character', { issuedBy: 'a\u0000b' }],
    ['a list of issuers', { issuedBy: ['x'] }],
    ['a time without an offset', { since: '2026-01-01T00:00:00' }],
    ['no time', { since: 'yesterday' }],
    ['a day that there is not', { since: '2026-02-31T25:00:00Z' }],
    ['a number for a time', { until: 1 }],
    ['an end before its beginning', { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }],
    ['another mode', { scope: 'all', mode: 'password_reset' }],
    ['a dry run of another type', { scope: 'all', dryRun: 'true' }],
    ['an unknown member', { since: '2026-01-01T00:00:00Z', issuedby: 'x' }],
    ['a prototype', '{"scope": "all", "__proto__": {"dryRun": true}}'],
    ['a member twice', '{"dryRun": true, "scope": "all", "dryRun": false}'],
    ['no JSON', '{'],
  ]

  it.each(WRONG)('%s is 400 by either face, and changes nothing', async (_, body) => {
    const { tenant, issued } = await twoIssuers(2)
    const byAdmin = await voidAsAdmin(tenant, body, { 'Content-Type': 'application/json' })
    const byOperator = await call(`${env.BASE_URL}/operator/v1/tenants/${tenant.id}/void`, {
      token: await operatorToken(),
      body,
      headers: { 'Content-Type': 'application/json' },
    })
    expect([byAdmin.status, byOperator.status]).toEqual([400, 400])
    expect((await byAdmin.json<{ description: string }>()).description).toMatch(/\w/)
    expect(await goodOf(tenant, issued)).toHaveLength(1)
    expect(await wholeEvents(tenant)).toEqual([])
  })

  it('of no tenant is 404, and without a token 401', async () => {
    expect((await operate('POST', '/tenants/nobody/void', { scope: 'all' })).status).toBe(404)
    expect((await operate('GET', '/tenants/nobody/void/x')).status).toBe(404)
    expect((await operate('POST', '/tenants/nobody/keys/x/quarantine', {})).status).toBe(404)
    expect((await call(`${env.BASE_URL}/operator/v1/tenants/nobody/void`, { body: {} })).status).toBe(401)
  })
})

describe('webhooks', () => {
  it('are told of each void as a whole, and of each code that one of some codes has ended', async () => {
    const { tenant, mine } = await twoIssuers(2)
    const receiver = newReceiver()
    await addWebhook(tenant, receiver)
    await voidSome(tenant, { issuedBy: mine.accessID })
    await voidSome(tenant, { scope: 'all', dryRun: true })
    await voidAll(tenant)
    await operate('POST', `/tenants/${tenant.id}/keys/${mine.accessID}/quarantine`, {})
    await new WebhookQueues().poke(tenant)
    await retireWebhooks()
    expect(receiver.types).toEqual([
      'code.voided',
      'key.quarantined',
      ...Array.from({ length: 5 }, () => 'tenant.codes_voided'),
    ])
    const whole = receiver.told.filter(({ type }) => type === 'tenant.codes_voided')
    expect(whole.map(({ data }) => data['result'])).toEqual(['begun', 'ended', 'done', 'begun', 'ended'])
    expect(whole.every(({ data }) => data['accessId'] === 'operator')).toBe(true)
    expect(receiver.told.find(({ type }) => type === 'key.quarantined')?.data).toMatchObject({
      target: mine.accessID,
    })
  })
})

describe('a tenant that is deleted', () => {
  it('leaves no epoch, no void and no quarantine behind', async () => {
    const { tenant, mine } = await twoIssuers(2)
    await voidAll(tenant)
    await operate('POST', `/tenants/${tenant.id}/keys/${mine.accessID}/quarantine`, {})
    expect((await operate('DELETE', `/tenants/${tenant.id}?force=true`)).status).toBe(204)
    for (const table of ['void_epochs', 'void_jobs', 'quarantines']) {
      const left = await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE tenant_id = ?`)
        .bind(tenant.id)
        .first('n')
      expect(left).toBe(0)
    }
  })
})
