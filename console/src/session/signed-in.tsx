import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import icon from '../icon.svg'
import { Fault } from '../ui/states.tsx'
import { sessionQuery } from './session.ts'

/** What only somebody who is signed in sees; everybody else is asked to sign in. */
export function SignedIn({ children }: { children: ReactNode }) {
  const { data: session, error, refetch } = useQuery(sessionQuery(useQueryClient()))
  if (error !== null) {
    return (
      <main className="lone">
        <Fault error={error} onRetry={() => void refetch()} />
      </main>
    )
  }
  // Short enough to need no words; what follows would only flicker.
  if (session === undefined) return <main className="lone" aria-busy="true" />
  return session === null ? <SignIn /> : children
}

function SignIn() {
  const here = location.pathname.startsWith('/console') ? location.pathname + location.search : '/console'
  return (
    <main className="lone">
      <div className="card sign-in">
        <p className="brand">
          <img src={icon} alt="" width="28" height="28" /> Rescind
        </p>
        <h1>Sign in to the console</h1>
        <p>You are sent to your organization’s sign-in page, and come back here.</p>
        <a className="button primary wide" href={`/console/login?return=${encodeURIComponent(here)}`}>
          Sign in
        </a>
      </div>
    </main>
  )
}
