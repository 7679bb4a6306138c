/** The response types of the password API, the default first: the body is the same JSON in each. */
export const RESPONSE_TYPES = [
  'application/json',
  'application/vnd.soa.v71+json',
  'application/vnd.soa.v72+json',
]

/** Those of the operation that sets a password. */
export const LOGIN_RESPONSE_TYPES = [
  ...RESPONSE_TYPES,
  'application/vnd.soa.v80+json',
  'application/vnd.soa.v81+json',
]
