import { boundOf, shown } from './markdown.ts'
import { isReached, type Section, type Target } from './section.ts'

/** bench/results.svg: each target as a bar, as long as the share of it that was reached. */

const WIDTH = 760
const ROW = 22
const LABEL = 330
const BAR = 240
/** Where the bar of a target that is exactly reached ends. */
const BOUND = BAR * 0.6

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .muted { fill: #59636e }
  .track { fill: #8c959f; opacity: .18 }
  .reached { fill: #1a7f37 }
  .missed { fill: #bc4c00 }
  .bound { stroke: #59636e; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .muted { fill: #9198a1 }
    .reached { fill: #3fb950 }
    .missed { fill: #f0883e }
    .bound { stroke: #9198a1 }
  }`

/** The plot as the text of an SVG. */
export function plot(sections: readonly Section[]): string {
  const plotted = sections.filter(({ isPlotted }) => isPlotted)
  const lines: string[] = []
  let y = 16
  for (const { title, targets } of plotted) {
    lines.push(`<text class="title" x="0" y="${y}">${escape(title)}</text>`)
    const top = y + 6
    for (const target of targets) {
      y += ROW
      lines.push(bar(target, y))
    }
    lines.push(`<line class="bound" x1="${LABEL + BOUND}" x2="${LABEL + BOUND}" y1="${top}" y2="${y + 6}"/>`)
    y += ROW * 1.6
  }
  const height = Math.ceil(y - ROW * 0.8)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Results against their targets">
<style>${STYLE}
</style>
${lines.join('\n')}
</svg>
`
}

function bar(target: Target, y: number): string {
  const { value, least = 1, most } = target
  const share = most === undefined ? value / least : value === 0 ? Infinity : most / value
  const length = Math.max(2, Math.min(BAR, BOUND * share))
  return [
    `<text x="0" y="${y}">${escape(target.what)}</text>`,
    `<rect class="track" x="${LABEL}" y="${y - 11}" width="${BAR}" height="14" rx="2"/>`,
    `<rect class="${isReached(target) ? 'reached' : 'missed'}" x="${LABEL}" y="${y - 11}" width="${length.toFixed(1)}" height="14" rx="2"/>`,
    `<text x="${LABEL + BAR + 8}" y="${y}">${escape(shown(target.value, target))} <tspan class="muted">(${escape(boundOf(target))})</tspan></text>`,
  ].join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
