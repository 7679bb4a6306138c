import type { Context } from 'hono'
import type { OperatorPrincipal, PersonPrincipal, TenantPrincipal } from '../auth/principal.ts'
import type { LogEvent } from '../log.ts'
import type { Tenant } from '../tenants/tenant.ts'

/** What Hono's context carries through every request. */
export type AppEnv = {
  Bindings: Env
  Variables: {
    /** Epoch ms of the request: the one clock that everything in it goes by. */
    now: number
    log: LogEvent
  }
}

/** A request to one tenant, whoever makes it. */
export type TenantEnv = AppEnv & { Variables: { tenant: Tenant } }

/** A visitor's request to one tenant: the password API. */
export type VisitorEnv = TenantEnv & { Variables: { client: Client } }

/** Whom a visitor's request comes from. */
export type Client = {
  /** The hash of its network, as events remember it and limits count it; null where the address is unknown. */
  network: string | null
  /** Whether it is held to the limits of a client. */
  isLimited: boolean
}

/** A request of a tenant's administrators or of their programs: the admin API and the directory. */
export type AdminEnv = TenantEnv & { Variables: { principal: TenantPrincipal } }

/** A request of the service's operator, or about a tenant by a super-admin of it who is signed in to the console. */
export type OperatorEnv = AppEnv & {
  Variables: {
    principal: OperatorPrincipal | PersonPrincipal
    /** What a super-admin has changed, in the words of the audit, where the path does not say it. */
    changed: string | undefined
  }
}

/**
 * A request's context as what is shared by faces takes it: a face's own has more variables, and stands for
 * it, since nothing is set here. `var` is what the compiler refuses a context with fewer variables by.
 */
export type ReadContext<E extends AppEnv> = Pick<
  Context<AppEnv>,
  'req' | 'env' | 'executionCtx' | 'header'
> & {
  readonly var: Readonly<E['Variables']>
  get: <Name extends keyof E['Variables']>(name: Name) => E['Variables'][Name]
}
