import { Agent, request, type IncomingMessage } from 'node:http'
import type { Order, Report } from './message.ts'
import { PLANS, type Plan } from './plans.ts'

/** The load process: takes orders from its parent, one at a time, and reports. */
process.on('message', (order: Order) => {
  void run(order)
    .catch((error: unknown): Report => ({ tag: 'failed', reason: String(error) }))
    .then((report) => process.send?.(report))
})

const agents = new Map<string, Agent>()

async function run(order: Order): Promise<Report> {
  const { url, plan: name, context, connections, first, count } = order
  const plan: Plan = PLANS[name]
  const key = `${url} ${connections}`
  const agent = agents.get(key) ?? new Agent({ keepAlive: true, maxSockets: connections })
  agents.set(key, agent)
  // Made beforehand: making them is no part of what is timed.
  const requests = Array.from({ length: count }, (_, index) => plan.request(first + index, context)).entries()
  const latenciesMs: number[] = []
  const statuses: Record<string, number> = {}
  async function connection(): Promise<void> {
    // Every connection takes from the same entries.
    for (const [index, planned] of requests) {
      const sentAt = performance.now()
      const answer = await send(agent, url, planned)
      latenciesMs.push(performance.now() - sentAt)
      const problem = plan.problem(answer, first + index, context)
      if (problem !== undefined) {
        throw new Error(
          `${name} to ${url}: ${problem}; answered ${answer.status}: ${answer.body.slice(0, 500)}`,
        )
      }
      for (const [status, times] of Object.entries(plan.statusesOf?.(answer) ?? { [answer.status]: 1 })) {
        statuses[status] = (statuses[status] ?? 0) + times
      }
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: connections }, connection))
  return { tag: 'done', elapsedMs: performance.now() - startedAt, latenciesMs, statuses }
}

type PlannedRequest = ReturnType<Plan['request']>

function send(agent: Agent, url: string, { method = 'POST', path, headers, body = '' }: PlannedRequest) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(url + path, {
      agent,
      method,
      headers: { ...headers, ...(body !== '' && { 'Content-Length': Buffer.byteLength(body) }) },
    })
    sent.once('error', reject)
    sent.once('response', (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    sent.end(body)
  })
}
