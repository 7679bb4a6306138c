import { Link } from '@tanstack/react-router'
import { Page } from './ui/page.tsx'
import { Empty } from './ui/states.tsx'

export function NotHere() {
  return (
    <Page title="There is nothing here">
      <Empty title="This address leads nowhere, or not for your role">
        <p>
          <Link to="/">Find a user</Link>
        </p>
      </Empty>
    </Page>
  )
}
