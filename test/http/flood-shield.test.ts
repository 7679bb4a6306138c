import { describe, expect, it } from 'vitest'
import { shieldKey } from '../../src/http/flood-shield.ts'
import { inOneWindow, WINDOW_LIMIT } from '../rig/ratelimit-window.ts'
import { BASE_URL, call } from '../rig/service.ts'

const URL_OF_VOID = `${BASE_URL}/AdminInterface/restapi/v1/users/voidVerifyCode`
const ask = (address: string, headers: Record<string, string> = {}) =>
  call(URL_OF_VOID, { headers: { 'CF-Connecting-IP': address, ...headers } })

/** The limit and one request more, one after another. */
async function flood(request: (nth: number) => Promise<Response>): Promise<Response[]> {
  const answers: Response[] = []
  for (let nth = 0; nth <= WINDOW_LIMIT; nth++) answers.push(await request(nth))
  return answers
}
const admitted = Array.from({ length: WINDOW_LIMIT }, () => 401)

describe('the flood shield', () => {
  it('L4: refuses the request over the limit from one /64, whatever a caller says of itself', async () => {
    const { answers, others } = await inOneWindow(async (round) => {
      const answers = await flood((nth) =>
        ask(`2001:db8:0:${round}::${nth.toString(16)}`, {
          'X-Forwarded-For': `198.51.100.${nth}`,
          'X-Real-IP': `10.0.0.${nth}`,
        }),
      )
      return { answers, others: [await ask('2001:db8:1:1::1'), await ask('198.51.100.1')] }
    })
    expect(answers.map(({ status }) => status)).toEqual([...admitted, 429])
    const refused = answers.at(-1)
    expect(refused?.headers.get('Retry-After')).toBe('10')
    expect(await refused?.json()).toEqual({
      code: '429 TOO_MANY_REQUESTS',
      description: 'Too many requests from your network. Try again in 10 seconds.',
    })
    expect(others.map(({ status }) => status)).toEqual([401, 401])
  })

  it('leaves loopback alone, which cannot come from the internet', async () => {
    const answers = await inOneWindow(() => flood(() => ask('127.0.0.1')))
    expect(answers.map(({ status }) => status)).toEqual([...admitted, 401])
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
