import { useState } from 'react'
import { saveFile } from '../bulk/save-file.ts'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { Note } from '../ui/states.tsx'

/** A secret that nobody can be shown again: copy it now. */
export function ShownOnce({ label, secret }: { label: string; secret: string }) {
  const [isCopied, setCopied] = useState(false)
  return (
    <>
      <Note kind="warn">
        <p>This is shown once. Copy it to where it is needed before you close this window.</p>
      </Note>
      <div className="secret">
        <code aria-label={label}>{secret}</code>
        <Button
          small
          onClick={() => {
            void navigator.clipboard.writeText(secret).then(() => setCopied(true))
          }}
        >
          <Icon name="copy" /> {isCopied ? 'Copied' : 'Copy'}
        </Button>
      </div>
    </>
  )
}

/** A file with a private key, which exists in this window alone until it is saved. */
export function SavedOnce({ name, content }: { name: string; content: string }) {
  const [isSaved, setSaved] = useState(false)
  return (
    <>
      <Note kind={isSaved ? 'good' : 'warn'}>
        <p>
          {isSaved
            ? 'Saved. Keep the file where only its program can read it.'
            : 'The private key was made in this browser and is nowhere else. Save its file before you close this window.'}
        </p>
      </Note>
      <div className="actions">
        <Button
          kind="primary"
          onClick={() => {
            saveFile(name, content, 'application/json')
            setSaved(true)
          }}
        >
          Save {name}
        </Button>
      </div>
    </>
  )
}
