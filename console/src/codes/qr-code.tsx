import { encode } from 'uqr'

/** White around it, in modules: what readers need (ISO/IEC 18004). */
const BORDER = 4

/** A QR code as a picture of one path, on white whatever the theme: readers want it so. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: BORDER })
  const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path className="qr-back" d={`M0 0h${size}v${size}h-${size}z`} />
      <path className="qr-dark" d={squares.join('')} />
    </svg>
  )
}
