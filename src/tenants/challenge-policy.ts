import * as v from 'valibot'

/** Questions that a tenant may ask whoever presents a right code. */
const QUESTIONS_MAX = 10
export const CHALLENGE_CODE_LENGTH_MAX = 255
const TEXT_LENGTH_MAX = 200

/** As the vendor names its own: `com.soa.challenge.question.color`. */
const CODE = new RegExp(`^(?=.{1,${CHALLENGE_CODE_LENGTH_MAX}}$)[a-z][a-z0-9_-]*(?:\\.[a-z0-9_-]+)*$`)
const CODE_FORM = 'must be a code of at most 255 characters, as com.soa.challenge.question.color'
const TEXT = new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${TEXT_LENGTH_MAX}}$`, 'u')
const TEXT_FORM = `must be 1 to ${TEXT_LENGTH_MAX} characters, none a control`

const questionSchema = v.strictObject(
  { code: textOf(CODE, CODE_FORM), text: textOf(TEXT, TEXT_FORM) },
  'must be an object',
)

const FORM = `must be a list of at most ${QUESTIONS_MAX} questions, each code once`

const questionsSchema = v.pipe(
  v.array(questionSchema, FORM),
  v.maxLength(QUESTIONS_MAX, FORM),
  v.check((questions) => new Set(questions.map(({ code }) => code)).size === questions.length, FORM),
)

/** The questions that users may have answers to. None are asked by default: what somebody knows is no factor. */
export const challengesSchema = v.pipe(
  v.custom<object>((value) => !Array.isArray(value), 'must be an object'),
  v.strictObject({ questions: v.optional(questionsSchema, []) }, 'must be an object'),
)

function textOf(pattern: RegExp, form: string) {
  return v.pipe(v.string(form), v.regex(pattern, form))
}

/** A question as the tenant asks it. */
export type Question = v.InferOutput<typeof questionSchema>
