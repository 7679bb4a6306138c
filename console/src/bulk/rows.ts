import Papa from 'papaparse'

/** Addresses out of what somebody pastes or drops: a list, or a CSV of whatever program wrote it. */

/** Addresses that one job takes. */
export const ADDRESSES_MAX = 10_000

export type Rows = {
  addresses: string[]
  /** Addresses that stood there again, in any case of their letters. */
  repeated: number
  /** Lines without an address, by their number and what stands there. */
  unread: { line: number; text: string }[]
  /** Addresses that came after the most that a job takes. */
  beyond: number
}

const HEADERS =
  /^(?:user[ _.-]?)?(?:e-?mail|mail)(?:[ _.-]?addr?ess(?:e)?)?$|^address$|^adresse$|^user[ _]?name$/i
const ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>"]+$/

/** Reads addresses: one to a line, or the column of a CSV (comma, semicolon or tab) that holds them. */
export function readRows(text: string): Rows {
  const lines = parse(text)
  const [first = []] = lines
  const column = first.some((cell) => ADDRESS.test(cell)) ? -1 : first.findIndex((cell) => HEADERS.test(cell))
  const rows: Rows = { addresses: [], repeated: 0, unread: [], beyond: 0 }
  const seen = new Set<string>()
  for (const [index, cells] of lines.entries()) {
    if (index === 0 && column >= 0) continue
    const found = column >= 0 ? [cells[column] ?? ''].filter(isAddress) : addressesOf(cells, lines)
    if (found.length === 0) rows.unread.push({ line: index + 1, text: cells.join(' ').slice(0, 80) })
    for (const address of found) add(rows, seen, address)
  }
  return rows
}

/** Without a header, a line of a list may hold several addresses, and a line of a table has its first one. */
function addressesOf(cells: string[], lines: string[][]): string[] {
  const found = cells.filter(isAddress)
  const isList = lines.length === 1 || found.length === cells.filter((cell) => cell !== '').length
  return isList ? found : found.slice(0, 1)
}

function add(rows: Rows, seen: Set<string>, address: string): void {
  const key = address.toLowerCase()
  if (seen.has(key)) {
    rows.repeated += 1
  } else if (rows.addresses.length === ADDRESSES_MAX) {
    rows.beyond += 1
  } else {
    seen.add(key)
    rows.addresses.push(address)
  }
}

function isAddress(cell: string): boolean {
  return cell.length <= 320 && ADDRESS.test(cell)
}

/** The cells of the lines that have any. `Name <address>` is the address, as mail programs copy it. */
function parse(text: string): string[][] {
  const { data } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), {
    delimiter: delimiterOf(text),
    skipEmptyLines: 'greedy',
  })
  return data.map((cells) => cells.map((cell) => (/<([^<>]+)>\s*$/.exec(cell)?.[1] ?? cell).trim()))
}

/** The one that stands most often in the first line that has any. */
function delimiterOf(text: string): string {
  const line = text.split(/\r\n|\r|\n/).find((each) => /[,;\t]/.test(each)) ?? ''
  const counts = ['\t', ';', ','].map((mark) => [line.split(mark).length, mark] as const)
  return counts.toSorted(([a], [b]) => b - a)[0]?.[1] ?? ','
}
