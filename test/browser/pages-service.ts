import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, vi } from 'vitest'
import { LocalService } from '../journeys/local-service.ts'
import { LocalTenant } from '../journeys/local-tenant.ts'

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32"><text y="24" font-size="24" fill="#0b5c3b">Acme</text></svg>'

const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'
const PET = 'com.soa.challenge.question.pet'
export const QUESTION = 'What is the name of your pet?'

/** `npm start` with tenants that have reset pages, their users, and the service of one that sets passwords. */
export class PagesService {
  readonly service = new LocalService()
  /** Hands a grant to its application. */
  readonly grants = new LocalTenant(this.service, 'grants', 4)
  /** Has passwords set by its hook, and a look of its own. */
  readonly hooked = new LocalTenant(this.service, 'hooked', 4)
  /** Asks a question beside the code. */
  readonly asking = new LocalTenant(this.service, 'asking', 4)
  /** What the hook was told to set. */
  readonly passwords: string[] = []
  #hook: Server | undefined
  #users = 0

  async start(): Promise<void> {
    const url = await this.#startHook()
    await this.service.start()
    const mail = { from: 'reset@example.com' }
    const redeem = {
      kind: 'grant',
      audience: 'https://app.example.com',
      returnUrl: `${this.service.url}/dev/grant`,
    }
    const supportUrl = 'https://example.com/help'
    await this.grants.create({ mail, redeem, limits: {}, pages: { supportUrl } }, [])
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const pages = {
      logo: `data:image/svg+xml;base64,${Buffer.from(LOGO).toString('base64')}`,
      accentColor: '#0b5c3b',
      passwordHint: 'At least 12 characters.',
      supportUrl,
      signInUrl: `${this.service.url}/healthz`,
    }
    await this.hooked.create({ mail, redeem: { kind: 'hook', url, secret }, pages, limits: {} }, [])
    const asks = { ...redeem, audience: 'https://asking.example.com' }
    const challenges = { questions: [{ code: PET, text: QUESTION }] }
    await this.asking.create({ mail, redeem: asks, pages: {}, challenges, limits: {} }, [])
  }

  async remove(): Promise<void> {
    this.#hook?.close()
    await this.service.remove()
  }

  /** A user whom no other test asks for: the limits of recipients stand. */
  async newUser(tenant: LocalTenant): Promise<string> {
    this.#users += 1
    const userName = `user${this.#users}@example.com`
    await tenant.admin('POST', '/scim/v2/Users', { userName })
    return userName
  }

  /** A user of the tenant that asks, who has answered `Bucktastic`, and a code that the help desk reads out. */
  async newAnsweringUser(): Promise<{ email: string; code: string }> {
    this.#users += 1
    const email = `user${this.#users}@example.com`
    const { body } = await this.asking.admin('POST', '/scim/v2/Users', { userName: email })
    const { id } = JSON.parse(body) as { id: string }
    await this.asking.admin('PUT', `/api/users/${id}/challenges`, [
      { ChallengeCode: PET, Answer: 'Bucktastic' },
    ])
    const generated = await this.asking.admin('POST', GENERATE, { email })
    return { email, code: (JSON.parse(generated.body) as { verify_code: string }).verify_code }
  }

  urlOf(tenant: LocalTenant, path: string): string {
    return `http://${tenant.host}:${this.service.port}${path}`
  }

  async mailsTo(email: string) {
    return (await this.service.mails()).filter(({ to }) => to === email)
  }

  /** The code in the newest mail, once there are so many of them. */
  async mailed(email: string, count = 1): Promise<{ code: string; reference: string; link: string }> {
    return vi.waitFor(
      async () => {
        const mails = await this.mailsTo(email)
        expect(mails.length).toBe(count)
        const [{ text, link } = { text: '', link: '' }] = mails
        return {
          code: /^ {4}(\S+)$/m.exec(text)?.[1] ?? '',
          reference: /Reference: ([A-Z]{4})/.exec(text)?.[1] ?? '',
          link: link ?? '',
        }
      },
      { timeout: 20_000, interval: 100 },
    )
  }

  /** The tenant's own service that sets passwords. */
  async #startHook(): Promise<string> {
    const hook = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += String(chunk)))
      request.on('end', () => {
        const { data } = JSON.parse(body) as { data: { newPassword: string } }
        const isWeak = data.newPassword.length < 12
        if (!isWeak) this.passwords.push(data.newPassword)
        response.writeHead(isWeak ? 422 : 204).end(isWeak ? '{"reason": "The password is too short."}' : '')
      })
    })
    this.#hook = hook
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
  }
}
