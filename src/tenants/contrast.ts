/** Contrast of colors, as WCAG 2.2 defines it. Colors are `#rrggbb`. */

export const WHITE = '#ffffff'

type Channels = readonly [red: number, green: number, blue: number]

/** The contrast ratio of two colors, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(channelsOf(one)), luminance(channelsOf(other))].toSorted(
    (a, b) => b - a,
  )
  return (light + 0.05) / (dark + 0.05)
}

/**
 * The color nearest to this one, on the way to black or to white, whichever the other color is not, that has
 * at least so much contrast with it. The color itself where it has that.
 */
export function nearestReadable(color: string, other: string, ratio: number): string {
  const end = luminance(channelsOf(other)) > 0.18 ? 0 : 255
  const from = channelsOf(color)
  for (let step = 0; step < 256; step += 1) {
    const mixed = hex(from.map((channel) => Math.round(channel + ((end - channel) * step) / 255)))
    if (contrast(mixed, other) >= ratio) return mixed
  }
  return hex([end, end, end])
}

/** Relative luminance, from 0 (black) to 1 (white). */
function luminance(channels: Channels): number {
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channelsOf(color: string): Channels {
  const value = Number.parseInt(color.slice(1), 16)
  return [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]
}

function hex(channels: readonly number[]): string {
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}
