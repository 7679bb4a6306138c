import { useEffect, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/field.tsx'
import { shortTime, Time, useNow } from '../ui/time.tsx'
import { grouped, spell, SPELLING_LANGUAGES, spellingLanguage } from './spelling.ts'

/** How long a code is on the screen. */
export const SHOWN_MS = 60_000

type ShownCodeProps = { code: string; expiresAt: string; onGone: () => void }

/**
 * A code to be read out, in groups and spelled. It is gone after a minute, and when the page is left: it is kept in
 * this component alone, in no cache, no storage and no URL.
 */
export function ShownCode({ code, expiresAt, onGone }: ShownCodeProps) {
  const [until] = useState(() => Date.now() + SHOWN_MS)
  const left = until - useNow(500)
  const isOver = left <= 0
  useEffect(() => {
    if (isOver) onGone()
  }, [isOver, onGone])
  return (
    <section className="shown-code" aria-label="The code">
      <div className="shown-head">
        <p>
          Read it out. Good until <Time at={expiresAt} clock />.
        </p>
        <p className="soft">
          Hidden in <span className="digits">{shortTime(left)}</span>
        </p>
      </div>
      <p className="code" aria-label={code.split('').join(' ')} translate="no">
        {grouped(code).map((group, index) => (
          <span key={index}>{group}</span>
        ))}
      </p>
      <Spelled code={code} />
      <div className="actions">
        <Button onClick={onGone}>Hide it now</Button>
      </div>
    </section>
  )
}

function Spelled({ code }: { code: string }) {
  const [language, setLanguage] = useState(() => spellingLanguage(navigator.language))
  return (
    <>
      <ol className="spelled" translate="no" lang={language}>
        {spell(code, language).map(({ symbol, word }, index) => (
          <li key={index}>
            <b>{symbol}</b> {word}
          </li>
        ))}
      </ol>
      <Choice
        label="Spelled in"
        value={language}
        options={SPELLING_LANGUAGES}
        onPick={(tag) => setLanguage(spellingLanguage(tag))}
      />
    </>
  )
}
