import * as v from 'valibot'
import { contrast, nearestReadable, WHITE } from './contrast.ts'
import { logoFault } from './logo.ts'
import { group, httpsUrl, shortText } from './policy-members.ts'

/** How a tenant's reset pages look, and whom they name for help. */

/** WCAG 2.2 §1.4.3, level AA: text of normal size. */
const CONTRAST_MIN = 4.5

const SHADE = /^#[\da-f]{6}$/i

const accentSchema = v.pipe(
  v.string('must be a color such as #1a4fd6'),
  v.regex(SHADE, 'must be a color such as #1a4fd6'),
  // White words stand on it, and it is the color of links on white.
  v.check(
    (color) => !SHADE.test(color) || contrast(color, WHITE) >= CONTRAST_MIN,
    ({ input }) => {
      const shown = typeof input === 'string' && SHADE.test(input) ? input : WHITE
      const [has, near] = [contrast(shown, WHITE).toFixed(2), nearestReadable(shown, WHITE, CONTRAST_MIN)]
      return `has a contrast of ${has} with white, and needs ${CONTRAST_MIN} (WCAG AA): ${near} is the nearest that has it`
    },
  ),
)

const logoSchema = v.pipe(
  v.string('must be a data: URL'),
  v.check(
    (logo) => logoFault(logo) === undefined,
    ({ input }) => (typeof input === 'string' ? logoFault(input) : undefined) ?? '',
  ),
)

const looksSchema = group({
  /** A picture as a `data:` URL in base64. */
  logo: v.optional(logoSchema),
  /** Where the picture is fetched from, once, when it is put without one: the pages show the copy. */
  logoUrl: v.optional(httpsUrl()),
  accentColor: v.optional(accentSchema),
  /** Where help is: a link on every page, with these words for it. */
  supportUrl: v.optional(httpsUrl()),
  supportText: v.optional(shortText(200)),
  /** Where a user signs in when the password is set. */
  signInUrl: v.optional(httpsUrl()),
  /** The rules that the password hook has for passwords. */
  passwordHint: v.optional(shortText(300)),
  /** Keys of a Turnstile widget, which whoever asks for a code must then pass. */
  turnstile: v.optional(group({ siteKey: turnstileKey(), secret: turnstileKey() })),
})

/** `off`, or how the pages look. */
export const pagesSchema = v.lazy((input) => (typeof input === 'string' ? OFF : looksSchema))

const OFF = v.literal('off', 'must be "off" or an object')

function turnstileKey() {
  return v.pipe(v.string(), v.regex(/^[\w-]{1,100}$/, 'must be a key of a Turnstile widget'))
}
