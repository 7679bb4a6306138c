declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[]
    /** Private key of the operator of this run. */
    TEST_OPERATOR_JWK: string
  }
}
