import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LocalService, runStart, tokenOf } from './local-service.ts'

const service = new LocalService()

afterAll(() => service.remove())

describe('npm start', () => {
  it('mends a lost operator key, and keeps what codes and access ids rest on', async () => {
    await service.start()
    await service.stop()
    const keyrings = readKeyrings()
    const demoKey = readFileSync(service.keyFile('demo.key'), 'utf8')
    rmSync(service.keyFile('operator.key'))

    await service.start({ port: service.port })

    expect(readKeyrings()).toEqual(keyrings)
    expect(readFileSync(service.keyFile('demo.key'), 'utf8')).toBe(demoKey)
    expect(await statusOf('/operator/v1/tenants', 'operator.key')).toBe(200)
  })

  it('makes a new key for demo when the old one is not accepted any more', async () => {
    await service.stop()
    rmSync(join(service.home, '.dev.vars'))
    await service.start()
    expect(await statusOf('/scim/v2/Users', 'demo.key')).toBe(200)
  })

  it.each(['abc', '0', '65536', '80.5', '-1'])('refuses PORT=%s and says what to do', async (port) => {
    const { code, output } = await runStart(service.home, port)
    expect(code).toBe(1)
    expect(output).toMatch(/PORT must be a whole number from 1 to 65535.*Try: PORT=\d+ npm start/)
  })

  it('refuses a port that is taken and says what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code, output } = await runStart(service.home, String(port))
    server.close()
    expect(code).toBe(1)
    expect(output).toContain(`Port ${port} is taken. Stop what runs there, or take another: PORT=${port + 1}`)
  })
})

function readKeyrings(): string[] {
  const lines = readFileSync(join(service.home, '.dev.vars'), 'utf8').split('\n')
  return lines.filter((line) => /^(?:PEPPERS|ACCESS_ID_KEYS)=/.test(line))
}

async function statusOf(path: string, keyFile: string): Promise<number> {
  const headers = { Authorization: `Bearer ${await tokenOf(service.keyFile(keyFile))}` }
  return (await fetch(service.url + path, { headers })).status
}
