import * as v from 'valibot'
import { isRecord, ownMember } from '../record.ts'
import { group, httpsUrl, oneOf, shortText } from './policy-members.ts'
import { PERMISSIONS, type Role } from './role.ts'

/** How the people of a tenant sign in to the console, and what makes one of them help desk or super-admin. */

/** Values of the claim that grant a role. */
const ROLES_MAX = 20
/** Values of the claim that are looked at: somebody may be in very many groups. */
const CLAIM_VALUES_MAX = 1_000

const ROLE_NAMES = Object.keys(PERMISSIONS) as [Role, ...Role[]]

const FORM =
  'must have issuer and clientId, for OpenID Connect, or access, for Cloudflare Access; not both and no half'

const rolesSchema = v.pipe(
  v.record(shortText(255), oneOf(ROLE_NAMES), 'must be an object of roles by the value of the claim'),
  v.check((roles) => Object.keys(roles).length >= 1, 'must grant a role to some value of the claim'),
  v.check((roles) => Object.keys(roles).length <= ROLES_MAX, `must have at most ${ROLES_MAX} values`),
)

/** Off unless it is set. */
export const consoleSchema = v.pipe(
  group({
    /** The tenant's OpenID provider, and what we are to it. Without a secret, we are a public client. */
    issuer: v.optional(issuerUrl()),
    clientId: v.optional(shortText(255)),
    clientSecret: v.optional(shortText(1024)),
    /** Authentication context that a person must have been authenticated by, as the provider calls it. */
    acrValues: v.optional(shortText(255)),
    /** Cloudflare Access in front of `/console`: its team, and the audience of its application. */
    access: v.optional(
      group({
        teamDomain: v.pipe(
          v.string('must be a name below cloudflareaccess.com'),
          v.regex(
            /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.cloudflareaccess\.com$/,
            'must be a name below cloudflareaccess.com',
          ),
        ),
        audience: v.pipe(
          v.string('must be an application audience tag'),
          v.regex(/^[\da-f]{32,128}$/, 'must be an application audience tag'),
        ),
      }),
    ),
    /** The claim that says who may what, with dots into objects, such as `groups` or `realm_access.roles`. */
    roleClaim: shortText(255),
    roles: rolesSchema,
  }),
  v.check(({ issuer, clientId, clientSecret, acrValues, access }) => {
    const isOpenId = issuer !== undefined && clientId !== undefined
    const isOfOpenId = [issuer, clientId, clientSecret, acrValues].some((each) => each !== undefined)
    return access === undefined ? isOpenId : !isOfOpenId
  }, FORM),
)

export type ConsolePolicy = v.InferOutput<typeof consoleSchema>

/** An issuer as OpenID Connect Discovery §3 has it: no query and no fragment. */
function issuerUrl() {
  return v.pipe(
    httpsUrl(),
    v.check((url) => !/[?#]/.test(url), 'must have no query and no fragment'),
  )
}

/** Who vouches for the people of a tenant. */
export type IdentityProvider =
  | {
      tag: 'open-id'
      issuer: string
      clientId: string
      clientSecret: string | undefined
      acrValues: string | undefined
    }
  | { tag: 'access'; issuer: string; audience: string }

export function identityProvider({
  access,
  issuer = '',
  clientId = '',
  clientSecret,
  acrValues,
}: ConsolePolicy): IdentityProvider {
  if (access === undefined) return { tag: 'open-id', issuer, clientId, clientSecret, acrValues }
  return { tag: 'access', issuer: `https://${access.teamDomain}`, audience: access.audience }
}

/**
 * Whether people sign in as before. Where they do not, who is signed in has not shown what is asked for now: nor once it is
 * put back, as by an operator who has turned the console off to be rid of a session.
 */
export function isSameSignIn(one: ConsolePolicy | undefined, other: ConsolePolicy | undefined): boolean {
  const asked = (policy: ConsolePolicy | undefined) =>
    JSON.stringify(policy && { ...identityProvider(policy), clientSecret: undefined })
  return asked(one) === asked(other)
}

/** The role that a value of the claim grants, by the policy of this moment. */
export function roleOfValue({ roles }: ConsolePolicy, value: string): Role | undefined {
  return Object.hasOwn(roles, value) ? roles[value] : undefined
}

/** The value of the claim that grants the most, or nothing where none grants anything. */
export function grantingValue(policy: ConsolePolicy, claims: Record<string, unknown>): string | undefined {
  const { roleClaim, access } = policy
  // Some providers let anybody write an address into their account. Access has no such claim, and verifies each.
  if (roleClaim === 'email' && access === undefined && claims['email_verified'] !== true) return undefined
  const granting = claimValues(claims, roleClaim).filter((value) => roleOfValue(policy, value))
  return granting.find((value) => roleOfValue(policy, value) === 'super-admin') ?? granting[0]
}

/** The texts of a claim: of the one with that very name, or of the one that the dots lead to. */
function claimValues(claims: Record<string, unknown>, name: string): string[] {
  const path = Object.hasOwn(claims, name) ? [name] : name.split('.')
  const found = path.reduce<unknown>((at, part) => (isRecord(at) ? ownMember(at, part) : undefined), claims)
  const values: unknown[] = Array.isArray(found) ? found.slice(0, CLAIM_VALUES_MAX) : [found]
  return values.filter((value) => typeof value === 'string')
}
