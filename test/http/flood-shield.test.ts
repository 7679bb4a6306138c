import { describe, expect, it } from 'vitest'
import { shieldKey } from '../../src/http/flood-shield.ts'
import { BASE_URL, call } from '../rig/service.ts'

/** As in wrangler.toml. */
const LIMIT = 1_000
const PERIOD_MS = 10_000

const URL_OF_VOID = `${BASE_URL}/AdminInterface/restapi/v1/users/voidVerifyCode`
const ask = (address: string, headers: Record<string, string> = {}) =>
  call(URL_OF_VOID, { headers: { 'CF-Connecting-IP': address, ...headers } })

/** What is refused of the limit and one request more, all within one window of the shield. */
async function refusals(request: (round: number, index: number) => Promise<Response>): Promise<Response[]> {
  const windowNow = () => Math.floor(Date.now() / PERIOD_MS)
  for (let round = 1; ; round += 1) {
    const window = windowNow()
    const answers: Response[] = []
    for (let index = 0; index <= LIMIT; index += 1) answers.push(await request(round, index))
    // The shield's windows go by the real clock: a round that saw two of them counts for nothing.
    if (windowNow() === window) return answers.filter(({ status }) => status === 429)
  }
}

describe('the flood shield', () => {
  it('L4: refuses the request over the limit from one /64, whatever a caller says of itself', async () => {
    const address = (round: number, index: number) => `2001:db8:0:${round}::${index.toString(16)}`
    const refused = await refusals((round, index) =>
      ask(address(round, index), {
        'X-Forwarded-For': `198.51.100.${index & 255}`,
        'X-Real-IP': `10.0.0.${index & 255}`,
      }),
    )
    expect(refused).toHaveLength(1)
    expect(refused[0]?.headers.get('Retry-After')).toBe('10')
    expect(await refused[0]?.json()).toEqual({
      code: '429 TOO_MANY_REQUESTS',
      description: 'Too many requests from your network. Try again in 10 seconds.',
    })
    expect((await ask('2001:db8:1:1::1')).status).toBe(401)
    expect((await ask('198.51.100.1')).status).toBe(401)
  })

  it('leaves loopback alone, which cannot come from the internet', async () => {
    expect(await refusals(() => ask('127.0.0.1'))).toEqual([])
  })

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2'],
    ['2001:db8::', '2001:db8:0:0'],
    ['2001:db8::5:6:7', '2001:db8:0:0'],
    ['2001::4:5:6:7:8', '2001:0:0:4'],
    ['100.63.255.255', '100.63.255.255'],
    ['172.15.255.255', '172.15.255.255'],
    ['172.32.0.0', '172.32.0.0'],
  ])('counts %s by %s', (address, key) => {
    expect(shieldKey(address)).toBe(key)
  })

  it.each([
    '127.0.0.1',
    '127.255.255.255',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.1.1',
    '::',
    '::1',
    'fc00::1',
    'fdff::1',
    'fe80::1',
    '',
    'x',
    '203.0.113.7, 10.0.0.1',
  ])('does not count "%s"', (address) => {
    expect(shieldKey(address)).toBeUndefined()
  })
})
