import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, type ReactNode } from 'react'
import icon from '../icon.svg'
import { Fault } from '../ui/states.tsx'
import { sessionQuery, signedOutQuery } from './session.ts'

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
  const { data: signedOutAt } = useQuery(signedOutQuery())
  const here = location.pathname.startsWith('/console') ? location.pathname + location.search : '/console'
  const isSignedOut = signedOutAt !== undefined
  useEffect(() => {
    // The name of who was looked at is not to stay in the title.
    document.title = 'Rescind console'
  }, [])
  return (
    <main className="lone">
      <div className="card sign-in">
        <p className="brand">
          <img src={icon} alt="" width="28" height="28" /> Rescind
        </p>
        <h1>{isSignedOut ? 'You are signed out' : 'Sign in to the console'}</h1>
        <p>
          {isSignedOut
            ? 'Nothing of what you saw is kept in this browser.'
            : 'You are sent to your organization’s sign-in page, and come back here.'}
        </p>
        <a
          className="button primary wide"
          href={`/console/login?return=${encodeURIComponent(isSignedOut ? '/console' : here)}`}
        >
          {isSignedOut ? 'Sign in again' : 'Sign in'}
        </a>
        {signedOutAt && isWeb(signedOutAt) && (
          <a className="button plain wide" href={signedOutAt}>
            Sign out of your organization too
          </a>
        )}
      </div>
    </main>
  )
}

function isWeb(url: string): boolean {
  return URL.canParse(url) && ['https:', 'http:'].includes(new URL(url).protocol)
}
