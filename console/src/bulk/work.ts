import { admin, CallError, messageOf } from '../api/call.ts'
import { voidCodes, type Generated } from '../codes/codes.ts'
import { nextPart, REFUSED, withOutcomes, type Action, type Job, type Outcome } from './job.ts'

/** How the work at a job is told to the page. */
export type Watch = {
  onJob: (job: Job) => void
  /** A call is made again at this time: the service asked for a pause, or was out of reach. */
  onPause: (untilMs: number | undefined, why: string) => void
  /** Codes that are to be seen, by address. They are kept in memory alone. */
  onCodes: (codes: ReadonlyMap<string, string>) => void
}

/** How long is waited where the service does not say. */
const PAUSE_S = 5

/** Works a job off, part by part, until it is done or aborted. */
export async function work(job: Job, watch: Watch, signal: AbortSignal): Promise<void> {
  let current = job
  for (let part = nextPart(current); part !== undefined && !signal.aborted; part = nextPart(current)) {
    const found = await askUntilAnswered(part, job.action, watch, signal)
    if (found === undefined) return
    current = withOutcomes(current, part.index, found)
    watch.onJob(current)
  }
}

type Asked = { key: string; addresses: string[] }

async function askUntilAnswered(part: Asked, action: Action, watch: Watch, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      const found = await ask(part, action, watch)
      watch.onPause(undefined, '')
      return found
    } catch (error) {
      if (!isWorthRepeating(error))
        return part.addresses.map(() => ({ status: REFUSED, words: messageOf(error) }))
      // Without a session there is nobody to go on for; the job waits for them.
      if (error.status === 401) return undefined
      const seconds = error.retryAfterS ?? PAUSE_S
      watch.onPause(Date.now() + seconds * 1000, pauseWords(error))
      await sleep(seconds * 1000, signal)
    }
  }
  return undefined
}

/** What was not done, or may not have been: the same key makes it done once. */
function isWorthRepeating(error: unknown): error is CallError {
  return error instanceof CallError && [0, 401, 409, 429, 500, 502, 503, 504].includes(error.status)
}

function pauseWords({ status }: CallError): string {
  if (status === 0) return 'The service cannot be reached.'
  return status === 429 ? 'The limit of your tenant is reached.' : 'The service is busy.'
}

async function ask({ key, addresses }: Asked, action: Action, watch: Watch): Promise<Outcome[]> {
  if (action.tag === 'void') {
    return (await voidCodes(addresses, key)).map(({ status, errorMessage }) => outcome(status, errorMessage))
  }
  const { way, minutes } = action
  const validity = minutes ? { code_validity: String(minutes), validity_time_duration_unit: 'MIN' } : {}
  const body = addresses.map((email) => ({ email, code_send_to: way, ...validity }))
  const path = '/v1/users/generateVerifyCode/resetPassword'
  const results = await admin<Generated[]>('POST', path, { body, idempotencyKey: key })
  const codes = results.flatMap(({ verify_code: code }, index) =>
    code ? [[addresses[index] ?? '', code] as const] : [],
  )
  if (codes.length > 0) watch.onCodes(new Map(codes))
  return results.map(({ status, errorMessage }) => outcome(status, errorMessage))
}

function outcome(status: number, words: string | undefined): Outcome {
  return words === undefined ? { status } : { status, words }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
