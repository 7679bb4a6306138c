import { ANSWER_LENGTH_MAX } from '../../codes/challenge.ts'
import { openForm } from '../../codes/reset-link.ts'
import { config } from '../../config.ts'
import { admitCode } from '../../http/client-limits.ts'
import { fill } from '../../texts/texts.ts'
import { readForm } from './form.ts'
import type { PageContext } from './page.ts'
import { present } from './present.ts'
import { limitProblem, showCodeAgain, showQuestion, startAgain } from './steps.ts'

/**
 * `POST /reset/question`: presents the code again, with the answer. A wrong answer is a wrong code, and is followed
 * by the next question. What is no answer at all is not counted.
 */
export async function answerQuestion(c: PageContext): Promise<Response> {
  const form = await readForm(c)
  const opened = await openForm(
    config(c.env).transientKeys,
    form.field('s'),
    c.get('tenant').id,
    c.get('now'),
  )
  if (opened.tag !== 'open') return startAgain(c, opened.tag)
  const { asked, ...entered } = opened.state
  // The form of the step after this one.
  if (asked === undefined) return startAgain(c, 'foreign')
  const text = form.field('answer')
  const wrong = answerFault(c, text)
  if (wrong !== undefined) return showQuestion(c, { ...entered, asked }, { field: 'answer', message: wrong })
  try {
    await admitCode(c)
  } catch (error) {
    return showQuestion(c, { ...entered, asked }, limitProblem(c, error), 429)
  }
  const answer = { userId: asked.userId, challengeCode: asked.question.code, text }
  return present(c, { ...entered, answer }, () => showCodeAgain(c, entered))
}

function answerFault(c: PageContext, text: string): string | undefined {
  const { answerMissing, answerLong } = c.get('page').texts.pages.errors
  if (text.trim() === '') return answerMissing
  return text.length > ANSWER_LENGTH_MAX ? fill(answerLong, { length: ANSWER_LENGTH_MAX }) : undefined
}
