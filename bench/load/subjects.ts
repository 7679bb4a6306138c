/** Address of the benchmark's user with that number. */
export function emailOf(user: number): string {
  return `u${user}@bench.example`
}

/** The code of that user: eight symbols of base 32, none of which is ever mistaken for another. */
export function codeOf(user: number): string {
  return user.toString().padStart(8, '7')
}

/** A code that is not that user's. */
export function wrongCodeOf(user: number): string {
  return `Z${codeOf(user).slice(1)}`
}
