import { sealForm, type EnteredState } from '../../codes/reset-link.ts'
import type { RedeemOutcome } from '../../codes/redeem.ts'
import { config } from '../../config.ts'
import { checkCode, redeemForGrant } from '../../http/present-code.ts'
import { showPage, type PageContext } from './page.ts'
import { showAsk, showPassword, showQuestion } from './steps.ts'
import { handoverForm } from './views.ts'

/** What the step of the code and that of the question have in common. */

/**
 * Presents a code, with the answer to a question or without: checks it, or exchanges it for a grant. Shows what
 * follows.
 *
 * @param refused what is shown where the code is not good.
 */
export async function present(
  c: PageContext,
  entered: EnteredState,
  refused: () => Promise<Response>,
): Promise<Response> {
  const tenant = c.get('tenant')
  const { redeem } = tenant.policy
  const { emailAddress: address, code, answer } = entered
  // The policy has pages only where it has one of the two.
  if (redeem === undefined) return showAsk(c)
  const outcome =
    redeem.kind === 'hook'
      ? await checkCode(c, address, code, answer)
      : await redeemForGrant(c, redeem, address, code, answer)
  switch (outcome.tag) {
    case 'accepted':
      return showPassword(c, { address, form: await sealForm(config(c.env).transientKeys, entered) })
    case 'granted':
      return handOver(c, outcome.resetGrant)
    case 'asked':
      return askQuestion(c, entered, outcome)
    case 'refused':
      return refused()
  }
}

/** Shows the question that is to be answered, and that another answer was wrong. */
export function askQuestion(
  c: PageContext,
  entered: EnteredState,
  { userId, question, isWrong }: Extract<RedeemOutcome, { tag: 'asked' }>,
): Promise<Response> {
  const message = c.get('page').texts.pages.errors.answerRefused
  const problem = isWrong ? { field: 'answer', message } : undefined
  return showQuestion(c, { ...entered, answer: undefined, asked: { userId, question } }, problem)
}

function handOver(c: PageContext, resetGrant: string): Promise<Response> {
  const tenant = c.get('tenant')
  const { redeem } = tenant.policy
  const { returnUrl: url = '', ttlSeconds = 0 } = redeem?.kind === 'grant' ? redeem : {}
  const page = c.get('page')
  const body = handoverForm(page, tenant, { url, resetGrant, ttlSeconds })
  const { heading } = page.texts.pages.handover
  return showPage(c, { heading, body, formTarget: new URL(url).origin })
}
