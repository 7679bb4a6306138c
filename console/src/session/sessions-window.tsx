import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, messageOf } from '../api/call.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Fault, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { Window } from '../ui/window.tsx'

type Listed = {
  id: string
  person?: { name: string; email: string }
  createdAt: string
  lastSeenAt?: string
  expiresAt: string
  current?: boolean
}

/** The sessions that one has, each of which can be ended: at another desk, on a lost telephone. */
export function SessionsWindow({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Window title="Your sessions" isOpen={isOpen} onClose={onClose}>
      <Sessions />
    </Window>
  )
}

function Sessions() {
  const client = useQueryClient()
  const [problem, setProblem] = useState('')
  const { data, error, refetch } = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => call<{ sessions: Listed[] }>('GET', '/console/sessions', { signal }),
  })
  if (error !== null) return <Fault error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Loading rows={2} />
  const end = async (id: string) => {
    try {
      await call('DELETE', `/console/sessions/${encodeURIComponent(id)}`)
      await client.invalidateQueries({ queryKey: ['sessions'] })
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  return (
    <>
      {problem && <p className="problem">{problem}</p>}
      <ul className="rows">
        {data.sessions.map(({ id, createdAt, expiresAt, current }) => (
          <li key={id}>
            <div className="grow">
              <p>
                Since <Time at={createdAt} />
              </p>
              <p className="soft">
                Ends at <Time at={expiresAt} clock /> at the latest
              </p>
            </div>
            {current ? (
              <Badge tone="good">This one</Badge>
            ) : (
              <Button small onClick={() => void end(id)}>
                End
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
