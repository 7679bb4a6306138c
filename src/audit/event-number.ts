/** The columns of an event that the database fills in, in the same transaction: see its triggers in drizzle/. */
export const UNNUMBERED = { seq: null, loggedAt: null } as const
