import { Toast } from '@base-ui/react/toast'
import { Icon } from './icon.tsx'

/** Words for some seconds, from anywhere in the console. */
export const toasts = Toast.createToastManager()

const SHOWN_MS = 5000

/** Says for some seconds that something was done. What must not be missed stands on the page. */
export function toast(title: string): void {
  toasts.add({ title, timeout: SHOWN_MS })
}

export function Toasts() {
  const { toasts } = Toast.useToastManager()
  return (
    <Toast.Portal>
      <Toast.Viewport className="toasts">
        {toasts.map((toast) => (
          <Toast.Root key={toast.id} toast={toast} className="toast">
            <Toast.Content className="toast-content">
              <Icon name="check" />
              <Toast.Title className="toast-title" />
              <Toast.Close className="button bare small" aria-label="Close">
                <Icon name="close" />
              </Toast.Close>
            </Toast.Content>
          </Toast.Root>
        ))}
      </Toast.Viewport>
    </Toast.Portal>
  )
}
