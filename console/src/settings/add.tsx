import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { messageOf } from '../api/call.ts'
import { Button } from '../ui/button.tsx'
import { Window } from '../ui/window.tsx'

type AddProps = {
  /** What the button and the window say. */
  title: string
  list: string
  /** The fields of the form. */
  children: ReactNode
  isReady?: boolean
  /** Makes it; what comes back is shown in place of the form, until the window is closed. */
  onAdd: () => Promise<ReactNode>
}

/** A button that opens a form which makes something new. */
export function Add({ title, list, children, isReady = true, onAdd }: AddProps) {
  const client = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const [made, setMade] = useState<ReactNode>()
  const add = async () => {
    setBusy(true)
    setProblem('')
    try {
      setMade(await onAdd())
      await client.invalidateQueries({ queryKey: [list] })
    } catch (error) {
      setProblem(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  const close = () => {
    setOpen(false)
    setMade(undefined)
    setProblem('')
  }
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        {title}
      </Button>
      <Window title={title} isOpen={isOpen} onClose={close}>
        {made ? (
          <>
            {made}
            <div className="actions">
              <Button onClick={close}>Close</Button>
            </div>
          </>
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              if (isReady && !isBusy) void add()
            }}
          >
            {children}
            {problem !== '' && (
              <p className="problem" role="alert">
                {problem}
              </p>
            )}
            <div className="actions">
              <Button onClick={close}>Cancel</Button>
              <Button type="submit" kind="primary" busy={isBusy} disabled={!isReady}>
                {title}
              </Button>
            </div>
          </form>
        )}
      </Window>
    </>
  )
}
