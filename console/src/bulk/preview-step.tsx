import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Bar } from '../ui/bar.tsx'
import { Fault, Note } from '../ui/states.tsx'
import { Confirm } from '../ui/window.tsx'
import type { Action } from './job.ts'
import { LongList } from './long-list.tsx'
import { preview, type Foreseen } from './preview.ts'

type PreviewProps = {
  addresses: readonly string[]
  action: Action
  onBack: () => void
  onBegin: () => Promise<void>
}

/** What would happen to each user, before anything does. */
export function PreviewStep({ addresses, action, onBack, onBegin }: PreviewProps) {
  const [done, setDone] = useState(0)
  const [id] = useState(() => crypto.randomUUID())
  const { data, error, refetch } = useQuery({
    queryKey: ['preview', id],
    queryFn: ({ signal }) => preview(addresses, action, setDone, signal),
    staleTime: Infinity,
    gcTime: 0,
  })
  if (error !== null) {
    return (
      <div className="card">
        <Fault error={error} onRetry={() => void refetch()} />
        <div className="actions">
          <Button onClick={onBack}>Back</Button>
        </div>
      </div>
    )
  }
  if (data === undefined) {
    return (
      <div className="card">
        <h2>Looking at what would happen</h2>
        <Bar label="Looked at" value={done} max={addresses.length} />
        <div className="actions">
          <Button onClick={onBack}>Back</Button>
        </div>
      </div>
    )
  }
  return <Ready foreseen={data} action={action} onBack={onBack} onBegin={onBegin} />
}

type ReadyProps = Omit<PreviewProps, 'addresses'> & { foreseen: readonly Foreseen[] }

function Ready({ foreseen, action, onBack, onBegin }: ReadyProps) {
  const [isAsked, setAsked] = useState(false)
  const good = foreseen.filter(({ isGood }) => isGood).length
  const verb = action.tag === 'void' ? 'Void' : 'Generate'
  return (
    <div className="card">
      <h2>What would happen</h2>
      <Summary foreseen={foreseen} />
      {good < foreseen.length && (
        <Note>
          <p>Who gets nothing is left as they are. You can go on for the others.</p>
        </Note>
      )}
      <LongList
        label="What would happen to each user"
        count={foreseen.length}
        row={(index) => {
          const { address, words, reason, isGood } = foreseen[index] ?? NOBODY
          return (
            <>
              <span className="grow">{address}</span>
              {reason && <span className="soft small long-words">{reason}</span>}
              <Badge tone={isGood ? 'good' : 'warn'}>{words}</Badge>
            </>
          )
        }}
      />
      <div className="actions">
        <Button onClick={onBack}>Back</Button>
        <Button
          kind={action.tag === 'void' ? 'danger' : 'primary'}
          disabled={good === 0}
          onClick={() => setAsked(true)}
        >
          {verb} for {good.toLocaleString()} {good === 1 ? 'user' : 'users'}
        </Button>
      </div>
      <Confirm
        title={`${verb} for ${good.toLocaleString()} ${good === 1 ? 'user' : 'users'}?`}
        action={verb}
        isDanger={action.tag === 'void'}
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={onBegin}
      >
        {action.tag === 'void'
          ? 'Their codes end at once, also those that are still on their way by mail.'
          : 'A new code takes the place of one that an administrator made before.'}
      </Confirm>
    </div>
  )
}

const NOBODY: Foreseen = { address: '', words: '', isGood: false }

/** How many of each. */
function Summary({ foreseen }: { foreseen: readonly Foreseen[] }) {
  const counts = new Map<string, { count: number; isGood: boolean }>()
  for (const { words, isGood } of foreseen) {
    counts.set(words, { count: (counts.get(words)?.count ?? 0) + 1, isGood })
  }
  return (
    <ul className="tally">
      {[...counts].map(([words, { count, isGood }]) => (
        <li key={words}>
          <b className="digits">{count.toLocaleString()}</b>{' '}
          <Badge tone={isGood ? 'good' : 'warn'}>{words}</Badge>
        </li>
      ))}
    </ul>
  )
}
