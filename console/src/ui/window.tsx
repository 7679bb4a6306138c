import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog } from '@base-ui/react/dialog'
import { useState, type ReactNode } from 'react'
import { messageOf } from '../api/call.ts'
import { Button } from './button.tsx'
import { TextArea, TextField } from './field.tsx'
import { Icon } from './icon.tsx'

type WindowProps = { title: string; isOpen: boolean; onClose: () => void; children: ReactNode }

/** A window above the page, which has the focus until it is closed. */
export function Window({ title, isOpen, onClose, children }: WindowProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="window">
          <div className="window-head">
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="button bare small" aria-label="Close">
              <Icon name="close" />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

type ConfirmProps = {
  title: string
  /** What will be, in a sentence or two. */
  children: ReactNode
  action: string
  isDanger?: boolean
  /** Must be typed to the letter before the action is possible. */
  typed?: string | undefined
  /** A reason must be given, which the action gets; these words ask for it. */
  reason?: string | undefined
  onConfirm: (reason: string) => Promise<unknown>
  isOpen: boolean
  onClose: () => void
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, isOpen, onClose, ...question }: ConfirmProps) {
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="window narrow">
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <Question {...question} onClose={onClose} />
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

type QuestionProps = Omit<ConfirmProps, 'title' | 'isOpen'>

function Question({ children, action, isDanger, typed, reason: ask, onConfirm, onClose }: QuestionProps) {
  const [word, setWord] = useState('')
  const [reason, setReason] = useState('')
  const [error, setError] = useState('')
  const [isBusy, setBusy] = useState(false)
  const isReady = (typed === undefined || word === typed) && (ask === undefined || reason.trim().length > 0)
  const confirm = async () => {
    setBusy(true)
    setError('')
    try {
      await onConfirm(reason.trim())
      onClose()
    } catch (error) {
      setError(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !isBusy) void confirm()
      }}
    >
      <AlertDialog.Description render={<div className="prose" />}>{children}</AlertDialog.Description>
      {ask !== undefined && (
        <TextArea
          label={ask}
          rows={3}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      )}
      {typed !== undefined && (
        <TextField
          label={`Type ${typed} to go on`}
          value={word}
          onChange={(event) => setWord(event.target.value)}
        />
      )}
      {error !== '' && (
        <p className="problem" role="alert">
          {error}
        </p>
      )}
      <div className="actions">
        <AlertDialog.Close className="button plain">Cancel</AlertDialog.Close>
        <Button type="submit" kind={isDanger ? 'danger' : 'primary'} disabled={!isReady} busy={isBusy}>
          {action}
        </Button>
      </div>
    </form>
  )
}
