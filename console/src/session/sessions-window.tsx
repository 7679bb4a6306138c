import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, messageOf } from '../api/call.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Fault, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { useIsSuperAdmin } from './session.ts'
import { Window } from '../ui/window.tsx'

type Listed = {
  id: string
  person: { id: string; name: string; email: string | null }
  browser: string
  createdAt: string
  lastSeenAt: string
  expiresAt: string
  isCurrent: boolean
}

/** Live sessions, each of which can be ended: one's own, and for super-admins everybody's. */
export function SessionsWindow({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Window title={useIsSuperAdmin() ? 'Sessions' : 'Your sessions'} isOpen={isOpen} onClose={onClose}>
      <Sessions />
    </Window>
  )
}

function Sessions() {
  const client = useQueryClient()
  const isSuperAdmin = useIsSuperAdmin()
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
        {data.sessions.map(({ id, person, browser, createdAt, expiresAt, isCurrent }) => (
          <li key={id}>
            <div className="grow">
              <p>
                {isSuperAdmin && <b>{person.name}: </b>}
                {browser}
              </p>
              <p className="soft small">
                Since <Time at={createdAt} />
              </p>
              <p className="soft small">
                Ends at <Time at={expiresAt} clock /> at the latest
              </p>
            </div>
            {isCurrent ? (
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
