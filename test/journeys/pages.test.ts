import { readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { codeBlocks } from '../docs/markdown.ts'
import { LocalService } from './local-service.ts'
import { hasShell, Shell } from './shell.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** What a shell says about a block that it does not understand. */
const COMPLAINT = /(?:command|event) not found|no matches|parse error|syntax error|unmatched|bad pattern/i

/** The shell blocks of a page, without those that start the service, reach Cloudflare or make secrets. */
function blocksOf(page: string): string[] {
  const blocks = codeBlocks(readFileSync(join(ROOT, page), 'utf8'), 'sh')
  return blocks.filter((block) => !/^npm ci|^npx wrangler|^npm run secrets/.test(block))
}

describe.each(['bash', 'zsh'] as const)('a new user who pastes every block into %s', (name) => {
  if (!hasShell(name)) return it.skip(`${name} is not installed`)

  const service = new LocalService()
  let shell: Shell

  beforeAll(async () => {
    await service.start()
    // What the blocks use of a clone, beside what `npm start` has written.
    for (const part of ['package.json', 'scripts', 'node_modules']) {
      symlinkSync(join(ROOT, part), join(service.home, part))
    }
    shell = new Shell(name, service.home, { RESCIND_HOME: service.home })
  })

  afterAll(async () => {
    shell.close()
    await service.remove()
  })

  /** Pastes the blocks of a page, typing the mailed code where one is read, for the port of this run. */
  async function pasteAll(page: string): Promise<string[]> {
    const outputs: string[] = []
    for (const block of blocksOf(page)) {
      const here = block.replaceAll('http://localhost:8787', service.url)
      const typed = block.startsWith('read ') ? `${await mailedCode()}\n` : ''
      const { code, output } = await shell.paste(here, typed)
      expect([block, code, COMPLAINT.exec(output)?.[0]]).toEqual([block, 0, undefined])
      outputs.push(output)
    }
    return outputs
  }

  /** The code in the newest mail of the local inbox, once one has come. */
  function mailedCode(): Promise<string> {
    return vi.waitFor(
      async () => {
        const inbox = await (await fetch(`${service.url}/dev/mail.json`)).text()
        const [code = ''] = /[\dA-Z]{4}-[\dA-Z]{4}/.exec(inbox) ?? []
        if (code === '') throw new Error(`no mail with a code in ${inbox}`)
        return code
      },
      { timeout: 20_000, interval: 50 },
    )
  }

  it('sees what the README says, block by block', async () => {
    const outputs = await pasteAll('README.md')
    const [, generated, validated, voided, tenant, sent, , redeemed, keys] = outputs
    expect(generated?.match(/"status":1000/g)).toHaveLength(2)
    expect(validated).toContain('{"userName":"user1@example.com"')
    expect(voided?.match(/"status":\d+/g)).toEqual(['"status":1016', '"status":1016', '"status":1002'])
    expect(tenant).toContain('.rescind/acme.key')
    expect(sent).toMatch(/^HTTP\/1\.1 200 OK/m)
    expect(redeemed?.match(/"userName":"JaneSaoirse"/g)).toHaveLength(2)
    expect(redeemed).toContain('"resetGrant":"ey')
    expect(keys).toContain('{"keys":[')
    expect(outputs).toHaveLength(9)
  })

  it('does what docs/operating.md says', async () => {
    const outputs = await pasteAll('docs/operating.md')
    const [tenant, , , changed, , counted, all, begun, looked, voided, quarantined] = outputs
    expect(tenant).toContain('.rescind/globex.key')
    expect(changed).toContain('"admin":{"perMinute":1200,"burst":100}')
    expect(voided?.match(/"status":\d+/g)).toEqual(['"status":1015', '"status":1015'])
    expect(counted).toContain('"dryRun":true,"state":"done"')
    expect(all).toContain('{"scope":"all","voidedAt":"')
    expect(begun).toContain('"dryRun":false,"state":"done"')
    expect(looked).toContain('"state":"done"')
    expect(quarantined).toMatch(/"issuedBy":.*\n202$/m)
    expect(outputs).toHaveLength(11)
  })

  it('is told by docs/api.md what the demo tenant does not have', async () => {
    expect((await pasteAll('docs/api.md'))[0]).toMatch(/^\{"faultcode":"Server"/m)
  })
})
