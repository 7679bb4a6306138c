import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { inspectLog } from '../../scripts/gate/log-leaks.ts'
import { bearerToken } from '../../scripts/keys/bearer-token.ts'
import { readOperatorKeyFile, type OperatorKeyFile } from '../../scripts/keys/key-file.ts'
import { bodyOf, operate } from '../../scripts/operator/operator-client.ts'
import { newTenantClient } from '../../scripts/operator/tenant-client.ts'
import { newTenantKey } from '../../scripts/operator/tenant-key.ts'
import { LocalService } from '../../test/journeys/local-service.ts'
import type { Situation } from './checks.ts'

/** One `npm start` for all tests of the client, which is built before it: they use what is published. */

export const RUNTIMES = ['node 20', 'node 24', 'workerd', 'chromium'] as const

/** More than two calls' worth. */
const USERS_EACH = 205

const MANY = { perMinute: 1_000_000, burst: 100_000 }
const QUESTION = { code: 'com.soa.challenge.question.pet', text: 'What is the name of your pet?' }

declare module 'vitest' {
  interface ProvidedContext {
    /** What each runtime meets; its users are its own. */
    situations: Record<string, Situation>
    home: string
  }
}

const service = new LocalService()

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = resolve(import.meta.dirname, '../..')
  const built = spawnSync('npm', ['run', '--silent', 'build', '-w', 'sdk'], { cwd: root, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stdout + built.stderr)
  await service.start()
  const operator = readOperatorKeyFile(service.keyFile('operator.key'))
  await makeTenants(operator)
  const names = [...RUNTIMES, 'unit']
  const makers = names.map(async (name) => [name, await situationOf(operator, name)] as const)
  project.provide('situations', Object.fromEntries(await Promise.all(makers)))
  project.provide('home', service.home)
  return async () => {
    const { leaks } = inspectLog(service.output)
    await service.remove()
    if (leaks.length > 0) throw new Error(`The service has logged ${leaks.join(', ')}.`)
  }
}

/** The demo tenant leaves 127.0.0.1 to the tenant of these tests: names below localhost are known to browsers alone. */
async function makeTenants(operator: OperatorKeyFile): Promise<void> {
  const put = async (id: string, body: object) =>
    bodyOf(await operate(operator, 'PUT', `/tenants/${id}`, body))
  const demo = await bodyOf<object>(await operate(operator, 'GET', '/tenants/demo'))
  await put('demo', { ...demo, hosts: ['localhost'] })
  const issue = { perHour: 1_000_000, perDay: 1_000_000 }
  const policy = {
    mail: { from: 'reset@sdk.example', resetUrl: 'https://sdk.example/reset' },
    redeem: { kind: 'grant', audience: 'https://app.sdk.example' },
    challenges: { questions: [QUESTION] },
    origins: [service.url],
    limits: { admin: MANY, void: MANY, validate: MANY, send: MANY, issue },
  }
  await put('sdk', { name: 'SDK', hosts: ['127.0.0.1'], policy })
  const limits = { admin: MANY, void: { perMinute: 40, burst: 2 }, issue }
  await put('tight', { name: 'Tight', hosts: ['tight.localhost'], policy: { limits } })
}

async function situationOf(operator: OperatorKeyFile, name: string): Promise<Situation> {
  const slug = name.replace(' ', '')
  const key = await newTenantKey(operator, 'sdk', 'super-admin', name)
  const tightKey = await newTenantKey(operator, 'tight', 'super-admin', name)
  const made = await newTenantClient(operator, 'sdk', ['rsa.user.factor.manage'], name)
  const client = made as typeof made & Situation['client']
  const users = Array.from({ length: USERS_EACH }, (_, index) => `${slug}-${index}@example.com`)
  const operations = users.map((userName, index) => ({
    method: 'POST',
    path: '/Users',
    bulkId: String(index),
    data: { userName },
  }))
  const scim = async (method: string, path: string, body?: object) => {
    const headers = { Authorization: `Bearer ${await bearerToken(key)}`, 'Content-Type': 'application/json' }
    const sent = body && { body: JSON.stringify(body) }
    const response = await fetch(`http://127.0.0.1:${service.port}${path}`, { method, headers, ...sent })
    return bodyOf<{ Resources: { id: string }[] }>(response)
  }
  await scim('POST', '/scim/v2/Bulk', {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
    Operations: operations,
  })
  const asked = users.at(-1) ?? ''
  const found = await scim('GET', `/scim/v2/Users?filter=${encodeURIComponent(`userName eq "${asked}"`)}`)
  await scim('PUT', `/api/users/${found.Resources[0]?.id}/challenges`, {
    UserIdentificationChallenge: [{ ChallengeCode: QUESTION.code, Answer: 'Rex' }],
  })
  return {
    baseUrl: `http://127.0.0.1:${service.port}`,
    issuer: service.url,
    tenant: 'sdk',
    audience: 'https://app.sdk.example',
    key,
    tightKey,
    client,
    users,
  }
}
