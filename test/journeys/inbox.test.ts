import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { foreignSources } from '../../scripts/gate/bundle.ts'
import { answerInbox } from '../../scripts/local/inbox-page.ts'
import { LocalService, runScript, runShell } from './local-service.ts'

const service = new LocalService()

beforeAll(() => service.start())
afterAll(() => service.remove())

type Answer = { status: number; headers: Record<string, unknown>; body: string }

/** A request with a host of its own, which `fetch` does not allow. */
function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: 'localhost', port: service.port, path, headers }, (response) => {
      let body = ''
      response.on('data', (chunk) => (body += String(chunk)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
      .on('error', reject)
      .end()
  })
}

async function send(emailAddress: string): Promise<void> {
  const known = (await service.mails()).length
  const body = new URLSearchParams({ emailAddress })
  await fetch(`${service.url}/api/passwordmanagement/sendPasswordResetCode`, { method: 'POST', body })
  await vi.waitFor(async () => expect(await service.mails()).toHaveLength(known + 1), { timeout: 20_000 })
}

describe('the inbox of a local run', () => {
  it('says how to make a mail while there is none', async () => {
    const { status, body } = await get('/dev/mail')
    expect(status).toBe(200)
    expect(body).toContain('No mail yet')
    expect(body).toContain('/sendPasswordResetCode')
    expect(await service.mails()).toEqual([])
  })

  it('shows the newest mail first, with its link, and says where it is as it arrives', async () => {
    await send('user2@example.com')
    await send('user1@example.com')
    const mails = await service.mails()
    expect(mails.map(({ to }) => to)).toEqual(['user1@example.com', 'user2@example.com'])
    const [{ link = '' } = {}] = mails
    expect(link).toMatch(/^http:\/\/localhost:\d+\/reset\/code\?m=[\w.-]+&lang=en$/)
    expect(mails[0]).toMatchObject({ from: 'Demo <reset@demo.example>', subject: expect.any(String) })
    const beside = mails.map((mail) => ({ ...mail, text: '', html: '', link: '' }))
    expect(JSON.stringify(beside)).not.toMatch(/\w{4}-\w{4}/)
    const { body } = await get('/dev/mail')
    expect([...body.matchAll(/<article id="([\w-]+)"/g)].map(([, id]) => id)).toEqual(
      mails.map(({ id }) => id),
    )
    expect(body.match(/<a class="link" href="http:\/\/localhost:\d+\/reset\/code\?m=/g)).toHaveLength(2)
    expect(body).toContain(`href="${link.replace('&', '&amp;')}"`)
    const told = /A mail is in the inbox: http:\/\/localhost:\d+\/dev\/mail\n/g
    await vi.waitFor(() => expect(service.output.match(told)).toHaveLength(2), { timeout: 20_000 })
  })

  it('answers 304 to a page that shows the newest already', async () => {
    const { headers } = await get('/dev/mail')
    const again = await get('/dev/mail', { 'If-None-Match': String(headers['etag']) })
    expect([again.status, again.body]).toEqual([304, ''])
  })

  it('runs no script of a mail, and lets it load nothing', async () => {
    const { headers, body } = await get('/dev/mail')
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/default-src 'none'/)
    expect(policy).toMatch(/script-src 'nonce-[\w-]+';/)
    expect(body.match(/<iframe/g)).toHaveLength(2)
    expect(body.match(/sandbox="allow-popups allow-popups-to-escape-sandbox"/g)).toHaveLength(2)
  })

  it.for(['/dev/mail', '/dev/mail.json'])('is there for this machine alone: %s', async (path) => {
    expect((await get(path)).status).toBe(200)
    for (const headers of [
      // A page of the internet whose name has been pointed here, and a client elsewhere.
      { Host: 'rebound.example' },
      { 'CF-Connecting-IP': '203.0.113.7' },
    ]) {
      const { status, body } = await get(path, headers)
      expect([headers, status]).toEqual([headers, 404])
      expect(body).not.toContain('example.com')
    }
  })

  it('D4: keeps mails from other users of this machine, as everything of the run', () => {
    const folder = join(service.home, '.wrangler')
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
    // What has gone since it was listed is nothing to read.
    const stat = (path: string) => statSync(path, { throwIfNoEntry: false })
    const stores = paths.filter((path) => path.includes('email-store') && stat(path)?.isFile())
    expect(stores.filter((path) => readFileSync(path).includes('user1@'))).not.toEqual([])
    const readable = [folder, ...paths].filter((path) => ((stat(path)?.mode ?? 0) & 0o077) !== 0)
    expect(readable).toEqual([])
  })

  it('previews a mail up to the end of a word, so that no address is shown in part', async () => {
    const link = `https://demo.example/${'x'.repeat(60)}`
    for (const [text, preview] of [
      ['Short,\n\nand  whole.', 'Short, and whole.'],
      [`${'word '.repeat(39)}word`, `${'word '.repeat(39)}word`],
      [`${'word '.repeat(40)}more`, `${'word '.repeat(39)}word …`],
      [`${'word '.repeat(35)}${link} and more`, `${'word '.repeat(34)}word …`],
    ] as const) {
      const mail = {
        id: 'a',
        sentAt: new Date(0).toISOString(),
        from: '',
        to: '',
        subject: '',
        text,
        html: '',
      }
      const headers = { 'CF-Connecting-IP': '127.0.0.1' }
      const response = await answerInbox(new Request('http://localhost/dev/mail', { headers }), [mail])
      expect(await response?.text()).toContain(`<span class="preview">${preview}</span>`)
    }
  })

  it('keeps addresses out of what npm start prints', () => {
    const [banner = '', log = ''] = service.output.split(/^Below,.*$/m)
    expect(banner).toContain('user1@example.com')
    expect(log).toContain('"event":"delivery"')
    expect(log).not.toContain('@')
  })
})

/** The lines of the banner that are to be pasted. */
function pasteable(output: string): string[] {
  const [, banner = ''] = /Rescind runs on[^]*?(\n {2}BASE=[^]*)\nBelow,/.exec(output) ?? []
  return banner.split('\n').filter((line) => line.startsWith('  '))
}

const hasZsh = spawnSync('zsh', ['-c', 'true']).status === 0

describe('the commands that npm start prints', () => {
  beforeAll(async () => {
    // Both shells ask for mail to one address, which a minute's pause would otherwise stand between.
    const mail = { from: 'reset@demo.example' }
    const redeem = { kind: 'grant', audience: 'https://demo.example' }
    const policy = join(service.home, 'policy.json')
    writeFileSync(policy, JSON.stringify({ mail, redeem, limits: { recipient: { burst: 5 } } }))
    expect(await runScript(service.home, 'tenant', 'demo', '--policy', policy)).toMatchObject({ code: 0 })
  })

  it('hold no comment and no lone quote, on which an interactive zsh stumbles', () => {
    const lines = pasteable(service.output)
    expect(lines.length).toBeGreaterThan(8)
    const unquoted = lines.join('\n').replace(/'[^']*'/g, '')
    expect(unquoted).not.toMatch(/['#]/)
  })

  it.skipIf(!hasZsh).for(['zsh'])('can be pasted whole into %s', paste)
  it.for(['bash'])('can be pasted whole into %s: send, mail, redeem, generate and void', paste)

  async function paste(shell: string): Promise<void> {
    const { code, stdout, stderr } = await runShell(shell, pasteable(service.output).join('\n'))
    expect([code, stderr]).toEqual([0, ''])
    const [sent, validated = '', redeemed = '', generated = '', voided = '', ...rest] = stdout.split('\n')
    expect([sent, rest]).toEqual(['', ['']])
    const jane = { userName: 'JaneSaoirse', emailAddress: 'jane.saoirse@example.com' }
    expect(JSON.parse(validated)).toEqual(jane)
    expect(JSON.parse(redeemed)).toEqual({ ...jane, resetGrant: expect.stringMatching(/^eyJ/) })
    expect(JSON.parse(generated)).toMatchObject([{ status: 1000 }, { status: 1000 }])
    expect(JSON.parse(voided)).toMatchObject({ results: [{ status: 1016 }, { status: 1016 }] })
  }
})

describe('what is deployed', () => {
  it('may hold nothing but the Worker and libraries', () => {
    const bundle = (...paths: string[]) =>
      JSON.stringify({ inputs: Object.fromEntries(paths.map((path) => [path, {}])) })
    const entry = 'src/index.ts'
    expect(foreignSources(bundle(entry, 'node_modules/hono/dist/hono.js'), entry)).toEqual([])
    const strange = ['scripts/local/inbox.ts', 'src/local.ts']
    expect(foreignSources(bundle(entry, ...strange), entry)).toEqual(strange)
    expect(() => foreignSources(bundle('src/control.ts'), entry)).toThrow()
  })
})
