import { focusManager } from '@tanstack/react-query'

/** After so long without a key or a touch, nobody is taken to be there. */
const ABSENT_MS = 5 * 60_000
const LOOK_MS = 10_000

/**
 * Stops what pages ask for by themselves while nobody is there: each such call would begin the idle time of the session
 * anew, so that it never ended at a desk that somebody has left.
 */
export function followPresence(): void {
  focusManager.setEventListener((setFocused) => {
    let seenAt = Date.now()
    const look = () => setFocused(document.visibilityState === 'visible' && Date.now() - seenAt < ABSENT_MS)
    const seen = () => {
      seenAt = Date.now()
      look()
    }
    for (const input of ['pointerdown', 'keydown', 'wheel']) addEventListener(input, seen, { passive: true })
    document.addEventListener('visibilitychange', look)
    const timer = setInterval(look, LOOK_MS)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
      for (const input of ['pointerdown', 'keydown', 'wheel']) removeEventListener(input, seen)
    }
  })
}
