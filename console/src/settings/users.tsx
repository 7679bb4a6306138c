import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { admin, messageOf } from '../api/call.ts'
import { addUser, NO_FIELDS } from '../users/directory.ts'
import { UserForm } from '../users/user-form.tsx'
import { setHighRisk } from '../users/users.ts'
import { Button } from '../ui/button.tsx'
import { column, type Columns } from '../ui/data-table.tsx'
import { Note } from '../ui/states.tsx'
import { toast } from '../ui/toasts.tsx'
import { Add } from './add.tsx'
import { Listed } from './listed.tsx'

const LIST = 'high-risk'

/** A user of the list of high risk, in the vendor's members. */
type AtRisk = { id: string; email: string; primaryUsername: string }

const COLUMNS: Columns<AtRisk> = [
  column('User', ({ id, primaryUsername }) => (
    <Link to="/users/$id" params={{ id }}>
      {primaryUsername}
    </Link>
  )),
  column('Address', ({ email }) => email),
  column('', ({ id }) => <TakeOff id={id} />),
]

/** Users: adding them, and those at high risk. Whom one knows, one finds by name. */
export function Users() {
  return (
    <Listed
      title="Users at high risk"
      lead="Codes for them go to their own address alone. All others are found by “Find a user”."
      list={LIST}
      read={async (signal) => {
        const { users } = await admin<{ users: AtRisk[] }>('GET', '/v2/users/highrisk', { signal })
        return users
      }}
      rowKey={({ id }) => id}
      columns={COLUMNS}
      empty="Nobody is at high risk"
      add={<AddUser />}
    />
  )
}

function TakeOff({ id }: { id: string }) {
  const client = useQueryClient()
  const takeOff = async () => {
    try {
      await setHighRisk(id, false)
      await client.invalidateQueries({ queryKey: [LIST] })
      toast('The user is off the list')
    } catch (error) {
      toast(messageOf(error))
    }
  }
  return (
    <Button small onClick={() => void takeOff()}>
      Take off
    </Button>
  )
}

function AddUser() {
  const [fields, setFields] = useState(NO_FIELDS)
  const add = async () => {
    const id = await addUser(fields)
    setFields(NO_FIELDS)
    return (
      <Note kind="good">
        <p>The user is added.</p>
        <Link to="/users/$id" params={{ id }}>
          Go to the user
        </Link>
      </Note>
    )
  }
  return (
    <Add title="Add a user" list={LIST} isReady={fields.address.includes('@')} onAdd={add}>
      <UserForm fields={fields} onFields={setFields} />
    </Add>
  )
}
