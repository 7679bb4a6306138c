import { waitUntil } from 'cloudflare:workers'
import { ExpiringMap } from '../expiring-map.ts'

const ENTRY_TTL_MS = 20_000
/** How long an absence is remembered: shorter, so that a new host works soon. */
const ABSENCE_TTL_MS = 5_000
const ENTRIES_MAX = 1_000
/** How long a request waits for another one's read. One that was cut off would never end. */
const SHARED_READ_MS = 1_000

/**
 * Records of the catalogue by name, as this isolate knows them. Requests for one name share one read. What
 * is not there is remembered apart from what is, so that a flood of invented names forgets nobody.
 */
export class CatalogueCache<Value> {
  readonly #entries: ExpiringMap<Value>
  readonly #absences = new ExpiringMap<true>(ENTRIES_MAX)
  readonly #reads = new Map<string, Promise<Value | undefined>>()

  /** @param entriesMax beyond which those that were read first are forgotten. */
  constructor(entriesMax = ENTRIES_MAX) {
    this.#entries = new ExpiringMap(entriesMax)
  }

  /** @throws what `read` throws; nothing is remembered then. */
  async get(name: string, read: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const now = Date.now()
    const known = this.#entries.get(name, now)
    if (known !== undefined) return known
    if (this.#absences.get(name, now) !== undefined) return undefined
    const reading = this.#reads.get(name)
    if (reading !== undefined) {
      const shared = await withinDeadline(reading)
      if (shared.tag === 'read') return shared.value
    }
    return this.#read(name, read, now)
  }

  /** Forgets everything, also what is being read. */
  clear(): void {
    this.#entries.clear()
    this.#absences.clear()
    this.#reads.clear()
  }

  #read(name: string, read: () => Promise<Value | undefined>, now: number): Promise<Value | undefined> {
    const reading = read()
      .then((value) => {
        // Forgotten meanwhile, or overtaken by another read: what was read may be old.
        if (this.#reads.get(name) === reading) this.#remember(name, value, now)
        return value
      })
      .finally(() => {
        if (this.#reads.get(name) === reading) this.#reads.delete(name)
      })
    this.#reads.set(name, reading)
    // Others may wait for it too when the client of this request has hung up.
    waitUntil(reading.catch(() => undefined))
    return reading
  }

  /** The age of what was read counts from before its read: a slow read must not stretch it. */
  #remember(name: string, value: Value | undefined, now: number): void {
    if (value === undefined) this.#absences.set(name, true, now + ABSENCE_TTL_MS)
    else this.#entries.set(name, value, now + ENTRY_TTL_MS)
  }
}

type Shared<Value> = { tag: 'read'; value: Value } | { tag: 'late' }

async function withinDeadline<Value>(reading: Promise<Value>): Promise<Shared<Value>> {
  const { promise: late, resolve } = Promise.withResolvers<Shared<Value>>()
  const timer = setTimeout(() => resolve({ tag: 'late' }), SHARED_READ_MS)
  const read = reading.then((value): Shared<Value> => ({ tag: 'read', value }))
  return Promise.race([read, late]).finally(() => clearTimeout(timer))
}
