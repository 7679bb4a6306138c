import { TextField } from '../ui/field.tsx'
import type { Fields } from './directory.ts'

type FormProps = { fields: Fields; onFields: (fields: Fields) => void }

/** Who a user is. */
export function UserForm({ fields, onFields }: FormProps) {
  const bound = (name: keyof Fields) => ({
    value: fields[name],
    maxLength: 255,
    onChange: (event: { target: { value: string } }) => onFields({ ...fields, [name]: event.target.value }),
  })
  return (
    <div className="fields two">
      <TextField label="Address" type="email" required {...bound('address')} />
      <TextField label="User name" placeholder="the address" {...bound('userName')} />
      <TextField label="First name" {...bound('givenName')} />
      <TextField label="Last name" {...bound('familyName')} />
      <TextField label="Shown as" {...bound('displayName')} />
      <TextField label="Language" placeholder="such as de" {...bound('language')} />
      <TextField
        label="Second address"
        hint="To show who they are, when they call."
        type="email"
        {...bound('home')}
      />
      <TextField
        label="Mobile number"
        hint="To show who they are, when they call."
        type="tel"
        {...bound('mobile')}
      />
    </div>
  )
}
