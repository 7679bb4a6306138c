/** Who uses the APIs of a tenant's administrators: the audit and the limits know them by `id`. */
export type TenantPrincipal =
  | {
      tag: 'api-key' | 'oauth-client' | 'scim-token'
      /** Access id of the key, or id of the client or of the token. */
      id: string
      /** What it is called: the description of a key or a client. */
      name: string
    }
  | PersonPrincipal

/** Somebody who is signed in to the console. */
export type PersonPrincipal = {
  tag: 'person'
  /** The same at every sign-in of the person, whatever their name is by then. */
  id: string
  name: string
}

/** The operator of the service. */
export type OperatorPrincipal = { tag: 'operator' }
