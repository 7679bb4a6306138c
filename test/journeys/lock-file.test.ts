import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

type LockFile = { packages: Record<string, { integrity?: string; link?: boolean }> }

describe('the lock file', () => {
  it.for(['package-lock.json', 'bench/peers/package-lock.json'])(
    'names the hash of every package, also of those for other systems: %s',
    (path) => {
      const { packages } = JSON.parse(
        readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8'),
      ) as LockFile
      // Folders of this project have no hash: they come with it.
      const entries = Object.entries(packages).filter(
        ([name, { link = false }]) => name.includes('node_modules/') && !link,
      )
      expect(entries.length).toBeGreaterThan(10)
      expect(entries.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual([])
    },
  )
})
