import { CSPProvider } from '@base-ui/react/csp-provider'
import { Toast } from '@base-ui/react/toast'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { CallError } from './api/call.ts'
import { router } from './router.tsx'
import { followPresence } from './session/presence.ts'
import { followSignOuts } from './session/session.ts'
import { SignedIn } from './session/signed-in.tsx'
import { toasts, Toasts } from './ui/toasts.tsx'
import './styles/base.css'
import './styles/parts.css'
import './styles/shell.css'
import './styles/pages.css'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 60_000,
      // What was refused is refused again: only what did not arrive is asked twice.
      retry: (failures, error) =>
        failures < 2 && error instanceof CallError && (error.status === 0 || error.status === 503),
    },
  },
})
followSignOuts(client)
followPresence()

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root.')
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <Toast.Provider toastManager={toasts}>
          <SignedIn>
            <RouterProvider router={router} />
          </SignedIn>
          <Toasts />
        </Toast.Provider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
