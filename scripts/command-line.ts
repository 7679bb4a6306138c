import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { runCommand } from './user-error.ts'

const HELP = { type: 'boolean', short: 'h', default: false } as const

/** A command that was called wrongly: it is told how, and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

type Arguments<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>

/**
 * Runs a command with its arguments, and explains it where `--help` asks for that or the arguments are
 * wrong. `read` checks them and throws {@link UsageError}; the exit code is 0, 1 for what failed, or 2.
 */
export async function runWithArguments<Options extends ParseArgsOptionsConfig, Read>(
  usage: string,
  options: Options,
  read: (given: Arguments<Options>) => Read,
  main: (read: Read) => Promise<void>,
): Promise<void> {
  if (isHelpWanted()) {
    console.log(usage)
    return
  }
  let given: Read
  try {
    given = read(parseArgs({ options, allowPositionals: true }))
  } catch (error) {
    console.error(`${usage}\n\n${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 2
    return
  }
  await runCommand(() => main(given))
}

/** Asked on its own, so that it wins over whatever else is wrong. */
function isHelpWanted(): boolean {
  return parseArgs({ options: { help: HELP }, strict: false }).values.help === true
}
