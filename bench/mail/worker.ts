import { WorkerEntrypoint } from 'cloudflare:workers'

/** Takes mails and counts them: what a real mailer does with them is nobody's to measure here. */
let mails = 0

export class MailSink extends WorkerEntrypoint {
  async send(): Promise<{ messageId: string }> {
    mails += 1
    return { messageId: String(mails) }
  }
}

export default { fetch: () => new Response(String(mails)) } satisfies ExportedHandler
