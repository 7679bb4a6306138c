import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { Page } from '../ui/page.tsx'
import { Empty, Fault, Loading } from '../ui/states.tsx'
import { findQuery, FOUND_MAX, QUERY_LENGTH_MIN, searchQuery, type Found } from './users.ts'

/** How long a person pauses before what they typed is looked for. */
const PAUSE_MS = 300

/** Find a user by address or name, as one types. What is looked for is in no URL. */
export function FindPage() {
  const [text, setText] = useState('')
  const results = useRef<HTMLUListElement>(null)
  return (
    <Page title="Find a user" lead="By the beginning of their address or name.">
      <search className="find">
        <Icon name="search" />
        <label htmlFor="find" className="unseen">
          Address or name
        </label>
        <input
          id="find"
          type="search"
          value={text}
          placeholder="jane or jane@example.com"
          autoComplete="off"
          spellCheck={false}
          autoFocus
          aria-describedby="find-state"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowDown' && event.key !== 'Enter') return
            const first = results.current?.querySelector('a')
            if (!first) return
            event.preventDefault()
            if (event.key === 'Enter' && results.current?.querySelectorAll('a').length === 1) first.click()
            else first.focus()
          }}
        />
      </search>
      <Results text={text} list={results} />
    </Page>
  )
}

function usePaused(text: string): string {
  const [paused, setPaused] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return useDeferredValue(paused)
}

function Results({ text, list }: { text: string; list: React.RefObject<HTMLUListElement | null> }) {
  const paused = usePaused(text)
  const [searched, setSearched] = useState('')
  const isSearch = searched !== '' && searched === text.trim()
  const begun = useQuery(findQuery(paused))
  const inside = useQuery({ ...searchQuery(searched), enabled: isSearch })
  const { data, error, isFetching, refetch } = isSearch ? inside : begun
  if (text.trim().length < QUERY_LENGTH_MIN) {
    return (
      <Empty title="Type at least two letters">
        <p>A whole address finds its user at once.</p>
      </Empty>
    )
  }
  if (error !== null && !isFetching) return <Fault error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Loading rows={4} label="Searching" />
  const more = !isSearch && !isFetching && (
    <div className="actions">
      <Button onClick={() => setSearched(text.trim())}>Search inside of addresses and names</Button>
    </div>
  )
  if (data.length === 0 && !isFetching) {
    return (
      <>
        <Empty
          title={isSearch ? `Nobody is found for “${searched}”` : `Nobody’s begins with “${paused.trim()}”`}
        >
          <p>Check the spelling, or ask for the whole address.</p>
        </Empty>
        {more}
      </>
    )
  }
  return (
    <>
      <p id="find-state" className="soft" role="status">
        {isFetching
          ? 'Searching …'
          : data.length === FOUND_MAX
            ? `The first ${FOUND_MAX}: type more`
            : `${data.length} found`}
      </p>
      <ul className="results" ref={list} onKeyDown={moveFocus} data-stale={isFetching || undefined}>
        {data.map((user) => (
          <Result key={user.id} user={user} />
        ))}
      </ul>
      {more}
    </>
  )
}

function Result({ user: { id, name, email, isEnabled, isHighRisk } }: { user: Found }) {
  return (
    <li>
      <Link to="/users/$id" params={{ id }}>
        <span className="result-name">{name}</span>
        <span className="result-email">{email}</span>
        {!isEnabled && <Badge tone="warn">Disabled</Badge>}
        {isHighRisk && <Badge tone="wrong">High risk</Badge>}
        <Icon name="next" />
      </Link>
    </li>
  )
}

/** The arrow keys move through the list, and back to the field above it. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  event.preventDefault()
  const links = [...event.currentTarget.querySelectorAll('a')]
  const at = links.indexOf(document.activeElement as HTMLAnchorElement)
  const next = at + (event.key === 'ArrowDown' ? 1 : -1)
  if (next < 0) document.getElementById('find')?.focus()
  else links[next]?.focus()
}
