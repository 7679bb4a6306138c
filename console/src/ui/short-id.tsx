const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** An id by its first letters, which tell those of a page apart; the whole of it is said to a screen reader. */
export function ShortId({ id }: { id: string }) {
  if (!UUID.test(id)) return <span className="id">{id}</span>
  return (
    <span className="id mono" title={id}>
      {id.slice(0, 8)}
      <span aria-hidden="true">…</span>
      <span className="unseen">{id.slice(8)}</span>
    </span>
  )
}
