import { describe, expect, it } from 'vitest'
import { isPrivateAddress } from '../src/network-address.ts'

describe('an address that is not on the internet', () => {
  it.each(['10.0.0.1', '127.0.0.1', '::1', '::', 'fd00::1', 'fe80::1'])('is %s', (address) => {
    expect(isPrivateAddress(address)).toBe(true)
  })

  it.each(['::ffff:10.0.0.1', '::ffff:a00:1', '::FFFF:a00:1', '0:0:0:0:0:ffff:a00:1', '::ffff:8.8.8.8'])(
    'is IPv4 written as IPv6, in every notation: %s',
    (address) => {
      expect(isPrivateAddress(address)).toBe(true)
    },
  )

  it.each(['8.8.8.8', '172.32.0.0', '2001:db8::1', '1::ffff:a00:1', '::ffff', 'example.com'])(
    'is not %s',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false)
    },
  )
})
