import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { NotHere, Shell } from './shell.tsx'
import { FindPage } from './users/find-page.tsx'
import { Fault, Loading } from './ui/states.tsx'

/** Every page of the console. Those that are not needed at once are loaded when they are opened. */

const root = createRootRoute({ component: Shell, notFoundComponent: NotHere })

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
  routeTree: root.addChildren(routes),
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
