/** What one part of the benchmark found. */
export type Section = {
  name: SectionName
  title: string
  /** What was done, in whole sentences. */
  text: string
  tables: Table[]
  targets: Target[]
  /** Whether the plot shows its targets. */
  isPlotted: boolean
  /** CPU time of each call, where the section measures it: the costs are worked out from it. */
  perCallMs?: ReadonlyMap<string, number>
}

export const SECTION_NAMES = [
  'floor',
  'peer',
  'limiter',
  'limits',
  'fair',
  'growth',
  'delivery',
  'pages',
  'directory',
  'incident',
  'cpu',
  'cost',
] as const
export type SectionName = (typeof SECTION_NAMES)[number]

export type Table = { head: string[]; rows: string[][] }

export type Target = {
  what: string
  value: number
  /** The bound: at least it, or at most it. */
  least?: number
  most?: number
  /** How the value is shown. */
  unit: string
  digits: number
}

/** Whether the value is within its bounds. */
export function isReached({ value, least = -Infinity, most = Infinity }: Target): boolean {
  return value >= least && value <= most
}
