import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { CodeMode } from '../../codes/code.ts'
import { codeScope } from '../../codes/code-context.ts'
import { factsOf, type CodeFacts } from '../../codes/code-facts-store.ts'
import { AWAITING } from '../../codes/desk-issue-store.ts'
import { rulesOf } from '../../codes/desk-rules.ts'
import { canonicalEmailAddress } from '../../codes/email-address.ts'
import type { IssueRequest } from '../../codes/issue.ts'
import { foreseeIssue, foreseeVoid } from '../../codes/preview.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { codeContextOf } from '../../http/context.ts'
import { admitKey } from '../../http/key-limits.ts'
import { ownMember } from '../../record.ts'
import { asText, requireUserCount } from './bulk.ts'
import { readEntry, requestOf } from './generate-entry.ts'
import {
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  GENERATE_REFUSALS,
  voidResult,
  type GenerateFault,
} from './result-codes.ts'
import { requireObject } from './user-record.ts'
import { readMode } from './void-verify-code.ts'

/** Users whose preview costs a unit of the key's `admin` bucket: two looks into an index each. */
const USERS_OF_UNIT = 20

/**
 * `POST v1/codes/preview`: what a generate or a void would answer for each of 1 to 100 users now, and whether there is a
 * live code that it would end. Nothing is written. Ours.
 */
export async function previewCodes(c: Context<AdminEnv>): Promise<Response> {
  const body = requireObject(await readJson(c))
  const operation = ownMember(body, 'operation')
  const users = ownMember(body, 'users')
  if ((operation !== 'generate' && operation !== 'void') || !Array.isArray(users)) {
    throw new HTTPException(400, {
      message:
        'Send operation ("generate" or "void"), code_generation_mode, and users: a list of what that call takes.',
    })
  }
  const mode = readMode(body)
  requireUserCount(users.length)
  await admitKey(c, Math.ceil(users.length / USERS_OF_UNIT))
  const { policy } = c.get('tenant')
  const entries = users.map((each: unknown) =>
    readEntry(operation === 'void' ? { email: each } : each, policy.code.ttlMinutes),
  )
  const requests = entries.map((entry) => requestOf(entry, policy))
  const keys = requests.map(({ emailAddress }) => canonicalEmailAddress(emailAddress) ?? null)
  // Only what is wanted itself takes the code of an entry before it.
  const wantedKeys = requests.map(({ tag }, index) => (tag === 'wanted' ? keys[index] : undefined))
  const facts = await factsOf(codeScope(codeContextOf(c), mode), c.get('principal').id, keys)
  const results = requests.map((request, index) => {
    const known = facts[index]
    if (known === undefined) throw new Error('a user of a preview has no facts')
    const sent: unknown = users[index]
    const foreseen =
      operation === 'void'
        ? voidResult(mode, foreseeVoid(known))
        : generateResult(c, request, known, {
            mode,
            isRepeated: wantedKeys.includes(keys[index] ?? '', index + 1),
            hasGlass: entries[index]?.glassReason !== undefined,
          })
    const email = operation === 'void' ? sent : (requestEmail(sent) ?? sent)
    return { ...foreseen, user_email: asText(email), hasLiveCode: Boolean(known.isLive) }
  })
  return c.json({ results })
}

/** As `awaitingResult` says it of a request that there is. */
const APPROVAL_NEEDED = {
  status: 1006,
  errorMessage: 'Approval needed: a request would wait for a second person.',
}

function requestEmail(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null ? (entry as { email?: unknown }).email : undefined
}

function generateResult(
  c: Context<AdminEnv>,
  request: IssueRequest<GenerateFault>,
  facts: CodeFacts,
  { mode, isRepeated, hasGlass }: { mode: CodeMode; isRepeated: boolean; hasGlass: boolean },
) {
  if (request.tag === 'faulty') return GENERATE_REFUSALS[request.fault]
  if (isRepeated) return GENERATE_REFUSALS.repeated
  const { code, desk } = c.get('tenant').policy
  const { failuresMax, highRisk } = code
  const rules = rulesOf(desk, mode, request.channel)
  const isRefusedAtRisk = highRisk === 'restrict' && request.channel !== 'EMAIL'
  const { isFreshStart } = request
  const foreseen = foreseeIssue(facts, { isFreshStart, isRefusedAtRisk, failuresMax, rules, hasGlass })
  if (foreseen === AWAITING) return APPROVAL_NEEDED
  if (foreseen !== 'issued') return GENERATE_REFUSALS[foreseen]
  return { status: request.channel === 'DISPLAY' ? GENERATED_FOR_DISPLAY : GENERATED_FOR_EMAIL }
}
