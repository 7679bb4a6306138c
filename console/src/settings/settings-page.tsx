import { Link, Outlet } from '@tanstack/react-router'
import { useIsSuperAdmin } from '../session/session.ts'
import { NotHere } from '../not-here.tsx'
import { Page } from '../ui/page.tsx'

const PLACES = [
  ['/settings/users', 'Users'],
  ['/settings/keys', 'API keys'],
  ['/settings/clients', 'OAuth clients'],
  ['/settings/scim', 'Directory tokens'],
  ['/settings/webhooks', 'Webhooks'],
  ['/settings/policy', 'Policy'],
] as const

/** What super-admins decide for their tenant. */
export function SettingsPage() {
  if (!useIsSuperAdmin()) return <NotHere />
  return (
    <Page title="Settings" lead="For your whole tenant. Every change is in the log.">
      <nav className="tabs" aria-label="Settings">
        {PLACES.map(([to, words]) => (
          <Link key={to} to={to}>
            {words}
          </Link>
        ))}
      </nav>
      <Outlet />
    </Page>
  )
}
