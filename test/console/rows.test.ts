import { describe, expect, it } from 'vitest'
import { ADDRESSES_MAX, readRows } from '../../console/src/bulk/rows.ts'

/** What somebody pastes or drops is understood, or told by its line. */

describe('addresses are found', () => {
  const TWO = ['jane@example.com', 'joe@example.com']

  it.each([
    ['in a list, one to a line', 'jane@example.com\njoe@example.com\n'],
    ['in a list of Windows, with blanks and empty lines', ' jane@example.com \r\n\r\njoe@example.com\r\n'],
    ['in one line with commas', 'jane@example.com, joe@example.com'],
    ['in one line with semicolons', 'jane@example.com; joe@example.com'],
    ['as a mail program copies them', 'Jane <jane@example.com>; "Joe, the user" <joe@example.com>'],
    ['in a CSV with a byte order mark', '\uFEFFname,email\r\nJane,jane@example.com\r\nJoe,joe@example.com'],
    ['in a CSV with semicolons', 'Name;E-Mail;Dept\nJane;jane@example.com;IT\nJoe;joe@example.com;HR'],
    ['in a CSV with tabs', 'name\temail address\nJane\tjane@example.com\nJoe\tjoe@example.com'],
    [
      'in quotes, with the separator inside',
      'email;note\n"jane@example.com";"a; b"\n"joe@example.com";"c, d"',
    ],
    ['without a header', 'Jane,jane@example.com\nJoe,joe@example.com'],
    ['in the column that is named so, where another has one too', 'email,manager\njane@example.com,boss@example.com\njoe@example.com,boss@example.com'], // oxfmt-ignore
  ])('%s', (_, text) => {
    expect(readRows(text)).toEqual({ addresses: TWO, repeated: 0, unread: [], beyond: 0 })
  })
})

describe('what is no address', () => {
  it('is told by its line', () => {
    const { addresses, unread } = readRows('email\njane@example.com\nnobody\n,\njoe@example.com')
    expect(addresses).toEqual(['jane@example.com', 'joe@example.com'])
    expect(unread).toEqual([{ line: 3, text: 'nobody' }])
  })

  it('is found once, in whatever case it stands there again', () => {
    expect(readRows('Jane@example.com\njane@EXAMPLE.com\nJane@example.com')).toMatchObject({
      addresses: ['Jane@example.com'],
      repeated: 2,
    })
  })

  it('is counted beyond the most that a job takes', () => {
    const text = Array.from({ length: ADDRESSES_MAX + 5 }, (_, index) => `u${index}@example.com`).join('\n')
    const { addresses, beyond } = readRows(text)
    expect([addresses.length, beyond]).toEqual([ADDRESSES_MAX, 5])
  })

  it('is nothing at all in an empty text', () => {
    expect(readRows(' \n ')).toEqual({ addresses: [], repeated: 0, unread: [], beyond: 0 })
  })
})
