/**
 * What each member of a tenant's policy is called and does. Bounds and defaults are those of the API's own description.
 */
export const POLICY_WORDS: Record<string, readonly [label: string, words: string]> = {
  code: ['Codes', 'How codes look, and what they stand.'],
  'code.alphabet': [
    'Symbols',
    'base32 has letters and digits, and is safer at the same length than digits alone.',
  ],
  'code.length': ['Length', 'Symbols in a code: 4 to 32 of base32, 6 to 12 digits.'],
  'code.ttlMinutes': ['Good for (minutes)', 'How long a code lives where nobody says otherwise.'],
  'code.attemptsMax': [
    'Wrong codes until it is locked',
    'By default 5 for six digits, 10 for eight symbols of base32.',
  ],
  'code.failuresMax': [
    'Wrong codes of one user in a row',
    'Across codes. Then only the help desk can make a new one.',
  ],
  'code.highRisk': [
    'Users at high risk',
    'restrict: their codes go to their own address alone. allow: as for everybody.',
  ],
  'code.customEmail': ['Other addresses', 'Where a code may be mailed to beside the user’s own address.'],
  'code.customEmail.domains': ['Domains', 'One to a line. A sub-domain is allowed only where it is written.'],
  limits: ['Limits', 'How much may be asked. What others share, the operator of the service decides.'],
  'limits.admin': ['Calls of one key or person', 'Users whom calls of the admin API name.'],
  'limits.void': ['Voids of one key or person', 'Users whose codes are voided.'],
  'limits.issue': [
    'Codes that are seen',
    'Codes of one key or person that somebody else than the user sees.',
  ],
  'limits.issue.perHour': ['Per hour', ''],
  'limits.issue.perDay': ['Per day', ''],
  'limits.validate': ['Checks of codes', 'Of the whole tenant.'],
  'limits.send': ['Codes that users ask for', 'Of the whole tenant.'],
  'limits.recipient': ['Codes to one address', 'That the user asks for.'],
  'limits.client': ['Calls of one visitor', 'Of an IPv4 address, or an IPv6 /64.'],
  'limits.trustedClients': [
    'Your own networks',
    'Which call for many users: no visitor’s limit holds for them. One to a line.',
  ],
  'limits.location': ['Where limits are kept', 'Near your users, by region.'],
  origins: [
    'Pages of other origins',
    'Origins whose pages may read the answers of the password API. One to a line.',
  ],
  csrf: ['CSRF tokens', 'When calls of the password API must bring one.'],
  unknownAddress: [
    'Unknown addresses',
    'silent: nothing is mailed. notify: a mail says that there is no account.',
  ],
  notify: ['Notices to users', 'What users are told by mail.'],
  'notify.redeemed': ['Their code was redeemed', ''],
  'notify.voided': ['Their code was voided', ''],
  'notify.locked': ['Their code was locked', 'After too many wrong ones.'],
  'notify.issued': ['The help desk made a code for them', 'And they did not get it at their own address.'],
  retention: ['Logs', ''],
  'retention.eventsDays': ['Kept for (days)', ''],
  mail: ['Mails', 'Who mails come from, and what they say.'],
  'mail.from': ['Sender', 'An address of a domain that is onboarded to Cloudflare Email Service.'],
  'mail.name': ['Name', 'That mails are sent under. Without it, the tenant’s own.'],
  'mail.resetUrl': ['Page for codes', 'Where the button of the mail leads. Without it, to your reset pages.'],
  'mail.language': ['Language', 'For users who have none of their own.'],
  'mail.texts': ['Words of your own', 'By language: subject, intro, closing.'],
  'mail.hook': ['Mail hook', 'A URL of yours that sends the mails.'],
  'mail.hook.url': ['URL', 'https, on a public host name.'],
  'mail.hook.secret': ['Secret', 'Never shown. Left empty, the stored one stays, as long as the URL does.'],
  redeem: ['After a right code', 'What a code is redeemed for.'],
  'redeem.kind': ['Kind', ''],
  'redeem.audience': ['Audience', 'Who takes the grant, as its aud says.'],
  'redeem.ttlSeconds': ['Grant is good for (seconds)', ''],
  'redeem.returnUrl': ['Return URL', 'Where the reset pages hand the grant over.'],
  'redeem.url': ['Password hook', 'A URL of yours that sets the password.'],
  'redeem.secret': ['Secret', 'Never shown. Left empty, the stored one stays, as long as the URL does.'],
  challenges: ['Questions', ''],
  'challenges.questions': [
    'Challenge questions',
    'Asked beside a right code, of users who have answers. Each has a code and a text.',
  ],
  pages: ['Reset pages', 'The pages at /reset on your hosts.'],
  'pages.logo': ['Logo', 'A data: URL in base64, 32 KiB at most.'],
  'pages.logoUrl': ['Address of a logo', 'https. It is fetched once, and served from here.'],
  'pages.accentColor': ['Color', 'Such as #1a4fd6. White words on it must be readable.'],
  'pages.supportUrl': ['Help', 'A link at the foot of each page.'],
  'pages.supportText': ['Words of that link', ''],
  'pages.signInUrl': ['Sign-in page', 'Where the last page leads.'],
  'pages.passwordHint': ['Rules for passwords', 'Shown beside the new password.'],
  'pages.turnstile': ['Turnstile', 'A widget that visitors must pass who ask for a code.'],
  'pages.turnstile.siteKey': ['Site key', ''],
  'pages.turnstile.secret': [
    'Secret',
    'Never shown. Left empty, the stored one stays, as long as the site key does.',
  ],
  desk: ['Help desk', 'What is asked of the help desk before it makes a code.'],
  'desk.freezeHours': [
    'Freeze after a report (hours)',
    'No code is made for a user who said that one was not theirs.',
  ],
  'desk.requireVerification': [
    'Verify callers',
    'display: before a code that somebody else sees. all: before every code.',
  ],
  'desk.fourEyes': ['Four eyes', 'A second person must approve a code before it is made.'],
  'desk.fourEyes.users': ['For whom', ''],
  'desk.fourEyes.modes': ['Which codes', 'One to a line.'],
  'desk.alertEmail': [
    'Tell of passed rules',
    'A mail says that a super-admin has passed a rule. Without it, nobody can.',
  ],
  'desk.verification': ['How callers show who they are', ''],
  'desk.verification.acrValues': [
    'Strength of sign-in (acr)',
    'Where callers sign in with your OpenID provider.',
  ],
  'desk.verification.claim': ['Claim', 'Of the ID token, which says whose account it is.'],
  'desk.verification.is': ['Is', 'What of the user that claim must be.'],
  'desk.verification.by': ['By', 'A code to their second address, or to their telephone by your hook.'],
  console: ['This console', 'How people sign in. The operator of the service decides that.'],
  'console.issuer': ['OpenID provider', ''],
  'console.clientId': ['Client id', ''],
  'console.clientSecret': ['Client secret', 'Never shown.'],
  'console.acrValues': ['Strength of sign-in (acr)', ''],
  'console.access': ['Cloudflare Access', ''],
  'console.access.teamDomain': ['Team domain', ''],
  'console.access.audience': ['Application', ''],
  'console.roleClaim': ['Claim that grants a role', ''],
  'console.roles': ['Roles', 'By the value of that claim.'],
  perMinute: ['Per minute', ''],
  burst: ['At once', ''],
}

/** The words for a member, or at least its name. */
export function wordsFor(path: string): readonly [label: string, words: string] {
  const last = path.split('.').at(-1) ?? path
  return POLICY_WORDS[path] ?? POLICY_WORDS[last] ?? [last, '']
}

/** What only the operator of the service changes: what protects others, and what would outlast a super-admin. */
const OPERATORS_OWN =
  /^(?:console|retention|origins|mail\.from|redeem\.audience|desk\.alertEmail|limits\.(?!issue(?:\.|$)))/

export function isOperatorsOwn(path: string): boolean {
  return OPERATORS_OWN.test(path)
}
