import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef, type ReactNode } from 'react'

const ROW_PX = 40

type LongListProps = { label: string; count: number; row: (index: number) => ReactNode }

/** A list of any length, of which those rows are drawn that can be seen. */
export function LongList({ label, count, row }: LongListProps) {
  const box = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  })
  return (
    // Without a focus of its own, nobody could scroll it by keyboard.
    <div className="long" ref={box} tabIndex={0} role="list" aria-label={label}>
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => (
          <div
            key={key}
            role="listitem"
            aria-setsize={count}
            aria-posinset={index + 1}
            className="long-row"
            style={{ transform: `translateY(${start}px)`, height: ROW_PX }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  )
}
