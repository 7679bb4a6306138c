/** What the person at the terminal can put right: shown as its message alone, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError'
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
