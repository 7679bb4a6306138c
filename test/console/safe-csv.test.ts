import { expect, it } from 'vitest'
import { safeCsv } from '../../console/src/bulk/safe-csv.ts'

/** A spreadsheet runs nothing of a CSV of ours (OWASP, CSV injection). */

it.each([
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-2+3',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  '\n=1',
  ' =1',
  '\u00A0=1',
  '\u200B=1',
  '"=1',
  "'=1",
  '|calc',
  '%0A=1',
  '＝1',
  '＠SUM(1)',
  '\tno formula, and yet a separator',
])('%j is no formula in a spreadsheet', (text) => {
  const cell = safeCsv(['Address'], [[text]])
    .split('\r\n')
    .slice(1)
    .join('\r\n')
    .trimEnd()
  expect(cell).toBe(`"'${text.replaceAll('"', '""')}"`)
})

it('leaves what is no formula as it is, and keeps quotes, commas and lines inside their cell', () => {
  expect(safeCsv(['Address', 'Reason'], [['jane@example.com', 'a "b", c\nd']])).toBe(
    '\uFEFF"Address","Reason"\r\n"jane@example.com","a ""b"", c\nd"\r\n',
  )
})
