import { dirname, relative, resolve, sep } from 'node:path'

/**
 * A plugin of oxlint with one rule, `rooms/one-way`: a file of `src/` imports from its own room and from
 * rooms below it, so that no two rooms need each other.
 *
 * Its option lists the rooms from top to bottom, each line a list of rooms that do not know each other. A
 * room is a folder of `src/`, or a file there; `api/*` is every folder of `api/` for itself.
 */
export default {
  meta: { name: 'rooms' },
  rules: { 'one-way': { meta: { schema: [{ type: 'array' }] }, create: oneWay } },
}

type Import = { source: { value: string } | null }
type RuleContext = {
  filename: string
  cwd: string
  options: [string[][]]
  report(finding: { node: unknown; message: string }): void
}

function oneWay(context: RuleContext) {
  const [levels] = context.options
  const home = resolve(context.cwd, 'src')
  const from = placeOf(context.filename, home, levels)
  const check = (node: Import) => {
    const target = node.source?.value
    if (from === undefined || target === undefined || !target.startsWith('.')) return
    const to = placeOf(resolve(dirname(context.filename), target), home, levels)
    if (to === undefined || to.room === from.room || to.level > from.level) return
    const message = `${from.room} must not import ${to.room}: see the order of rooms in .oxlintrc.json`
    context.report({ node, message })
  }
  return {
    ImportDeclaration: check,
    ExportNamedDeclaration: check,
    ExportAllDeclaration: check,
    ImportExpression: check,
  }
}

/** The room that a file is in, and how far down it lies; nothing for what is outside `src/`. */
function placeOf(path: string, home: string, levels: readonly string[][]) {
  const parts = relative(home, path).split(sep)
  if (parts[0] === '..') return undefined
  for (const [level, rooms] of levels.entries()) {
    for (const pattern of rooms) {
      const names = pattern.split('/')
      if (
        !names.every((name, index) => name === parts[index] || (name === '*' && parts.length > index + 1))
      ) {
        continue
      }
      return { room: parts.slice(0, names.length).join('/'), level }
    }
  }
  // What the list does not have is below everything: it may import nothing.
  return { room: parts.slice(0, Math.max(1, parts.length - 1)).join('/'), level: Infinity }
}
