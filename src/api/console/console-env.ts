import type { Context } from 'hono'
import type { KnownSession } from '../../auth/console-session.ts'
import type { AdminEnv, VisitorEnv } from '../../http/app-env.ts'
import type { ConsolePolicy } from '../../tenants/console-policy.ts'

/** A request of somebody who signs in, to a tenant that has a console. */
export type SignInEnv = VisitorEnv & { Variables: { console: ConsolePolicy } }
export type SignInContext = Context<SignInEnv>

/** A request of a person who is signed in. */
export type ConsoleEnv = AdminEnv & { Variables: { session: KnownSession & { token: string } } }
export type ConsoleContext = Context<ConsoleEnv>
