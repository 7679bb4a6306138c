import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Empty, Fault, Loading } from '../ui/states.tsx'
import { Time } from '../ui/time.tsx'
import { historyQuery, type User, type UserEvent } from './users.ts'

const TONES: Record<UserEvent['eventLevel'], Tone> = { INFO: 'quiet', WARN: 'warn', ERROR: 'wrong' }
const WORDS: Record<UserEvent['eventLevel'], string> = { INFO: 'Info', WARN: 'Warning', ERROR: 'Error' }

/** Events that are shown at once. */
const FIRST = 15

/** What has happened to the codes of one user, the newest first. */
export function HistoryCard({ user }: { user: User }) {
  const { data, error, refetch } = useQuery(historyQuery(user.id))
  const [isWhole, setWhole] = useState(false)
  return (
    <section className="card" aria-labelledby="history">
      <h2 id="history">History</h2>
      {error !== null && data === undefined ? (
        <Fault error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading rows={4} />
      ) : data.length === 0 ? (
        <Empty title="Nothing has happened to this user’s codes" />
      ) : (
        <>
          <ol className="rows history">
            {data.slice(0, isWhole ? undefined : FIRST).map((event) => (
              <li key={event.userActivityId}>
                <span className="when soft">
                  <Time at={event.eventLogDate} />
                </span>
                <span className="grow">
                  {event.eventDescription}
                  {event.authenticationDetails && (
                    <span className="soft"> {event.authenticationDetails}</span>
                  )}
                </span>
                {event.eventLevel !== 'INFO' && (
                  <Badge tone={TONES[event.eventLevel]}>{WORDS[event.eventLevel]}</Badge>
                )}
              </li>
            ))}
          </ol>
          {data.length > FIRST && !isWhole && (
            <div className="actions">
              <Button small onClick={() => setWhole(true)}>
                Show all {data.length}
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  )
}
