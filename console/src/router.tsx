import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { NotHere } from './not-here.tsx'
import { Shell } from './shell.tsx'
import { FindPage } from './users/find-page.tsx'
import { Fault, Loading } from './ui/states.tsx'

/** Every page of the console. Those that are not needed at once are loaded when they are opened. */

const root = createRootRoute({ component: Shell, notFoundComponent: NotHere })

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/settings-page.tsx'), 'SettingsPage'),
})

const settingsRoutes = [
  createRoute({
    getParentRoute: () => settings,
    path: '/',
    beforeLoad: () => {
      throw redirect({ to: '/settings/users' })
    },
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/users',
    component: lazyRouteComponent(() => import('./settings/users.tsx'), 'Users'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/keys',
    component: lazyRouteComponent(() => import('./settings/keys.tsx'), 'Keys'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/clients',
    component: lazyRouteComponent(() => import('./settings/clients.tsx'), 'Clients'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/scim',
    component: lazyRouteComponent(() => import('./settings/scim-tokens.tsx'), 'ScimTokens'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/webhooks',
    component: lazyRouteComponent(() => import('./settings/webhooks.tsx'), 'Webhooks'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/webhooks/$id',
    component: lazyRouteComponent(() => import('./settings/webhook.tsx'), 'WebhookPage'),
  }),
  createRoute({
    getParentRoute: () => settings,
    path: '/policy',
    component: lazyRouteComponent(() => import('./settings/policy.tsx'), 'Policy'),
  }),
]

const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: FindPage }),
  createRoute({
    getParentRoute: () => root,
    path: '/users/$id',
    component: lazyRouteComponent(() => import('./users/user-page.tsx'), 'UserPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/many',
    component: lazyRouteComponent(() => import('./bulk/many-page.tsx'), 'ManyPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/approvals',
    component: lazyRouteComponent(() => import('./approvals/approvals-page.tsx'), 'ApprovalsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/activity',
    component: lazyRouteComponent(() => import('./overview/overview-page.tsx'), 'OverviewPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/incident',
    component: lazyRouteComponent(() => import('./incident/incident-page.tsx'), 'IncidentPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/logs',
    beforeLoad: () => {
      throw redirect({ to: '/logs/$log', params: { log: 'admin' } })
    },
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/logs/$log',
    component: lazyRouteComponent(() => import('./logs/logs-page.tsx'), 'LogsPage'),
  }),
]

export const router = createRouter({
  routeTree: root.addChildren([...routes, settings.addChildren(settingsRoutes)]),
  basepath: '/console',
  defaultPreload: 'intent',
  defaultPendingComponent: Loading,
  defaultPendingMs: 200,
  defaultErrorComponent: ({ error, reset }) => <Fault error={error} onRetry={reset} />,
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
