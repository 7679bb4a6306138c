/** Reads the parts of a Markdown page that tests hold against the code. */

/** A page without its code blocks. */
function prose(page: string): string {
  return page.replace(/^```[^]*?^```$/gm, '')
}

/** Every table: its rows, the header first, each a list of cells. */
export function tables(page: string): string[][][] {
  const blocks = prose(page).match(/(?:^\|.*\|$\n?)+/gm) ?? []
  return blocks.map((block) =>
    block
      .trim()
      .split('\n')
      .filter((_, index) => index !== 1)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  )
}

/** The text of every code block of a language. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text)
}

/** A command without what is quoted in it; a quote that stays is open. */
export function withoutQuoted(command: string): string {
  return command.replace(/'[^']*'|"[^"]*"/g, '')
}

/** The commands of a block: lines that a backslash or an open quote joins are one. */
export function commands(block: string): string[] {
  const found: string[] = []
  let isOpen = false
  for (const line of block.trimEnd().split('\n')) {
    const command: string = isOpen ? `${found.pop()}\n${line}` : line
    found.push(command)
    isOpen = command.endsWith('\\') || /['"]/.test(withoutQuoted(command))
  }
  return found
}

/** The target of every link and image. */
export function links(page: string): string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Every text in backquotes outside of code blocks. */
export function codeSpans(page: string): string[] {
  return [...prose(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)
}
