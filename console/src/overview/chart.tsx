import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

/** One line or row of bars of a chart. */
export type Series = {
  label: string
  /** A variable of the styles, such as `--accent`. */
  color: string
  values: readonly (number | null)[]
  isDashed?: boolean
}

type ChartProps = {
  /** What the chart shows, for those who do not see it. */
  label: string
  /** Times, epoch ms. */
  times: readonly number[]
  series: readonly Series[]
}

const HEIGHT_PX = 190

/** Values over time. Whoever does not see it has the same numbers in a table. */
export function Chart({ label, times, series }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    let chart: UPlot | undefined
    const draw = () => {
      chart?.destroy()
      chart = new UPlot(optionsFor(element, series), dataOf(times, series), element)
    }
    draw()
    const sized = new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    sized.observe(element)
    // Colors are drawn, and so change with the theme only when they are drawn anew.
    const theme = matchMedia('(prefers-color-scheme: dark)')
    theme.addEventListener('change', draw)
    return () => {
      theme.removeEventListener('change', draw)
      sized.disconnect()
      chart?.destroy()
    }
  }, [times, series])
  return (
    <figure className="chart">
      <figcaption className="chart-legend">
        {series.map(({ label, color, isDashed }) => (
          <span key={label}>
            <svg viewBox="0 0 24 6" aria-hidden="true">
              <path
                d="M0 3h24"
                stroke={`var(${color})`}
                strokeWidth="3"
                strokeDasharray={isDashed ? '5 4' : undefined}
              />
            </svg>
            {label}
          </span>
        ))}
      </figcaption>
      <div ref={box} className="chart-box" aria-hidden="true" />
      <ChartTable label={label} times={times} series={series} />
    </figure>
  )
}

function dataOf(times: readonly number[], series: readonly Series[]): UPlot.AlignedData {
  return [times.map((time) => time / 1000), ...series.map(({ values }) => [...values])]
}

function optionsFor(element: HTMLElement, series: readonly Series[]): UPlot.Options {
  const styles = getComputedStyle(element)
  // A pair of colors is resolved by the property that it is used in.
  const probe = document.createElement('span')
  element.append(probe)
  const colorOf = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const axis = { stroke: colorOf('--soft'), font: `12px ${styles.fontFamily}`, ticks: { show: false } }
  const grid = { stroke: colorOf('--line'), width: 1 }
  const lines = series.map(({ label, color, isDashed }) => ({
    label,
    stroke: colorOf(color),
    width: 2,
    points: { show: false },
    ...(isDashed ? { dash: [6, 5] } : {}),
  }))
  probe.remove()
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false } },
      {
        ...axis,
        grid,
        size: 56,
        values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick.toLocaleString() : '')),
      },
    ],
    series: [{}, ...lines],
  }
}

const HOUR = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' })

function ChartTable({ label, times, series }: ChartProps) {
  return (
    <div className="unseen">
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((each) => (
              <th key={each.label} scope="col">
                {each.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">{HOUR.format(time)}</th>
              {series.map((each) => (
                <td key={each.label}>{each.values[index] ?? 0}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
