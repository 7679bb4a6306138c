import { useMemo, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Choice, TextArea } from '../ui/field.tsx'
import { Note } from '../ui/states.tsx'
import { VALIDITIES } from '../codes/validities.ts'
import type { Action } from './job.ts'
import { PreviewStep } from './preview-step.tsx'
import { ADDRESSES_MAX, readRows, type Rows } from './rows.ts'

const ACTIONS = [
  ['EMAIL', 'E-mail each user a code'],
  ['DISPLAY', 'Make codes and give them to me in a file'],
  ['void', 'Void their codes'],
] as const

type BeginProps = { onBegin: (addresses: readonly string[], action: Action) => Promise<void> }

/** What is to be done, and for whom. */
export function ChooseStep({ onBegin }: BeginProps) {
  const [text, setText] = useState('')
  const [what, setWhat] = useState<string>('EMAIL')
  const [minutes, setMinutes] = useState('')
  const [isChecked, setChecked] = useState(false)
  const rows = useMemo(() => readRows(text), [text])
  const action = actionOf(what, minutes)
  if (isChecked) {
    return (
      <PreviewStep
        addresses={rows.addresses}
        action={action}
        onBack={() => setChecked(false)}
        onBegin={() => onBegin(rows.addresses, action)}
      />
    )
  }
  return (
    <div className="card wide-form">
      <Addresses text={text} onText={setText} />
      {text.trim() !== '' && <Read rows={rows} />}
      <div className="fields two">
        <Choice label="What to do" value={what} options={ACTIONS} onPick={setWhat} />
        {what !== 'void' && (
          <Choice label="Codes are good for" value={minutes} options={VALIDITIES} onPick={setMinutes} />
        )}
      </div>
      <div className="actions">
        <Button kind="primary" disabled={rows.addresses.length === 0} onClick={() => setChecked(true)}>
          See what would happen
        </Button>
        <span className="soft small">Nothing is done yet.</span>
      </div>
    </div>
  )
}

function actionOf(what: string, minutes: string): Action {
  if (what === 'void') return { tag: 'void' }
  const way = what === 'DISPLAY' ? 'DISPLAY' : 'EMAIL'
  return { tag: 'generate', way, ...(minutes && { minutes: Number(minutes) }) }
}

function Addresses({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [isOver, setOver] = useState(false)
  const [problem, setProblem] = useState('')
  const read = async (file: File | undefined) => {
    if (file === undefined) return
    setProblem(file.size > FILE_BYTES_MAX ? 'This file is over 10 MB.' : '')
    if (file.size <= FILE_BYTES_MAX) onText(await file.text())
  }
  return (
    <div
      className="drop"
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        void read(event.dataTransfer.files[0])
      }}
    >
      <TextArea
        label="Addresses"
        hint="Paste them, one to a line, or drop a CSV here. The column with the addresses is found by itself."
        rows={9}
        className="mono"
        value={text}
        onChange={(event) => onText(event.target.value)}
        error={problem}
      />
      <label className="file">
        <span>Or choose a CSV file</span>
        <input
          type="file"
          accept=".csv,.tsv,.txt,text/csv"
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </label>
    </div>
  )
}

const FILE_BYTES_MAX = 10 * 1024 * 1024

/** What was understood of the text. */
function Read({ rows: { addresses, repeated, unread, beyond } }: { rows: Rows }) {
  const count = (number: number, one: string, many: string) =>
    `${number.toLocaleString()} ${number === 1 ? one : many}`
  return (
    <div className="stack" role="status">
      <p>
        <b>{count(addresses.length, 'address', 'addresses')}</b>
        {repeated > 0 && `, ${count(repeated, 'repetition', 'repetitions')} left out`}
      </p>
      {beyond > 0 && (
        <Note kind="warn">
          <p>
            {count(beyond, 'address', 'addresses')} too many: a job takes {ADDRESSES_MAX.toLocaleString()}.
            Run the rest afterwards.
          </p>
        </Note>
      )}
      {unread.length > 0 && (
        <Note kind="warn">
          <p>
            {count(unread.length, 'line has', 'lines have')} no address:{' '}
            {unread
              .slice(0, 3)
              .map(({ line, text }) => `line ${line} “${text}”`)
              .join(', ')}
            {unread.length > 3 && ' and more'}
          </p>
        </Note>
      )}
    </div>
  )
}
