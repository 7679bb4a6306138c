import * as v from 'valibot'
import { canonicalDomain } from '../domain-name.ts'
import { checkMembers, type InvalidMember } from '../invalid-member.ts'
import { isLoopbackHost, isNetwork } from '../network-address.ts'
import { LANGUAGES } from '../texts/languages.ts'
import { consoleSchema } from './console-policy.ts'
import { deskSchema } from './desk-policy.ts'
import { pagesSchema } from './pages-policy.ts'
import { group, hookSecret, httpsUrl, oneOf, shortText, whole } from './policy-members.ts'
import { challengesSchema } from './challenge-policy.ts'
import { canVerify } from './verification-policy.ts'

/**
 * What a tenant decides for itself: defaults and bounds. Every member is optional; a member out of
 * bounds or unknown is refused by name.
 */

const MINUTES_PER_DAY = 24 * 60

/** Symbols in a code, so that no code is under 20 bits (NIST SP 800-63B §3.1.3.2 counts six digits as 20). */
const LENGTH_BOUNDS = { base32: { min: 4, max: 32 }, digits: { min: 6, max: 12 } }

/** Domains that a tenant may allow for `custom_email`. */
const DOMAINS_MAX = 100

/** Networks that a tenant may trust. */
const NETWORKS_MAX = 50

const CUSTOM_EMAIL_FORM =
  'must be "any", "off" or {"domains": ["example.com"]}, with 1 to 100 domain names and nothing beside them'

const codeSchema = v.pipe(
  group({
    alphabet: v.optional(oneOf(['base32', 'digits']), 'base32'),
    length: v.optional(whole(4, 32), 8),
    /** Validity when a request does not say. A request may ask for 10 minutes to 24 hours. */
    ttlMinutes: v.optional(whole(10, MINUTES_PER_DAY), 10),
    /** At how many wrong codes one code is locked; by default the more, the harder the code is to guess. */
    attemptsMax: v.optional(whole(1, 10)),
    /** Consecutive wrong codes of one user, across codes (NIST SP 800-63B §3.2.2: at most 100). */
    failuresMax: v.optional(whole(1, 100), 100),
    /** Whether a user at high risk gets no code that somebody else sees, or one like everybody. */
    highRisk: v.optional(oneOf(['restrict', 'allow']), 'restrict'),
    /** Which addresses but the user's own an administrator may have a code mailed to. */
    customEmail: v.optional(
      v.union([oneOf(['any', 'off']), group({ domains: domains() })], CUSTOM_EMAIL_FORM),
      'any',
    ),
  }),
  v.forward(
    // Also where other members are wrong, so that it is told with them.
    v.partialCheck(
      [['alphabet'], ['length']],
      ({ alphabet, length }) =>
        length >= LENGTH_BOUNDS[alphabet].min && length <= LENGTH_BOUNDS[alphabet].max,
      'must be 4 to 32 for base32, 6 to 12 for digits',
    ),
    ['length'],
  ),
  v.transform(({ attemptsMax, ...code }) => ({ ...code, attemptsMax: attemptsMax ?? defaultAttempts(code) })),
)

/** Bits of a symbol, and the attempts that codes of 20 bits and of 40 bits have by default. */
const SYMBOL_BITS = { base32: 5, digits: Math.log2(10) }
const ATTEMPTS_AT_20_BITS = 5
const ATTEMPTS_AT_40_BITS = 10

/** Five attempts for 20 bits, ten for 40 and more, and as many as lie between for what is between. */
function defaultAttempts({ alphabet, length }: { alphabet: 'base32' | 'digits'; length: number }): number {
  const bits = SYMBOL_BITS[alphabet] * length
  const more = ((bits - 20) / 20) * (ATTEMPTS_AT_40_BITS - ATTEMPTS_AT_20_BITS)
  return Math.min(ATTEMPTS_AT_40_BITS, Math.round(ATTEMPTS_AT_20_BITS + Math.max(0, more)))
}

const limitsSchema = group({
  /** Of each key. */
  admin: rate(600, 100),
  void: rate(3000, 1000),
  /** Codes that one key may have shown, or mailed to another address than the user's: two and more, for halves. */
  issue: v.optional(
    group({
      perHour: v.optional(whole(2, 1_000_000), 200),
      perDay: v.optional(whole(2, 1_000_000), 1000),
    }),
    {},
  ),
  /** Of the tenant. */
  validate: rate(3000, 300),
  send: rate(600, 60),
  recipient: rate(1, 1),
  /** Of each client of the password API: an IPv4 address, or an IPv6 /64. */
  client: rate(60, 30),
  /** Networks of the tenant's own, which call for many users: no client's limit holds for them. */
  trustedClients: v.optional(networks(), []),
  /** Where the tenant's limiter is placed, as a Durable Object's location hint; else near its first caller. */
  location: v.optional(oneOf(['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'])),
})

const hookSchema = group({ url: httpsUrl(), secret: hookSecret() })

const languageSchema = oneOf(LANGUAGES)

const textsSchema = group({
  subject: v.optional(shortText(150)),
  intro: v.optional(shortText(1000)),
  closing: v.optional(shortText(1000)),
})

const mailSchema = group({
  from: v.optional(v.pipe(v.string(), v.email('must be one e-mail address'))),
  name: v.optional(shortText(100)),
  resetUrl: v.optional(httpsUrl()),
  language: v.optional(languageSchema, 'en'),
  /** Words of the tenant's own in the mail with a code, by language. */
  texts: v.optional(v.record(languageSchema, textsSchema), {}),
  hook: v.optional(hookSchema),
})

const redeemSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('grant'),
    audience: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
    ttlSeconds: v.optional(whole(30, 3600), 300),
    /** Where the reset pages hand a grant to the application, by a form post of `resetGrant`. */
    returnUrl: v.optional(httpsUrl()),
  }),
  v.strictObject({ kind: v.literal('hook'), url: httpsUrl(), secret: hookSecret() }),
])

/** Pages that may read the answers of the password API, by their exact origins. */
const ORIGINS_MAX = 20

const originsSchema = v.pipe(
  v.array(
    v.pipe(
      v.string('must be an origin'),
      v.check(isOrigin, 'must be an origin as browsers send it: https://app.example.com, without a path'),
    ),
    'must be a list of origins',
  ),
  v.maxLength(ORIGINS_MAX, `must hold at most ${ORIGINS_MAX} origins`),
)

export const policySchema = v.pipe(
  group({
    code: v.optional(codeSchema, {}),
    limits: v.optional(limitsSchema, {}),
    origins: v.optional(originsSchema, []),
    csrf: v.optional(oneOf(['off', 'with-cookie', 'always']), 'with-cookie'),
    unknownAddress: v.optional(oneOf(['silent', 'notify']), 'silent'),
    notify: v.optional(
      group({
        redeemed: v.optional(v.boolean(), true),
        voided: v.optional(v.boolean(), true),
        locked: v.optional(v.boolean(), true),
        /** A code was shown to the help desk, or mailed to another address than the user's own. */
        issued: v.optional(v.boolean(), true),
      }),
      {},
    ),
    /** For how long the two logs of events are kept. */
    retention: v.optional(group({ eventsDays: v.optional(whole(30, 3650), 400) }), {}),
    mail: v.optional(mailSchema, {}),
    redeem: v.optional(redeemSchema),
    challenges: v.optional(challengesSchema, {}),
    /** The reset pages at `/reset` on the tenant's hosts. */
    pages: v.optional(pagesSchema, 'off'),
    /** How people sign in to the console; without it, nobody does. */
    console: v.optional(consoleSchema),
    /** What is asked of the help desk. */
    desk: v.optional(deskSchema),
  }),
  v.forward(
    v.partialCheck(
      [['pages'], ['redeem']],
      ({ pages, redeem }) => pages === 'off' || redeem?.kind === 'hook' || redeem?.returnUrl !== undefined,
      'need policy.redeem: a hook, or a grant with its returnUrl',
    ),
    ['pages'],
  ),
  v.forward(
    v.partialCheck(
      [['desk'], ['mail'], ['console']],
      ({ desk, ...rest }) => desk?.verification === undefined || canVerify(desk.verification.by, rest),
      'cannot verify callers so: mail needs policy.mail.from or policy.mail.hook, phone policy.mail.hook, and sign-in policy.console.issuer',
    ),
    ['desk'],
  ),
)

/** A tenant's policy with every default filled in. */
export type Policy = v.InferOutput<typeof policySchema>

export type PolicyResult = { tag: 'valid'; policy: Policy } | { tag: 'invalid'; errors: InvalidMember[] }

/** Checks a policy and fills its defaults, or names every member that is wrong. */
export function parsePolicy(input: unknown): PolicyResult {
  const checked = checkMembers(policySchema, input, 'policy')
  return checked.tag === 'valid' ? { tag: 'valid', policy: checked.output } : checked
}

function rate(perMinute: number, burst: number) {
  const schema = group({
    perMinute: v.optional(whole(1, 1_000_000), perMinute),
    burst: v.optional(whole(1, 100_000), burst),
  })
  return v.optional(schema, {})
}

/** Domain names in canonical form, in which the domain of an address is compared with them. */
function domains() {
  const message = 'must be a domain name such as example.com'
  return v.pipe(
    v.array(v.pipe(v.string(message), v.transform(canonicalDomain), v.string(message))),
    v.minLength(1),
    v.maxLength(DOMAINS_MAX),
  )
}

/** Networks by prefix, as `192.0.2.0/24`. */
function networks() {
  const message = 'must be a network such as 192.0.2.0/24 (/8 or longer) or 2001:db8::/32 (/16 or longer)'
  return v.pipe(
    v.array(v.pipe(v.string(message), v.check(isNetwork, message)), 'must be a list of networks'),
    v.maxLength(NETWORKS_MAX, `must hold at most ${NETWORKS_MAX} networks`),
  )
}

/** Every URL that the policy makes us call or show, by its member. */
export function policyUrls({ mail, redeem, pages, console }: Policy): { member: string; url: string }[] {
  const urls = {
    'policy.mail.resetUrl': mail.resetUrl,
    'policy.mail.hook.url': mail.hook?.url,
    'policy.redeem.url': redeem?.kind === 'hook' ? redeem.url : undefined,
    'policy.redeem.returnUrl': redeem?.kind === 'grant' ? redeem.returnUrl : undefined,
    'policy.console.issuer': console?.issuer,
    ...(pages !== 'off' && {
      'policy.pages.logoUrl': pages.logoUrl,
      'policy.pages.supportUrl': pages.supportUrl,
      'policy.pages.signInUrl': pages.signInUrl,
    }),
  }
  return Object.entries(urls).flatMap(([member, url]) => (url === undefined ? [] : [{ member, url }]))
}

/** An origin to the letter (RFC 6454 §6.2): HTTPS, or plain HTTP of this machine. No wildcard, and no `null`. */
function isOrigin(text: string): boolean {
  if (text.length > 255 || text.includes('*') || !URL.canParse(text)) return false
  const { protocol, hostname, origin } = new URL(text)
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname)))
}
