import type { Context } from 'hono'
import { describe, expectTypeOf, it } from 'vitest'
import type { AdminEnv, OperatorEnv, ReadContext, TenantEnv } from '../../src/http/app-env.ts'
import type { actorOf } from '../../src/http/context.ts'

/** Held by the compiler, in the step `types` of the gate. */
describe('who asks', () => {
  it('S9: can be told only where a credential has said so', () => {
    expectTypeOf<Context<AdminEnv>>().toExtend<Parameters<typeof actorOf>[0]>()
    expectTypeOf<Context<TenantEnv>>().not.toExtend<Parameters<typeof actorOf>[0]>()
    expectTypeOf<Context<OperatorEnv>>().not.toExtend<Parameters<typeof actorOf>[0]>()
    expectTypeOf<ReadContext<TenantEnv>>().not.toExtend<Parameters<typeof actorOf>[0]>()
  })
})
