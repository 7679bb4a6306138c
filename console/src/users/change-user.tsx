import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { messageOf } from '../api/call.ts'
import { Button } from '../ui/button.tsx'
import { Fault, Loading } from '../ui/states.tsx'
import { toast } from '../ui/toasts.tsx'
import { Window } from '../ui/window.tsx'
import { changeUser, directoryQuery, type DirectoryUser } from './directory.ts'
import { UserForm } from './user-form.tsx'

/** A button that opens what the directory keeps of a user, to change it. */
export function ChangeUser({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>Change the user</Button>
      <Window title="Change the user" isOpen={isOpen} onClose={close}>
        <Change id={id} onClose={close} />
      </Window>
    </>
  )
}

function Change({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useQuery({ ...directoryQuery(id), refetchOnWindowFocus: false })
  if (error !== null && data === undefined) return <Fault error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Loading rows={4} />
  return <ChangeForm id={id} user={data} onClose={onClose} />
}

function ChangeForm({ id, user, onClose }: { id: string; user: DirectoryUser; onClose: () => void }) {
  const client = useQueryClient()
  const [fields, setFields] = useState(user.fields)
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      await changeUser(id, user, fields)
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey.includes(id) })
      toast('The user is changed')
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) void save()
      }}
    >
      <UserForm fields={fields} onFields={setFields} />
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" busy={isBusy}>
          Save
        </Button>
      </div>
    </form>
  )
}
