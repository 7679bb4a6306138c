import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { tokenOf, type LocalService } from './local-service.ts'

export type Answer = { status: number; requestId: string; body: string; elapsedMs: number }

/** A tenant of a local service with limits in nobody's way, and its client. */
export class LocalTenant {
  readonly id: string
  readonly host: string
  readonly #service: LocalService
  readonly #agent: Agent
  #token = ''

  /** @param connections how many are kept open; requests beyond them wait for one. */
  constructor(service: LocalService, id: string, connections: number) {
    this.id = id
    this.host = `${id}.localhost`
    this.#service = service
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** Creates it, with a key of the role super-admin. */
  async create(policy: object, users: readonly string[]): Promise<void> {
    const many = { perMinute: 1_000_000, burst: 100_000 }
    const issue = { perHour: 1_000_000, perDay: 1_000_000 }
    const limits = { admin: many, void: many, issue, validate: many, send: many, recipient: many }
    const operator = await tokenOf(this.#service.keyFile('operator.key'))
    const path = `/operator/v1/tenants/${this.id}`
    await this.#operate(operator, 'PUT', path, {
      name: this.id,
      hosts: [this.host],
      policy: { limits, ...policy },
    })
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const added = await this.#operate(operator, 'POST', `${path}/keys`, {
      publicKey: publicKey.export({ format: 'jwk' }),
      role: 'super-admin',
      description: this.id,
    })
    const accessKey = privateKey.export({ type: 'pkcs1', format: 'pem' })
    const adminRestApiUrl = `http://${this.host}:${this.#service.port}/AdminInterface/restapi`
    const keyFile = join(this.#service.home, `${this.id}.key`)
    writeFileSync(keyFile, JSON.stringify({ ...(added as object), accessKey, adminRestApiUrl }))
    this.#token = await tokenOf(keyFile)
    for (const userName of users) await this.admin('POST', '/scim/v2/Users', { userName })
  }

  /** A call of the admin API or the directory that succeeds. */
  async admin(method: string, path: string, body: unknown): Promise<Answer> {
    return succeeded(await this.#send(method, path, { Authorization: `Bearer ${this.#token}`, ...JSON_BODY }, JSON.stringify(body))) // oxfmt-ignore
  }

  /** A call of the password API, whatever its answer. */
  password(operation: string, form: Record<string, string>): Promise<Answer> {
    return this.form(`/api/passwordmanagement/${operation}`, form)
  }

  /** A form that is sent, whatever its answer. */
  form(path: string, form: Record<string, string>): Promise<Answer> {
    return this.#send('POST', path, FORM, String(new URLSearchParams(form)))
  }

  close(): void {
    this.#agent.destroy()
  }

  async #operate(token: string, method: string, path: string, body: unknown): Promise<unknown> {
    const host = `localhost:${this.#service.port}`
    const headers = { Host: host, Authorization: `Bearer ${token}`, ...JSON_BODY }
    return JSON.parse(succeeded(await this.#send(method, path, headers, JSON.stringify(body))).body)
  }

  /** One request, and the time from its first byte to the last of its answer. */
  #send(method: string, path: string, headers: Record<string, string>, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const startedAt = performance.now()
      const options = { agent: this.#agent, host: '127.0.0.1', port: this.#service.port, method, path }
      const length = String(Buffer.byteLength(body))
      request(
        { ...options, headers: { Host: this.host, 'Content-Length': length, ...headers } },
        (response) => {
          let text = ''
          response.on('data', (chunk) => (text += String(chunk)))
          response.on('error', reject)
          response.on('end', () => {
            const requestId = String(response.headers['x-request-id'])
            const elapsedMs = performance.now() - startedAt
            resolve({ status: response.statusCode ?? 0, requestId, body: text, elapsedMs })
          })
        },
      )
        .on('error', reject)
        .end(body)
    })
  }
}

const JSON_BODY = { 'Content-Type': 'application/json' }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

function succeeded(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.body}`)
  return answer
}
