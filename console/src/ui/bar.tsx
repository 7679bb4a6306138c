import { Progress } from '@base-ui/react/progress'

/** How far something is. */
export function Bar({ label, value, max }: { label: string; value: number; max: number }) {
  return (
    <Progress.Root className="progress" value={value} max={max}>
      <span className="progress-head">
        <Progress.Label>{label}</Progress.Label>
        <span className="digits">
          {value.toLocaleString()} of {max.toLocaleString()}
        </span>
      </span>
      <Progress.Track className="progress-track">
        <Progress.Indicator className="progress-indicator" />
      </Progress.Track>
    </Progress.Root>
  )
}
