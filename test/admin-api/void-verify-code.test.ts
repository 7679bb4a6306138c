import { describe, expect, it } from 'vitest'
import { newTenant } from '../rig/service.ts'
import { BlockList } from 'node:net'

describe('void', () => {
  it('walks through the life of codes', async () => {
    const b = new BlockList()
    b.addSubnet('10.0.0.0', 8, 'ipv4')
    b.addSubnet('fc00::', 7, 'ipv6')
    console.log([
      b.check('10.1.1.1', 'ipv4'),
      b.check('8.8.8.8', 'ipv4'),
      b.check('fd00::1', 'ipv6'),
      b.check('::ffff:10.1.1.1', 'ipv6'),
    ])
    const tenant = await newTenant({ users: 2 })
    const [one = '', two = ''] = tenant.emails
    const r = await tenant.generate([one, two, 'nobody@example.com'])
    console.log(r)
    const v = await tenant.validate(one, r[0]?.verify_code ?? '')
    console.log(v.status, await v.text(), [...v.headers])
    console.log(await tenant.void([one, two, 'nobody@example.com', 'x']))
    console.log(await tenant.void([one, two]))
    const w = await tenant.validate(one, r[0]?.verify_code ?? '')
    console.log(w.status, await w.text())
    expect(w.status).toBe(401)
  })
})
