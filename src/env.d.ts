/**
 * What the generated types cannot know: not every Worker binds everything. The data plane mails nothing, and the
 * control plane finds the class of the limiter in the data plane's Worker.
 */
interface Env {
  EMAIL: SendEmail
  TENANT_LIMITER: DurableObjectNamespace<import('./limits/tenant-limiter.ts').TenantLimiter>
}

declare namespace Cloudflare {
  interface Env {
    EMAIL: SendEmail
    TENANT_LIMITER: DurableObjectNamespace<import('./limits/tenant-limiter.ts').TenantLimiter>
  }
}
