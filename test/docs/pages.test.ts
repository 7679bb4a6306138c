import { describe, expect, it } from 'vitest'
import { scripts } from '../../package.json'
import { scripts as clientScripts } from '../../sdk/package.json'
import { anchors, codeBlocks, codeSpans, commands, links, tables, withoutQuoted } from './markdown.ts'

/** Every page by its path from the root of the repository. */
const pages: Record<string, string> = import.meta.glob(['/*.md', '/docs/*.md'], {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Every file that a page may speak of. Only the names count: nothing is loaded. */
const files = Object.keys(
  import.meta.glob([
    '/*',
    '/{src,scripts,test,bench,docs,drizzle,public}/**',
    '/sdk/*',
    '/sdk/{src,scripts,test}/**',
    '/.github/workflows/*',
    '/.ci/*',
    '!/bench/peers/node_modules/**',
  ]),
).map((path) => path.slice(1))

function exists(path: string): boolean {
  const name = path.replace(/\/$/, '')
  return files.some((file) => file === name || file.startsWith(`${name}/`))
}

const README = pages['/README.md'] ?? ''
const CELL_LENGTH_MAX = 120
const README_LINES_MAX = 150

it('the README has at most 150 lines', () => {
  expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(README_LINES_MAX)
})

it('finds the pages and the files that it checks', () => {
  expect(Object.keys(pages)).toEqual(expect.arrayContaining(['/README.md', '/SECURITY.md', '/docs/api.md']))
  expect(exists('src/app.ts') && exists('LICENSE') && exists('.github/workflows/deploy.yml')).toBe(true)
  expect(exists('src/no-such-file.ts')).toBe(false)
})

describe.each(Object.entries(pages))('%s', (path, page) => {
  it('has no table cell over 120 characters', () => {
    const cells = tables(page).flat(2)
    expect(cells.filter((cell) => cell.length > CELL_LENGTH_MAX)).toEqual([])
  })

  it('has links that lead somewhere', () => {
    const broken = links(page).filter((link) => !leadsSomewhere(path, link))
    expect(broken).toEqual([])
  })

  it('names npm scripts that exist', () => {
    const shell = [...codeSpans(page), ...codeBlocks(page, 'sh')].join('\n')
    const named = [...shell.matchAll(/npm (?:run (?:--silent )?)?([a-z]+)/g)].map(([, name = '']) => name)
    expect(
      named.filter((name) => !Object.hasOwn({ ...scripts, ...clientScripts }, name) && name !== 'ci'),
    ).toEqual([])
  })

  it('has shell blocks that paste into bash and zsh: no comments, no bare wildcards or history', () => {
    const lines = codeBlocks(page, 'sh').flatMap((block) => block.split('\n'))
    expect(lines.filter((line) => /(?:^|\s)#/.test(line))).toEqual([])
    const touchy = codeBlocks(page, 'sh')
      .flatMap(commands)
      .filter((command) => hasBareWildcard(command) || hasHistory(command))
    expect(touchy).toEqual([])
  })

  it('ends the output of every curl with a newline', () => {
    const curls = codeBlocks(page, 'sh')
      .flatMap(commands)
      .filter((command) => /\bcurl\b/.test(command))
    expect(curls.filter((command) => !/ -w '[^']*\\n'/.test(command))).toEqual([])
  })

  it('asks one service, whatever its port: by BASE', () => {
    const blocks = codeBlocks(page, 'sh').join('\n')
    const direct = blocks.split('\n').filter((line) => line.includes('localhost:'))
    expect(direct.filter((line) => line !== 'BASE=http://localhost:8787')).toEqual([])
  })
})

describe.each(['/docs/architecture.md', '/README.md', '/docs/operating.md'])('%s', (path) => {
  it('names files that exist', () => {
    const named = codeSpans(pages[path] ?? '').filter((text) =>
      /^(?:src|scripts|test|bench|docs|drizzle|\.github|\.ci)\/[\w./-]*$/.test(text),
    )
    expect(named.filter((file) => !exists(file))).toEqual([])
  })
})

function leadsSomewhere(from: string, link: string): boolean {
  if (link.startsWith('https://')) return true
  const [target = '', anchor] = link.split('#')
  const { pathname } = new URL(target, `http://repository${from}`)
  const page = target === '' ? pages[from] : pages[pathname]
  if (anchor !== undefined) return page !== undefined && anchors(page).includes(anchor)
  return exists(pathname.slice(1))
}

function hasBareWildcard(command: string): boolean {
  return /[?*[\]]/.test(withoutQuoted(command))
}

/** Only single quotes keep `!` from both shells. */
function hasHistory(command: string): boolean {
  return command.replace(/'[^']*'/g, '').includes('!')
}
