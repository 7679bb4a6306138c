/** What the person at the terminal can put right: shown as its message alone, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** Reads a file, and says of which it is and how to go on when that fails. */
export function orAdvise<Value>(path: string, read: () => Value, advice: string): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const where = error.message.includes(path) ? '' : `${path}: `
    throw new UserError(`${where}${error.message}\n${advice}`, { cause: error })
  }
}

/** Runs a command, and turns whatever it throws into words on stderr and exit code 1. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof UserError ? error.message : error)
    process.exitCode = 1
  }
}
