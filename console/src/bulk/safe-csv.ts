/**
 * A CSV that a spreadsheet opens as text: no cell of it is run as a formula (OWASP, CSV injection). Cells that could
 * be one get an apostrophe in front, all are in quotes, and a byte order mark says that it is UTF-8.
 */
export function safeCsv(header: readonly string[], rows: Iterable<readonly string[]>): string {
  const lines = [header, ...rows].map((cells) => cells.map(safeCell).join(','))
  return `\uFEFF${lines.join('\r\n')}\r\n`
}

/** What a formula begins with, behind blanks and in full width too. */
const FORMULA = /^(?:[\s\p{Cc}\p{Cf}"']*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n])/u

function safeCell(text: string): string {
  const plain = FORMULA.test(text) ? `'${text}` : text
  return `"${plain.replaceAll('"', '""')}"`
}
